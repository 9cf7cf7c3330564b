"""History: what happened to an owner's files, devices and account in the last 90 days, the latest first.

The ledger and its peers write it (`ledger.remember`), in the write that does what is remembered wherever there is one.
DynamoDB removes what is too old within days, not at once; until then it is there, and not told.
"""

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.metadata import owners
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Condition, Page, Table

_FIRST = "activity#"
# Who asks for some deeds alone has so many looked at for each one told: a page may be short, and go on all the same.
LOOKED_AT = 10


@dataclass(frozen=True)
class Remembered:
    """One thing that happened. `device_id` is who did it, or what it was done to; `by` is set where that is unclear."""

    activity_id: str
    what: str
    at: str
    by: str | None = None
    device_id: str | None = None
    file_id: str | None = None
    count: int = 1
    since: str | None = None
    address: str | None = None


def page(
    table: Table, owner_id: str, *, now: int, limit: int, after: str | None, what: Collection[str] = ()
) -> tuple[list[Remembered], str | None]:
    """Read what happened, all of it or some kinds alone, and the id after which the rest begins: one query."""
    begin = f"{_FIRST}{after}" if after else None
    looked_at = limit * LOOKED_AT if what else limit
    found = table.page(
        owners.partition(owner_id), _FIRST, limit=looked_at, after=begin, newest_first=True, only=_only(now, what)
    )
    items, last = _cut(found, limit)
    return [_read(item) for item in items], last.removeprefix(_FIRST) if last else None


def _only(now: int, what: Collection[str]) -> Condition:
    values: dict[str, object] = {"now": now}
    if not what:
        return Condition("#ttl > :now", values)
    names = {f"what{n}": one for n, one in enumerate(sorted(what))}
    return Condition(f"#ttl > :now AND #what IN ({', '.join(f':{name}' for name in names)})", values | names)


def _cut(found: Page, limit: int) -> tuple[list[Item], str | None]:
    """Keep what fits onto the page; what was read beyond it is read again with the next one."""
    items = found.items[:limit]
    return items, items[-1]["sk"] if len(items) < len(found.items) else found.last


def _read(item: Item) -> Remembered:
    return Remembered(
        activity_id=item["sk"].removeprefix(_FIRST),
        what=item["what"],
        at=item["at"],
        by=item.get("by"),
        device_id=item.get("deviceId"),
        file_id=item.get("fileId"),
        count=item.get("count", 1),
        since=item.get("since"),
        address=item.get("address"),
    )
