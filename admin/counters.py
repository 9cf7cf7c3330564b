"""An owner's counters against a recount of the files. Every transition moves them, so none may pass meanwhile."""

from collections import Counter
from typing import Any

from admin import listings
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import files, owners
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
    kept = owners.add_up(before.values())
    off = {name: counted[name] - kept.get(name, 0) for name in _COUNTERS}
    return {name: by for name, by in off.items() if by}, before


def set_right(world: Cloud, owner_id: str, off: dict[str, int], before: dict[Key, Item]) -> bool:
    """Move the counters by what they are off, unless any of them has moved since they were read."""
    first, *rest = owners.usage_keys(owner_id)
    same, values = _unchanged(before.get(first, {}))
    moved = {f"by{n}": by for n, by in enumerate(off.values())}
    does = "ADD " + ", ".join(f"#{name} :by{n}" for n, name in enumerate(off))
    checks: list[Operation] = [Check(key, *_unchanged(before.get(key, {}))) for key in rest]
    try:
        world.table.write(Update(first, does, same, {**values, **moved}), *checks)
    except ConditionFailedError:
        return False
    return True


def _read(world: Cloud, owner_id: str) -> dict[Key, Item]:
    return world.table.find_many(owners.usage_keys(owner_id))


def _unchanged(item: Item) -> tuple[str, dict[str, Any]]:
    counters = {name: value for name, value in item.items() if isinstance(value, int)}
    if not counters:
        return "attribute_not_exists(pk)", {}
    return " AND ".join(f"#{name} = :was{name}" for name in counters), {f"was{k}": v for k, v in counters.items()}
