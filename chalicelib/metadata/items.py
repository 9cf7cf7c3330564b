"""Plain values to DynamoDB's typed ones and back. Pure.

boto3 has such a codec, but importing boto3 costs a cold start more than the rest of the app, and it makes every
number a Decimal; our numbers are integers by rule.
"""

from collections.abc import Mapping
from typing import Any

Item = dict[str, Any]


def to_item(values: Mapping[str, Any]) -> Item:
    """Write a mapping; `None` and empty sets are left out, which the table cannot hold."""
    return {name: to_attribute(value) for name, value in values.items() if value is not None and value != frozenset()}


def from_item(item: Mapping[str, Any]) -> Item:
    """Read what `to_item` wrote."""
    return {name: _from_attribute(value) for name, value in item.items()}


def to_attribute(value: Any) -> dict[str, Any]:
    """Write one value."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case set() | frozenset():
            return {"SS": sorted(value)}
        case Mapping():
            return {"M": to_item(value)}
        case list() | tuple():
            return {"L": [to_attribute(member) for member in value]}
    raise TypeError(f"the table holds text, whole numbers, truth, sets, lists and maps, got {type(value).__name__}")


def _from_attribute(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "SS":
            return frozenset(value)
        case "M":
            return from_item(value)
        case "L":
            return [_from_attribute(member) for member in value]
    return value
