"""An owner's counters against a recount of the files. Every transition moves them, so none may pass meanwhile."""

from collections import Counter
from typing import Any

from admin import listings
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import files, owners, tallies
from chalicelib.metadata.files import Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Check, Key, Operation, Update

_COUNTED = (*(status.value for status in Status if status not in (Status.REFUSED, Status.PURGED)), "gone")
_COUNTERS = [f"{status}{what}" for status in _COUNTED for what in ("Files", "Bytes")]


def recount(world: Cloud, owner_id: str) -> Counter[str]:
    """Count all files anew, as their transitions count them."""
    total: Counter[str] = Counter()
    for file in listings.all_files(world, owner_id):
        if file.status != Status.REFUSED:
            total.update(files.share(file.status, [file]))
        if file.gone_at:
            total.update(files.share("gone", [file]))
    return total


def drift(world: Cloud, owner_id: str) -> tuple[dict[str, int], dict[Key, Item]] | None:
    """Return by how much each counter is off, and the counters as they were read; `None` if they moved meanwhile."""
    before = _read(world, owner_id)
    counted = recount(world, owner_id)
    if _read(world, owner_id) != before:
        return None
    kept = owners.add_all_up(before.values())
    names = [*_COUNTERS, *sorted(name for name in {*kept, *counted} if tallies.is_of_files(name))]
    off = {name: counted[name] - kept.get(name, 0) for name in names}
    return {name: by for name, by in off.items() if by}, before


def set_right(world: Cloud, owner_id: str, off: dict[str, int], before: dict[Key, Item]) -> bool:
    """Move the counters by what they are off, unless any of them has moved since they were read."""
    first, *rest = owners.usage_keys(owner_id)
    same, values = _unchanged(before.get(first, {}))
    moved = {f"by{n}": by for n, by in enumerate(off.values())}
    does, names = "ADD " + ", ".join(f"#{short} :{short}" for short in moved), dict(zip(moved, off, strict=True))
    checks: list[Operation] = [Check(key, *_unchanged(before.get(key, {}))) for key in rest]
    try:
        world.table.write(Update(first, does, same, {**values, **moved}, names), *checks)
    except ConditionFailedError:
        return False
    return True


def _read(world: Cloud, owner_id: str) -> dict[Key, Item]:
    return world.table.find_many(owners.usage_keys(owner_id))


def _unchanged(item: Item) -> tuple[str, dict[str, Any]]:
    """Return the condition that no file has moved the counters. Tallies of files never move without those of status."""
    there = {name: item[name] for name in _COUNTERS if name in item}
    same = [f"#{name} = :was{name}" if name in there else f"attribute_not_exists(#{name})" for name in _COUNTERS]
    return " AND ".join(same), {f"was{name}": value for name, value in there.items()}
