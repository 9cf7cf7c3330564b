"""Counts what a client of AWS is asked to do, and DynamoDB's units along with it. Knows botocore's events.

The emulators tell made-up units, so they are reckoned here from the items before and after each call.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench.capacity import Shown, item_bytes, query_units, read_units, write_units
from tests import builders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INDEXES = {
    "due": Shown(("dueKind", "dueAt")),
    **{index.name: Shown((index.of, index.by), index.shown) for index in builders.INDEXES},
}
# As S3 charges them: dear ones, cheap ones, and deletes, which are free.
_DEAR = ("Put", "Copy", "Create", "Complete", "UploadPart", "List")
_FREE = ("Delete", "Abort")
_WRITES = ("PutItem", "UpdateItem", "DeleteItem")

Key = tuple[str, str]
Held = dict[Key, Any]


class Meter:
    """What was asked since it was last read: calls by name, S3's by their price, DynamoDB's units, items looked at."""

    def __init__(self, dynamodb: Any, *others: Any) -> None:
        """Listen to the clients; the first is DynamoDB's."""
        self.counts: Counter[str] = Counter()
        self._dynamodb = dynamodb
        self._before: Held = {}
        self._asked: Mapping[str, Any] = {}
        self._looking = False
        events = dynamodb.meta.events
        events.register("provide-client-params.dynamodb", self._begins)
        events.register("after-call.dynamodb", self._ended)
        for client in others:
            client.meta.events.register("before-call", self._called)

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Count afresh within."""
        self.counts = Counter()
        yield self.counts

    def _called(self, model: Any, **_: Any) -> None:
        self.counts[model.name] += 1
        if model.service_model.service_name == "s3" and not model.name.startswith(_FREE):
            self.counts["s3Dear" if model.name.startswith(_DEAR) else "s3Cheap"] += 1
        if model.service_model.service_name == "sqs":
            self.counts["sqs"] += 1

    def _begins(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if self._looking:
            return
        self._asked = params
        self._before = self._look(_written(model.name, params))

    def _ended(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        if self._looking:
            return
        self.counts[model.name] += 1
        writes = _written(model.name, self._asked)
        if writes:
            after, times = self._look(writes), 2 if model.name == "TransactWriteItems" else 1
            for key in writes:
                units = write_units(self._before.get(key), after.get(key), INDEXES.values(), times=times)
                self.counts["writes"] += units
        self.counts["halfReads"] += round(2 * _reads(model.name, self._asked, parsed))
        self.counts["itemsRead"] += parsed.get("ScannedCount", 0)

    def _look(self, keys: list[Key]) -> Held:
        self._looking = True
        try:
            found = [self._item(key) for key in keys]
        finally:
            self._looking = False
        return {key: item for key, item in zip(keys, found, strict=True) if item}

    def _item(self, key: Key) -> Any:
        at = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
        return self._dynamodb.get_item(TableName=_table(self._asked), Key=at).get("Item")


def _table(asked: Mapping[str, Any]) -> str:
    one = asked if "TableName" in asked else next(iter(asked["TransactItems"][0].values()))
    name: str = one["TableName"]
    return name


def _written(operation: str, asked: Mapping[str, Any]) -> list[Key]:
    if operation == "TransactWriteItems":
        return [_key(one) for wrapped in asked["TransactItems"] for one in wrapped.values()]
    return [_key(asked)] if operation in _WRITES else []


def _key(one: Mapping[str, Any]) -> Key:
    at = one.get("Key") or one["Item"]
    return at["pk"]["S"], at["sk"]["S"]


def _reads(operation: str, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    match operation:
        case "GetItem":
            return read_units([item_bytes(parsed.get("Item"))], lags=not asked.get("ConsistentRead"))
        case "BatchGetItem":
            wanted = [request["Keys"] for request in asked["RequestItems"].values()]
            found = [item for items in parsed["Responses"].values() for item in items]
            absent = sum(map(len, wanted)) - len(found)
            return read_units([*map(item_bytes, found), *[0] * absent])
        case "Query":
            return query_units(sum(map(item_bytes, parsed["Items"])), lags=not asked.get("ConsistentRead"))
    return 0
