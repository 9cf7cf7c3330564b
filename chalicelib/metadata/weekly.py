"""Weekly reports: who wants one, when the next is due, and where the counters stood at the last.

owner#<ownerId>  weekly  dueKind dueAt: `weekly#n`; since; cameIn cameInBytes wentHome wentHomeBytes: as they stood then

It is an item of its own, there as long as the owner wants reports: its `dueAt` must not meet that of a closed account.
"""

from typing import NamedTuple

import msgspec

from chalicelib.metadata import files, owners, tallies
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

KIND = "weekly"
_SK = "weekly"


class Stood(msgspec.Struct, frozen=True, rename="camel"):
    """How much had ever come in and gone home, by the counters that only grow."""

    came_in: int = 0
    came_in_bytes: int = 0
    went_home: int = 0
    went_home_bytes: int = 0


class Weekly(NamedTuple):
    """An owner who wants reports; the last was at `since`, or reports were switched on then."""

    owner_id: str
    due_at: str
    since: str
    stood: Stood


def wanted(owner_id: str, now: str, due_at: str, stood: Stood) -> Operation:
    """Begin to report; who wants reports already goes on as before."""
    return Put(_item(Weekly(owner_id, due_at, now, stood)), "attribute_not_exists(pk)")


def unwanted(owner_id: str) -> Operation:
    """Report no more."""
    return Delete(_key(owner_id))


def is_wanted(table: Table, owner_id: str) -> bool:
    """Whether an owner wants reports."""
    return table.find(_key(owner_id)) is not None


def due(table: Table, shard: int, until: str, *, limit: int) -> list[Weekly]:
    """Read whose report is due, as it is now: the index lags behind the table."""
    items = table.find_many(table.due(f"{KIND}#{shard}", until, limit=limit))
    return [weekly for weekly in map(_read, items.values()) if weekly.due_at <= until]


def reported(before: Weekly, now: str, due_at: str, stood: Stood) -> Operation:
    """Reported; the next is due then. Fails if another run was quicker, or it is not wanted any more."""
    values = {"due": due_at, "now": now, "was": before.due_at, **msgspec.to_builtins(stood)}
    sets = ", ".join(f"#{name} = :{name}" for name in msgspec.to_builtins(stood))
    return Update(_key(before.owner_id), f"SET #dueAt = :due, #since = :now, {sets}", "#dueAt = :was", values)


def stands(counters: dict[str, int]) -> Stood:
    """Add up what has ever come in and gone home."""
    (came_in, came_bytes), (went_home, home_bytes) = (_all_months(letter, counters) for letter in "ih")
    return Stood(came_in, came_bytes, went_home, home_bytes)


def _all_months(letter: str, counters: dict[str, int]) -> tuple[int, int]:
    months = tallies.read(letter, counters).values()
    return sum(amount[0] for amount in months), sum(amount[1] for amount in months)


def _key(owner_id: str) -> Key:
    return Key(owners.partition(owner_id), _SK)


def _item(weekly: Weekly) -> Item:
    # An owner's id is random to its last digit, so the parts are even.
    due = {"dueKind": files.due_kind(KIND, weekly.owner_id), "dueAt": weekly.due_at}
    return {**_key(weekly.owner_id)._asdict(), **due, "since": weekly.since, **msgspec.to_builtins(weekly.stood)}


def _read(item: Item) -> Weekly:
    owner_id = item["pk"].removeprefix(owners.partition(""))
    return Weekly(owner_id, item["dueAt"], item["since"], msgspec.convert(item, Stood))
