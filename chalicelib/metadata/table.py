"""The table as the rest of `metadata` sees it: keys, conditional writes, pages. Knows nothing of files or devices.

But for one thing: what is written through it is marked as changed, where `marks` says so.

Expressions name attributes as `#name` and values as `:name`; the names are filled in here, so that no expression
meets DynamoDB's list of reserved words.
"""

import random
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.metadata import marks
from chalicelib.metadata.items import Item, from_item, to_attribute, to_item

MOST_IN_ONE_WRITE = 100
_MOST_IN_ONE_READ = 100
_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.025
_PASSING = frozenset(
    {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException", "ThrottlingError"}
    | {"ThrottlingException", "ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException"}
    | {"RequestLimitExceeded", "InternalServerError"}
)
_CONDITION = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})


class Key(NamedTuple):
    """Where an item lives."""

    pk: str
    sk: str


@dataclass(frozen=True)
class Put:
    """Write a whole item, if `when` holds of what is there now."""

    item: Mapping[str, Any]
    when: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Update:
    """Change an item as `does` says, if `when` holds; without `when` it creates what is not there.

    `names` holds the attributes that the expressions call otherwise, where their own names would take too much room.
    """

    key: Key
    does: str
    when: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delete:
    """Remove an item, if `when` holds."""

    key: Key
    when: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """Change nothing, but refuse the whole write unless `when` holds."""

    key: Key
    when: str
    values: Mapping[str, Any] = field(default_factory=dict)


Operation = Put | Update | Delete | Check


@dataclass(frozen=True)
class Condition:
    """What an item must fulfil, once it was read, to be told."""

    when: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """A sparse index: the items that have both attributes, in rows of the same `of`, each in the order of `by`.

    `shown` names the attributes that it carries along.
    """

    name: str
    of: str
    by: str
    shown: tuple[str, ...]


class Span(NamedTuple):
    """A part of one row of an index, both ends included."""

    of: str
    first: str
    last: str


@dataclass(frozen=True)
class Page:
    """Some items of a list, and the sort key after which the rest begins."""

    items: list[Item]
    last: str | None


class Table:
    """One DynamoDB table with string keys `pk` and `sk`, the sparse index `due`, and those that callers name."""

    def __init__(
        self,
        client: Any,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep
        self._jitter = jitter

    def find(self, key: Key) -> Item | None:
        """Read one item as it is now, or `None`."""
        reply = self._client.get_item(TableName=self._name, Key=to_item(key._asdict()), ConsistentRead=True)
        return from_item(reply["Item"]) if "Item" in reply else None

    def find_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Read items as they are now, a hundred a call; what does not exist is absent from the answer."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), _MOST_IN_ONE_READ):
            found |= self._find_batch(wanted[start : start + _MOST_IN_ONE_READ])
        return found

    def write(self, *operations: Operation) -> None:
        """Do all of the operations or none; raise ConditionFailedError if the state forbids one of them.

        Conflicts with other writers pass, so they are waited out; the caller sees CrowdedError only when they do not.
        """
        if len(operations) > MOST_IN_ONE_WRITE:
            raise ValueError(f"one write holds at most {MOST_IN_ONE_WRITE} operations, got {len(operations)}")
        requests = [_request(self._name, operation) for operation in operations]
        self._patiently(lambda: self._client.transact_write_items(TransactItems=requests))

    def put(self, operation: Operation) -> None:
        """Do one operation without a transaction, which would cost twice."""
        ((kind, request),) = _request(self._name, operation).items()
        calls = {"Put": self._client.put_item, "Update": self._client.update_item, "Delete": self._client.delete_item}
        self._patiently(lambda: calls[kind](**request))

    def add(self, key: Key, does: str, values: Mapping[str, Any], when: str = "") -> Item:
        """Change one item and return it as it is then: how counters that must be looked at are moved."""
        ((_, request),) = _request(self._name, Update(key, does, when, values)).items()
        reply = self._patiently(lambda: self._client.update_item(**request, ReturnValues="ALL_NEW"))
        return from_item(reply["Attributes"])

    def page(
        self,
        pk: str,
        prefix: str,
        *,
        limit: int,
        after: str | None = None,
        newest_first: bool = False,
        only: Condition | None = None,
    ) -> Page:
        """Read up to `limit` items of one partition under a prefix of the sort key: one strongly consistent query.

        Without a prefix all of the partition.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": to_item({":pk": pk, ":prefix": prefix or None}),
            "ConsistentRead": True,
            "Limit": limit,
            "ScanIndexForward": not newest_first,
        }
        if after is not None:
            request["ExclusiveStartKey"] = to_item({"pk": pk, "sk": after})
        reply = self._client.query(**_filtered(request, only))
        last = from_item(reply["LastEvaluatedKey"])["sk"] if "LastEvaluatedKey" in reply else None
        return Page([from_item(item) for item in reply["Items"]], last)

    def between(
        self, pk: str, first: str, last: str, *, limit: int, after: str | None = None, only: Condition | None = None
    ) -> Page:
        """Read up to `limit` items of a part of one partition, from its end. Both ends are in it, and so is `after`."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :from AND :to",
            "ExpressionAttributeValues": to_item({":pk": pk, ":from": first, ":to": last}),
            "ConsistentRead": True,
            "Limit": limit,
            "ScanIndexForward": False,
        }
        if after is not None:
            request["ExclusiveStartKey"] = to_item({"pk": pk, "sk": after})
        reply = self._client.query(**_filtered(request, only))
        end = from_item(reply["LastEvaluatedKey"])["sk"] if "LastEvaluatedKey" in reply else None
        return Page([from_item(item) for item in reply["Items"]], end)

    def along(
        self, index: Index, span: Span, *, limit: int, after: Item | None = None, only: Condition | None = None
    ) -> Page:
        """Read up to `limit` items of a row, from its end: one query. The index lags; `after` must lie in the span.

        `after` names an item's keys, all but the row's own, which need not be there any more.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": index.name,
            "KeyConditionExpression": "#of = :of AND #by BETWEEN :from AND :to",
            "ExpressionAttributeNames": {"#of": index.of, "#by": index.by},
            "ExpressionAttributeValues": to_item({":of": span.of, ":from": span.first, ":to": span.last}),
            "Limit": limit,
            "ScanIndexForward": False,
        }
        if after is not None:
            request["ExclusiveStartKey"] = to_item({**after, index.of: span.of})
        reply = self._client.query(**_filtered(request, only))
        last = from_item(reply["LastEvaluatedKey"])[index.by] if "LastEvaluatedKey" in reply else None
        return Page([from_item(item) for item in reply["Items"]], last)

    def keys(self, pk: str, *, limit: int) -> list[Key]:
        """Name the first items of a whole partition: for those who remove it."""
        reply = self._client.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": pk}),
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
            Limit=limit,
        )
        return [Key(item["pk"], item["sk"]) for item in map(from_item, reply["Items"])]

    def due(self, kind: str, until: str, *, limit: int) -> list[Key]:
        """Name the items of a kind whose time has come, oldest first; the index lags: look again before acting."""
        reply = self._client.query(
            TableName=self._name,
            IndexName="due",
            KeyConditionExpression="dueKind = :kind AND dueAt <= :until",
            ExpressionAttributeValues=to_item({":kind": kind, ":until": until}),
            Limit=limit,
        )
        return [Key(item["pk"], item["sk"]) for item in map(from_item, reply["Items"])]

    def _find_batch(self, keys: Sequence[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        left = [to_item(key._asdict()) for key in keys]
        for attempt in range(_TRIES):
            if attempt:
                self._pause(attempt)
            request = {self._name: {"Keys": left, "ConsistentRead": True}}
            reply = self._client.batch_get_item(RequestItems=request)
            items = map(from_item, reply["Responses"].get(self._name, []))
            found |= {Key(item["pk"], item["sk"]): item for item in items}
            left = reply.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            if not left:
                return found
        raise CrowdedError(f"the table left {len(left)} of {len(keys)} keys unread")

    def _patiently(self, call: Callable[[], Any]) -> Any:
        attempt = 1
        while True:
            try:
                return call()
            except self._client.exceptions.ClientError as error:
                codes = _codes(error)
                if not codes <= _PASSING:
                    _raise_if_condition(error)
                    raise
                if attempt == _TRIES:
                    raise CrowdedError(f"the table answered {sorted(codes)} {_TRIES} times") from error
            self._pause(attempt)
            attempt += 1

    def _pause(self, attempt: int) -> None:
        """Wait a random part of a doubling span: writers that met once should not meet again."""
        self._sleep(self._jitter() * _FIRST_PAUSE_SECONDS * 2**attempt)


def _names(expression: str) -> dict[str, str]:
    return {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}


def _filtered(request: dict[str, Any], only: Condition | None) -> dict[str, Any]:
    """Add to a query what items must fulfil to be told."""
    if only is None:
        return request
    names = {**request.get("ExpressionAttributeNames", {}), **_names(only.when)}
    values = request["ExpressionAttributeValues"] | to_item({f":{name}": one for name, one in only.values.items()})
    return {
        **request,
        "FilterExpression": only.when,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _request(table: str, operation: Operation) -> dict[str, dict[str, Any]]:
    request: dict[str, Any] = {"TableName": table}
    does, values = "", operation.values
    if isinstance(operation, Put):
        request["Item"] = to_item({**operation.item, **marks.of(operation.item["pk"], operation.item["sk"])})
    else:
        request["Key"] = to_item(operation.key._asdict())
    if isinstance(operation, Update):
        does, mark = marks.marking(*operation.key, operation.does)
        values = {**values, **mark}
    if does:
        request["UpdateExpression"] = does
    if operation.when:
        request["ConditionExpression"] = operation.when
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    names = _names(f"{does} {operation.when}")
    if isinstance(operation, Update):
        names |= {f"#{short}": name for short, name in operation.names.items()}
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": to_attribute(v) for name, v in values.items()}
    kind = "ConditionCheck" if isinstance(operation, Check) else type(operation).__name__
    return {kind: request}


def _codes(error: Any) -> set[str]:
    """What went wrong, reason by reason: a cancelled transaction may fail for several."""
    reasons = error.response.get("CancellationReasons")
    if reasons:
        return {reason["Code"] for reason in reasons if reason.get("Code", "None") != "None"}
    return {error.response["Error"]["Code"]}


def _raise_if_condition(error: Any) -> None:
    codes = _codes(error)
    if not codes & _CONDITION:
        return
    reasons = error.response.get("CancellationReasons") or [{"Code": "ConditionalCheckFailed", **error.response}]
    found = {i: reason.get("Item") for i, reason in enumerate(reasons) if reason.get("Code") in _CONDITION}
    raise ConditionFailedError({i: from_item(item) if item else None for i, item in found.items()}) from error
