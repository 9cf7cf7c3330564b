"""The simulator's table with everything in order, as DynamoDB keeps it: a query looks at what it names and no more.

The table in memory looks through a whole partition or index for each query: seconds, where a million items are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

from tests.simulation.memory_table import INDEXES, Change, MemoryTable, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BEYOND = "\U0010ffff"
Row = tuple[str, ...]


class Rows:
    """What lies under one key, in order. Sorted when it is first asked for, kept in order from then on."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._is_sorted = False

    def add(self, row: Row) -> None:
        """Put a row where it belongs; it is not there yet."""
        if self._is_sorted:
            insort(self._rows, row)
        else:
            self._rows.append(row)

    def remove(self, row: Row) -> None:
        """Take a row out."""
        rows = self._ordered()
        del rows[bisect_left(rows, row)]

    def some(self, first: Row, last: Row, most: int, *, forward: bool) -> list[Row]:
        """Return those from the first to the last, from the end that a query begins at."""
        rows = self._ordered()
        begin, end = bisect_left(rows, first), bisect_right(rows, last)
        return rows[begin : min(end, begin + most)] if forward else rows[max(begin, end - most) : end]

    def _ordered(self) -> list[Row]:
        if not self._is_sorted:
            self._rows.sort()
            self._is_sorted = True
        return self._rows


class LargeTable(MemoryTable):
    """A table in memory that may hold a million items."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._rows: dict[tuple[str, str], Rows] = {}
        self._asked: Any = None

    def _commit(self, changes: Sequence[Change]) -> None:
        for change in changes:
            pk, sk = change.key
            if (change.before is None) != (change.after is None):
                self._move("", pk, (sk,), gone=change.after is None)
            for name, index in INDEXES.items():
                before, after = (_row(index, item, change.key) for item in (change.before, change.after))
                if before != after:
                    for row, gone in ((before, True), (after, False)):
                        if row:
                            self._move(name, row[0], row[1:], gone=gone)
        super()._commit(changes)

    def _move(self, index: str, key: str, row: Row, *, gone: bool) -> None:
        rows = self._rows.setdefault((index, key), Rows())
        (rows.remove if gone else rows.add)(row)

    def _query(self, **asked: Any) -> Any:
        self._asked = asked
        if "IndexName" in asked:
            return super()._query(**asked)
        pk = asked["ExpressionAttributeValues"][":pk"]["S"]
        whole = self.partitions.get(pk, {})
        self.partitions[pk] = {sk: whole[sk] for (sk,) in self._named(pk)}
        try:
            return super()._query(**asked)
        finally:
            self.partitions[pk] = whole
            if not whole:
                del self.partitions[pk]

    def _in_index(self, name: str) -> list[Any]:
        super()._in_index(name)
        values = self._asked["ExpressionAttributeValues"]
        known = self._indexes[name]
        return [known[pk, sk] for _, pk, sk in self._named(values.get(":of", values.get(":kind"))["S"])]

    def _named(self, key: str) -> Iterable[Row]:
        """Name the rows that a query may read: one more than its limit."""
        asked, values = self._asked, self._asked["ExpressionAttributeValues"]
        rows = self._rows.get((asked.get("IndexName", ""), key), Rows())
        first, last = _span(values)
        forward, start = asked.get("ScanIndexForward", True), _start(asked)
        begin = max(first, start) if forward else first
        end = min(last, start) if start and not forward else last
        # One more that it went on from, one more that says whether there are others.
        return rows.some(begin, end, asked["Limit"] + 2, forward=forward)


def _span(values: Any) -> tuple[Row, Row]:
    told = {name: value["S"] for name, value in values.items() if "S" in value}
    first = told.get(":from", told.get(":prefix", ""))
    if ":to" in told or ":until" in told:
        return (first,), (told.get(":to", told.get(":until", "")), _BEYOND)
    return (first,), (first + _BEYOND,)


def _start(asked: Any) -> Row:
    start = asked.get("ExclusiveStartKey")
    if not start:
        return ()
    by = INDEXES[asked["IndexName"]].by if "IndexName" in asked else ""
    return (*((start[by]["S"], start["pk"]["S"]) if by else ()), start["sk"]["S"])


def _row(index: Any, item: Any, key: Row) -> Row:
    if item and {index.of, index.by} <= item.keys():
        return (item[index.of]["S"], item[index.by]["S"], *key)
    return ()
