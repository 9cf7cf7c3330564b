"""DynamoDB's units, by its published rules: what reads and writes of items consume. Pure.

A write is charged by the larger of what was there and what is there now, a KiB a unit, twice in a transaction. Each
index that shows the change is charged for itself, once: a unit for what goes, another for what comes in its place.
A read is charged by 4 KiB, half when it may lag. Nothing there costs as much as the smallest there can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KIB = 1024
READ_BYTES = 4 * KIB
_OVERHEAD = 3


@dataclass(frozen=True)
class Shown:
    """A secondary index: its keys, and what it carries along."""

    keys: tuple[str, str]
    along: tuple[str, ...] = ()

    def entry(self, item: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Return an item's entry, if it has both keys."""
        if item is None or any(key not in item for key in self.keys):
            return None
        return {name: item[name] for name in ("pk", "sk", *self.keys, *self.along) if name in item}


def item_bytes(item: Mapping[str, Any] | None) -> int:
    """Return the size of an item in DynamoDB's own notation: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in (item or {}).items())


def write_units(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, indexes: Iterable[Shown], *, times: int
) -> int:
    """Return what one write consumes; `times` is 2 in a transaction, of which indexes know nothing."""
    own = max(1, math.ceil(max(item_bytes(before), item_bytes(after)) / KIB))
    return own * times + sum(_index_units(index.entry(before), index.entry(after), index) for index in indexes)


def read_units(sizes: Iterable[int], *, lags: bool = False) -> float:
    """Return what reading items one by one consumes."""
    return sum(max(1, math.ceil(size / READ_BYTES)) for size in sizes) * (0.5 if lags else 1)


def query_units(total: int, *, lags: bool) -> float:
    """Return what a query consumes that looked at so many bytes."""
    return max(1, math.ceil(total / READ_BYTES)) * (0.5 if lags else 1)


def _index_units(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, index: Shown) -> int:
    if before == after:
        return 0
    sizes = [max(1, math.ceil(item_bytes(entry) / KIB)) for entry in (before, after) if entry is not None]
    moved = before and after and any(before[key] != after[key] for key in index.keys)
    return sum(sizes) if moved else max(sizes)


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return (len(held.lstrip("-")) + 1) // 2 + 1
        case "SS":
            return sum(len(one.encode()) for one in held)
        case "M":
            return _OVERHEAD + sum(len(name.encode()) + _value_bytes(one) + 1 for name, one in held.items())
        case "L":
            return _OVERHEAD + sum(_value_bytes(one) + 1 for one in held)
    return 1
