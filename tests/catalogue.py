"""A large library in memory: all that the table holds of it, and what each call on it had to read.

DynamoDB finds the keys of a query in order; the table in memory looks at all there are, which takes seconds where a
million are. So here it is given those alone that a query names.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.credentials import ReadOnlyCredentials

from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.library import files, search
from chalicelib.metadata import files as kept
from chalicelib.metadata import postings
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import to_attribute, to_item
from chalicelib.metadata.table import Put, Update
from tests.builders import OWNER, SETTINGS, HandClock
from tests.simulation.memory_table import Change, MemoryTable

READER = Caller(OWNER, None, frozenset({"read", "upload"}))
_BEYOND = "\U0010ffff"


def a_file(n: int, name: str, *, at: str = "2024-07-13T10:00:00", owner_id: str = OWNER, **more: Any) -> File:
    told = {"type": "image/jpeg", "status": Status.UPLOADED, "size": n + 1, "captured_at": at, "media_state": "done"}
    made = told | more
    key = f"originals/{owner_id}/{n:032x}-x"
    created_at = "2026-11-21T10:00:00.000Z"
    return File(owner_id=owner_id, file_id=f"{n:032x}", name=name, key=key, created_at=created_at, **made)


class OrderedTable(MemoryTable):
    """The table in memory, with the keys of each partition and row in order."""

    def __init__(self, wire: Any) -> None:
        super().__init__(wire)
        self._order: dict[str, list[str]] = {}

    def _commit(self, changes: Any) -> None:
        super()._commit(changes)
        for pk in {change.key[0] for change in changes}:
            self._order.pop(pk, None)

    def _query(self, **asked: Any) -> Any:
        if "IndexName" in asked:
            return super()._query(**asked)
        pk = asked["ExpressionAttributeValues"][":pk"]["S"]
        whole = self.partitions.get(pk, {})
        self.partitions[pk] = {sk: whole[sk] for sk in self._named(pk, whole, asked)}
        try:
            return super()._query(**asked)
        finally:
            self.partitions[pk] = whole

    def _named(self, pk: str, whole: Iterable[str], asked: Any) -> list[str]:
        """Name the keys that a query may read: one more than its limit."""
        if pk not in self._order:
            self._order[pk] = sorted(whole)
        order, values, most = self._order[pk], asked["ExpressionAttributeValues"], asked["Limit"] + 1
        first = values.get(":from", values.get(":prefix", {"S": ""}))["S"]
        last = values[":to"]["S"] if ":to" in values else first + _BEYOND
        start = asked["ExclusiveStartKey"]["sk"]["S"] if "ExclusiveStartKey" in asked else None
        if asked.get("ScanIndexForward", True):
            begin = bisect_right(order, start) if start else bisect_left(order, first)
            return order[begin : min(begin + most, bisect_right(order, last))]
        end = bisect_left(order, start) if start else bisect_right(order, last)
        return order[max(end - most, bisect_left(order, first)) : end]


class Catalogue:
    """A library in memory in which everything can be found, and the calls made to it with what each one read."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.client = OrderedTable(self._wire)
        self.world = Cloud(
            SETTINGS, lambda _: self.client, HandClock(), get_credentials=lambda: ReadOnlyCredentials("x", "x", None)
        )

    def _wire(self, operation: str, call: Any) -> Any:
        reply = call()
        some = reply.get("Items") or [item for found in reply.get("Responses", {}).values() for item in found]
        self.calls.append((operation, len(some)))
        return reply

    def put(self, *some: File) -> None:
        """Put files where they would be once they were looked into; one write for each takes minutes."""
        changes = []
        for file in some:
            made = kept.uploaded(None, file)[0]
            assert isinstance(made, Put)
            change = postings.written(file)[0]
            assert isinstance(change, Update)
            told = {"indexed": change.values["indexed"], "changedOf": file.owner_id}
            # What all postings of a file share is there once: a million of them would not fit else.
            words = {name: to_attribute(one) for name, one in zip(("pk", "words"), _shared(file), strict=True)}
            found = [{**words, "sk": {"S": key.sk}} for key in postings.due(file)]
            changes += [Change((i["pk"]["S"], i["sk"]["S"]), None, i) for i in (to_item({**made.item, **told}), *found)]
        self.client._commit(changes)

    def page(self, text: str, **asked: Any) -> files.FilesShown:
        return search.page(self.world, READER, bodies.convert({"text": text, **asked}, search.Search))

    def pages(self, text: str, **asked: Any) -> Iterator[files.FilesShown]:
        after: dict[str, str] = {}
        while True:
            page = self.page(text, **asked, **after)
            yield page
            if page.next is None:
                return
            after = {"next": page.next}

    def names(self, text: str, **asked: Any) -> list[str]:
        return [file.name for page in self.pages(text, **asked) for file in page.files]


def _shared(file: File) -> tuple[str, str]:
    """Return what all postings of a file have in common."""
    key, words = next(iter(postings.due(file).items()))
    return key.pk, words
