"""DynamoDB in memory: the calls that chalicelib's table makes, answered as DynamoDB answers them.

What DynamoDB does and moto does not is done here, too: a write that meets an item of a transaction under way is
refused with a conflict, a read that does not ask for the present may get the past, the index lags, a batch may be left
half read.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.metadata.changes import CHANGED
from chalicelib.metadata.shelves import FAVOURITES, LIBRARY
from tests.simulation import expressions
from tests.simulation.expressions import InvalidExpressionError, Item

MOST_IN_ONE_WRITE = MOST_IN_ONE_READ = 100
MOST_BYTES_IN_ONE_PAGE = 1_000_000
_FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
_CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}

Key = tuple[str, str]
Wire = Callable[[str, Callable[[], Any]], Any]


class Sparse(NamedTuple):
    """An index: the two attributes an item must have to be in it, and those it carries along."""

    of: str
    by: str
    shown: tuple[str, ...] = ()


INDEXES = {
    "due": Sparse("dueKind", "dueAt"),
    **{index.name: Sparse(index.of, index.by, index.shown) for index in (LIBRARY, FAVOURITES, CHANGED)},
}


_KEYS_OF_INDEXES = {index.of for index in INDEXES.values()}


class Change(NamedTuple):
    """What a write did to one item."""

    key: Key
    before: Item | None
    after: Item | None


class UnderWay(NamedTuple):
    """A transaction that DynamoDB has taken in and not yet decided: it comes to an end, or to nothing."""

    finish: Callable[[], None]
    abandon: Callable[[], None]


class MemoryTable:
    """A client of DynamoDB with one table, in which time passes only when the test says so."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, wire: Wire = lambda _, call: call()) -> None:
        self._wire = wire
        self.partitions: dict[str, dict[str, Item]] = {}
        self._past: dict[Key, Item | None] = {}
        self._indexes: dict[str, dict[Key, Item]] = {name: {} for name in INDEXES}
        self._not_yet_in_index: list[Change] = []
        self._under_way: set[Key] = set()
        self.committed: Callable[[Sequence[Change]], None] = lambda _: None
        self.while_under_way: Callable[[UnderWay], None] = lambda _: None
        self.read_the_past: Callable[[], bool] = lambda: False
        self.left_unread: Callable[[int], int] = lambda _: 0
        self.index_lag: Callable[[int], int] = lambda _: 0

    # What is read

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> Item:  # noqa: N803, ARG002
        return self._wire("GetItem", lambda: _found(self._see(_key(Key), now=ConsistentRead)))

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Item:  # noqa: N803
        return self._wire("BatchGetItem", lambda: self._batch(RequestItems))

    def query(self, **asked: Any) -> Item:
        return self._wire("Query", lambda: self._query(**asked))

    def item(self, pk: str, sk: str) -> Item | None:
        """Look into the table without a call."""
        return self.partitions.get(pk, {}).get(sk)

    def everything(self) -> Iterator[Item]:
        """Look at all there is, without a call."""
        for partition in self.partitions.values():
            yield from partition.values()

    def _see(self, key: Key, *, now: bool) -> Item | None:
        if not now and key in self._past and self.read_the_past():
            return self._past[key]
        return self.item(*key)

    def _batch(self, requests: Mapping[str, Any]) -> Item:
        ((name, asked),) = requests.items()
        keys = [_key(key) for key in asked["Keys"]]
        if not 0 < len(keys) <= MOST_IN_ONE_READ:
            raise _invalid(f"a batch holds 1 to {MOST_IN_ONE_READ} keys, got {len(keys)}", "BatchGetItem")
        if len(set(keys)) != len(keys):
            raise _invalid("Provided list of item keys contains duplicates", "BatchGetItem")
        read = len(keys) - self.left_unread(len(keys))
        now = asked.get("ConsistentRead", False)
        found = [item for item in (self._see(key, now=now) for key in keys[:read]) if item is not None]
        left = {name: {**asked, "Keys": asked["Keys"][read:]}} if read < len(keys) else {}
        return {"Responses": {name: found}, "UnprocessedKeys": left}

    def _query(self, **asked: Any) -> Item:
        condition, values = asked["KeyConditionExpression"], asked["ExpressionAttributeValues"]
        names = asked.get("ExpressionAttributeNames", {})
        _check(asked, "Query")
        wanted = re.match(r"\s*([#\w]+)\s*=\s*(:\w+)", condition)
        assert wanted, f"a query names a whole partition key, got {condition!r}"
        index = INDEXES.get(asked.get("IndexName", ""))
        if index:
            if asked.get("ConsistentRead"):
                raise _invalid("Consistent reads are not supported on global secondary indexes", "Query")
            known, order = self._in_index(asked["IndexName"]), _by_index(index)
        else:
            partition = self.partitions.get(values[wanted[2]]["S"], {})
            seen = (self._see(_key(i), now=asked.get("ConsistentRead", False)) for i in partition.values())
            known, order = [item for item in seen if item], _by_key
        test = expressions.condition(condition)
        if "ExclusiveStartKey" in asked and not test(asked["ExclusiveStartKey"], names, values):
            raise _invalid("The provided starting key does not match the range key predicate", "Query")
        found = sorted((item for item in known if test(item, names, values)), key=order)
        if not asked.get("ScanIndexForward", True):
            found.reverse()
        return _page(found, order, asked)

    def _in_index(self, name: str) -> list[Item]:
        lag = self.index_lag(len(self._not_yet_in_index))
        apply = self._not_yet_in_index[: len(self._not_yet_in_index) - lag]
        del self._not_yet_in_index[: len(apply)]
        for change in apply:
            for other, index in INDEXES.items():
                item = change.after or {}
                if {index.of, index.by} <= item.keys():
                    carried = ("pk", "sk", index.of, index.by, *index.shown)
                    self._indexes[other][change.key] = {one: item[one] for one in carried if one in item}
                else:
                    self._indexes[other].pop(change.key, None)
        return list(self._indexes[name].values())

    # What is written

    def put_item(self, **request: Any) -> Item:
        return self._wire("PutItem", lambda: self._single("Put", request))

    def update_item(self, **request: Any) -> Item:
        return self._wire("UpdateItem", lambda: self._single("Update", request))

    def delete_item(self, **request: Any) -> Item:
        return self._wire("DeleteItem", lambda: self._single("Delete", request))

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> Item:  # noqa: N803
        return self._wire("TransactWriteItems", lambda: self._transact(TransactItems))

    def _single(self, kind: str, request: Mapping[str, Any]) -> Item:
        operation = f"{kind}Item"
        _check(request, operation)
        key = _key_of(request)
        if key in self._under_way:
            raise ClientError({"Error": {"Code": "TransactionConflictException", "Message": "busy"}}, operation)
        before = self.item(*key)
        if not _holds(before, request):
            there = _seen(before, request)
            raise ClientError(
                {"Error": {"Code": "ConditionalCheckFailedException", "Message": "no"}, **there}, operation
            )
        after = _applied(kind, key, before, request, operation)
        self._commit([Change(key, before, after)])
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def _transact(self, items: Sequence[Mapping[str, Any]]) -> Item:
        operations = [next(iter(item.items())) for item in items]
        keys = [_key_of(request) for _, request in operations]
        if not 0 < len(keys) <= MOST_IN_ONE_WRITE:
            raise _invalid(f"a transaction holds 1 to {MOST_IN_ONE_WRITE} operations", "TransactWriteItems")
        if len(set(keys)) != len(keys):
            raise _invalid("Transaction request cannot include multiple operations on one item", "TransactWriteItems")
        for _, request in operations:
            _check(request, "TransactWriteItems")
        if self._under_way.intersection(keys):
            raise _cancelled([_CONFLICT if key in self._under_way else {"Code": "None"} for key in keys])
        self._under_way.update(keys)

        def finish() -> None:
            self._under_way.difference_update(keys)
            self._finish(operations, keys)

        self.while_under_way(UnderWay(finish, lambda: self._under_way.difference_update(keys)))
        finish()
        return {}

    def _finish(self, operations: Sequence[tuple[str, Mapping[str, Any]]], keys: Sequence[Key]) -> None:
        befores = [self.item(*key) for key in keys]
        held = [_holds(before, request) for before, (_, request) in zip(befores, operations, strict=True)]
        if not all(held):
            raise _cancelled(
                [
                    {"Code": "None"} if holds else {**_FAILED, **_seen(before, request)}
                    for holds, before, (_, request) in zip(held, befores, operations, strict=True)
                ]
            )
        self._commit(
            [
                Change(key, before, _applied(kind, key, before, request, "TransactWriteItems"))
                for key, before, (kind, request) in zip(keys, befores, operations, strict=True)
                if kind != "ConditionCheck"
            ]
        )

    def _commit(self, changes: Sequence[Change]) -> None:
        for change in changes:
            (pk, sk), partition = change.key, self.partitions.setdefault(change.key[0], {})
            self._past[change.key] = change.before
            if change.after is None:
                partition.pop(sk, None)
            else:
                partition[sk] = change.after
            if not partition:
                del self.partitions[pk]
            if _KEYS_OF_INDEXES & {*(change.before or ()), *(change.after or ())}:
                self._not_yet_in_index.append(change)
        self.committed(changes)

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Let the index lag no more while this lasts."""
        lag, self.index_lag = self.index_lag, lambda _: 0
        try:
            yield
        finally:
            self.index_lag = lag


def _key(item: Mapping[str, Any]) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _key_of(request: Mapping[str, Any]) -> Key:
    return _key(request.get("Key") or request["Item"])


def _found(item: Item | None) -> Item:
    return {} if item is None else {"Item": item}


def _check(request: Mapping[str, Any], operation: str) -> None:
    """Refuse names and values that no expression uses, or uses without their being told."""
    text = " ".join(told for name, told in request.items() if name.endswith("Expression"))
    for sign, told in (("#", "ExpressionAttributeNames"), (":", "ExpressionAttributeValues")):
        used = set(re.findall(rf"{sign}\w+", text))
        given = request.get(told, {})
        if used != set(given) or (told in request and not given):
            raise _invalid(f"{told} differ from those used: {used.symmetric_difference(given)}", operation)


def _holds(before: Item | None, request: Mapping[str, Any]) -> bool:
    if "ConditionExpression" not in request:
        return True
    test = expressions.condition(request["ConditionExpression"])
    return test(before or {}, request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))


def _seen(before: Item | None, request: Mapping[str, Any]) -> Item:
    return _found(before) if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}


def _applied(kind: str, key: Key, before: Item | None, request: Mapping[str, Any], operation: str) -> Item | None:
    if kind == "Delete":
        return None
    if kind == "Put":
        return dict(request["Item"])
    change = expressions.update(request["UpdateExpression"])
    start = before or {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
    try:
        return change(start, request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))
    except InvalidExpressionError as error:
        raise _invalid(str(error), operation) from error


def _cancelled(reasons: list[Item]) -> ClientError:
    message = f"Transaction cancelled, specific reasons [{', '.join(reason['Code'] for reason in reasons)}]"
    told = {"Error": {"Code": "TransactionCanceledException", "Message": message}, "CancellationReasons": reasons}
    return ClientError(told, "TransactWriteItems")  # type: ignore[arg-type] # the stubs know no reasons


def _invalid(message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)


def _by_key(item: Item) -> tuple[str, ...]:
    return item["sk"]["S"], item["pk"]["S"]


def _by_index(index: Sparse) -> Callable[[Item], tuple[str, ...]]:
    return lambda item: (item[index.by]["S"], item["pk"]["S"], item["sk"]["S"])


def _page(found: list[Item], order: Callable[[Item], tuple[str, ...]], asked: Mapping[str, Any]) -> Item:
    if "ExclusiveStartKey" in asked:
        start = asked["ExclusiveStartKey"]
        forward = asked.get("ScanIndexForward", True)
        found = [item for item in found if (order(item) > order(start) if forward else order(item) < order(start))]
    page, more = _cut(found, asked.get("Limit"))
    last = {name: page[-1][name] for name in _last_names(asked)} if page and more else None
    if "FilterExpression" in asked:
        only = expressions.condition(asked["FilterExpression"])
        names, values = asked.get("ExpressionAttributeNames", {}), asked["ExpressionAttributeValues"]
        page = [item for item in page if only(item, names, values)]
    told = [_projected(item, asked.get("ProjectionExpression")) for item in page]
    return {"Items": told, "Count": len(told)} | ({"LastEvaluatedKey": last} if last else {})


def _cut(found: list[Item], limit: int | None) -> tuple[list[Item], bool]:
    """Return what fits into a page, and whether DynamoDB says that there may be more: a full page says so."""
    page: list[Item] = []
    total = 0
    for item in found:
        total += size(item)
        if page and total > MOST_BYTES_IN_ONE_PAGE:
            return page, True
        page.append(item)
        if limit is not None and len(page) == limit:
            return page, True
    return page, False


def _last_names(asked: Mapping[str, Any]) -> tuple[str, ...]:
    index = INDEXES.get(asked.get("IndexName", ""))
    return ("pk", "sk", index.of, index.by) if index else ("pk", "sk")


def _projected(item: Item, names: str | None) -> Item:
    wanted = [name.strip() for name in names.split(",")] if names else item
    return {name: item[name] for name in wanted if name in item}


def size(item: Item) -> int:
    """Return what an item weighs, near enough."""
    return sum(len(name) + _weight(attribute) for name, attribute in item.items())


def _weight(attribute: Item) -> int:
    ((kind, value),) = attribute.items()
    if kind == "M":
        return size(value)
    if kind in ("SS", "L"):
        return sum(len(str(member)) for member in value)
    return 1 if kind == "BOOL" else len(value)
