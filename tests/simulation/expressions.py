"""DynamoDB's expressions, as far as the table module writes them: conditions and updates, made into functions.

Items are kept as they go over the wire (`{"size": {"N": "3"}}`). An update returns a new item and leaves the old one
as it was.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

Item = dict[str, Any]
Names = Mapping[str, str]
Values = Mapping[str, Any]
Test = Callable[[Item, Names, Values], bool]
Operand = Callable[[Item, Names, Values], Any]

_TOKEN = re.compile(r"\s*([#:]?\w+|<>|<=|>=|[=<>(),.+-])")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class InvalidExpressionError(Exception):
    """Raised for what DynamoDB answers with a ValidationException."""


class Path(NamedTuple):
    """Where in an item: names, not yet looked up."""

    steps: tuple[str, ...]

    def named(self, names: Names) -> list[str]:
        return [names[step] if step.startswith("#") else step for step in self.steps]

    def find(self, item: Item, names: Names) -> Any:
        """Return the attribute, or `None`."""
        found: Any = {"M": item}
        for step in self.named(names):
            found = found.get("M", {}).get(step) if found else None
        return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if not token or (wanted and token.upper() not in wanted):
            raise InvalidExpressionError(f"Syntax error; token: {token!r}, wanted {wanted}")
        self.at += 1
        return token

    def took(self, wanted: str) -> bool:
        if self.peek().upper() != wanted:
            return False
        self.at += 1
        return True

    def path(self) -> Path:
        steps = [self.take()]
        while self.took("."):
            steps.append(self.take())
        return Path(tuple(steps))


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found:
            raise InvalidExpressionError(f"Syntax error near {text[at:]!r}")
        tokens.append(found[1])
        at = found.end()
    return tokens


def plain(attribute: Any) -> Any:
    """Return an attribute in a form that compares as DynamoDB does."""
    if attribute is None:
        return None
    ((kind, value),) = attribute.items()
    if kind == "N":
        return kind, int(value)
    if kind == "SS":
        return kind, frozenset(value)
    if kind == "M":
        return kind, {name: plain(member) for name, member in value.items()}
    return kind, [plain(member) for member in value] if kind == "L" else value


# Conditions


@cache
def condition(text: str) -> Test:
    """Make a condition into a function."""
    reader = _Reader(text)
    test = _either(reader)
    if reader.peek():
        raise InvalidExpressionError(f"Syntax error; token: {reader.peek()!r}")
    return test


def _either(reader: _Reader) -> Test:
    tests = [_all(reader)]
    while reader.took("OR"):
        tests.append(_all(reader))
    return tests[0] if len(tests) == 1 else lambda *asked: any(test(*asked) for test in tests)


def _all(reader: _Reader) -> Test:
    tests = [_one(reader)]
    while reader.took("AND"):
        tests.append(_one(reader))
    return tests[0] if len(tests) == 1 else lambda *asked: all(test(*asked) for test in tests)


def _one(reader: _Reader) -> Test:
    if reader.took("NOT"):
        test = _one(reader)
        return lambda *asked: not test(*asked)
    if reader.took("("):
        test = _either(reader)
        reader.take(")")
        return test
    called = _TESTS.get(reader.peek())
    if called:
        return called(reader)
    return _comparison(reader)


def _exists(reader: _Reader) -> Test:
    path = _argument(reader)
    return lambda item, names, _: path.find(item, names) is not None


def _exists_not(reader: _Reader) -> Test:
    path = _argument(reader)
    return lambda item, names, _: path.find(item, names) is None


def _argument(reader: _Reader) -> Path:
    reader.take()
    reader.take("(")
    path = reader.path()
    reader.take(")")
    return path


def _two(reader: _Reader) -> tuple[Path, Operand]:
    reader.take()
    reader.take("(")
    path = reader.path()
    reader.take(",")
    operand = _operand(reader)
    reader.take(")")
    return path, operand


def _contains(reader: _Reader) -> Test:
    path, wanted = _two(reader)

    def test(item: Item, names: Names, values: Values) -> bool:
        there, what = plain(path.find(item, names)), plain(wanted(item, names, values))
        if there is None or what is None:
            return False
        members = there[1] if there[0] in ("SS", "S") else ()
        return what[1] in members if there[0] != "L" else what in there[1]

    return test


def _begins(reader: _Reader) -> Test:
    path, wanted = _two(reader)

    def test(item: Item, names: Names, values: Values) -> bool:
        there, what = path.find(item, names), wanted(item, names, values)
        return bool(there and what) and str(there.get("S", "\0")).startswith(what["S"])

    return test


_TESTS: dict[str, Callable[[_Reader], Test]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _exists_not,
    "contains": _contains,
    "begins_with": _begins,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _comparison(reader: _Reader) -> Test:
    left = _operand(reader)
    if reader.took("IN"):
        return _among(reader, left)
    if reader.took("BETWEEN"):
        return _between(reader, left)
    sign = reader.take("=", "<>", *_COMPARE)
    right = _operand(reader)

    def test(item: Item, names: Names, values: Values) -> bool:
        one, other = plain(left(item, names, values)), plain(right(item, names, values))
        if sign == "<>":
            return bool(one != other)
        if one is None or other is None or one[0] != other[0]:
            return False
        return bool(one == other if sign == "=" else _COMPARE[sign](one[1], other[1]))

    return test


def _between(reader: _Reader, left: Operand) -> Test:
    low = _operand(reader)
    reader.take("AND")
    high = _operand(reader)

    def test(item: Item, names: Names, values: Values) -> bool:
        one, least, most = (plain(side(item, names, values)) for side in (left, low, high))
        return one is not None and one[0] == least[0] and bool(least[1] <= one[1] <= most[1])

    return test


def _among(reader: _Reader, left: Operand) -> Test:
    reader.take("(")
    members = [_operand(reader)]
    while reader.took(","):
        members.append(_operand(reader))
    reader.take(")")
    return lambda item, names, values: (
        plain(left(item, names, values)) in [plain(member(item, names, values)) for member in members]
    )


def _operand(reader: _Reader) -> Operand:
    if reader.peek() == "size":
        path = _argument(reader)
        return lambda item, names, _: _size(path.find(item, names))
    if reader.peek().startswith(":"):
        name = reader.take()
        return lambda _item, _names, values: values[name]
    path = reader.path()
    return lambda item, names, _: path.find(item, names)


def _size(attribute: Any) -> Any:
    if attribute is None:
        return None
    ((_, value),) = attribute.items()
    return {"N": str(len(value))}


# Updates

Change = Callable[[Item, Item, Names, Values], None]


@cache
def update(text: str) -> Callable[[Item, Names, Values], Item]:
    """Make an update into a function from the old item to the new one."""
    reader = _Reader(text)
    changes: list[Change] = []
    while reader.peek():
        changes += _READ[reader.take(*_CLAUSES).upper()](reader)

    def apply(item: Item, names: Names, values: Values) -> Item:
        new = dict(item)
        for change in changes:
            change(item, new, names, values)
        return new

    return apply


def _listed(read: Callable[[_Reader], Change]) -> Callable[[_Reader], Sequence[Change]]:
    def clause(reader: _Reader) -> Sequence[Change]:
        changes = [read(reader)]
        while reader.took(","):
            changes.append(read(reader))
        return changes

    return clause


def _set(reader: _Reader) -> Change:
    path = reader.path()
    reader.take("=")
    value = _value(reader)

    def change(old: Item, new: Item, names: Names, values: Values) -> None:
        found = value(old, names, values)
        if found is None:
            raise InvalidExpressionError(
                "The provided expression refers to an attribute that does not exist in the item"
            )
        parent, last = _parent(new, path.named(names))
        parent[last] = found

    return change


def _value(reader: _Reader) -> Operand:
    first = _summand(reader)
    if reader.peek() not in ("+", "-"):
        return first
    sign = 1 if reader.take() == "+" else -1
    second = _summand(reader)

    def total(item: Item, names: Names, values: Values) -> Any:
        one, other = first(item, names, values), second(item, names, values)
        return {"N": str(int(one["N"]) + sign * int(other["N"]))} if one and other else None

    return total


def _summand(reader: _Reader) -> Operand:
    if reader.peek() != "if_not_exists":
        return _operand(reader)
    path, other = _two(reader)
    return lambda item, names, values: path.find(item, names) or other(item, names, values)


def _remove(reader: _Reader) -> Change:
    path = reader.path()

    def change(_old: Item, new: Item, names: Names, _values: Values) -> None:
        parent, last = _parent(new, path.named(names))
        parent.pop(last, None)

    return change


def _add(reader: _Reader) -> Change:
    path, by = reader.path(), _operand(reader)

    def change(old: Item, new: Item, names: Names, values: Values) -> None:
        there, more = path.find(old, names), by(old, names, values)
        parent, last = _parent(new, path.named(names))
        if "N" in more:
            parent[last] = {"N": str(int((there or {"N": "0"})["N"]) + int(more["N"]))}
        else:
            parent[last] = {"SS": sorted({*(there or {"SS": []})["SS"], *more["SS"]})}

    return change


def _delete(reader: _Reader) -> Change:
    path, by = reader.path(), _operand(reader)

    def change(old: Item, new: Item, names: Names, values: Values) -> None:
        there = path.find(old, names)
        if there is None:
            return
        left = sorted(set(there["SS"]) - set(by(old, names, values)["SS"]))
        parent, last = _parent(new, path.named(names))
        if left:
            parent[last] = {"SS": left}
        else:
            parent.pop(last, None)

    return change


def _parent(new: Item, steps: Sequence[str]) -> tuple[Item, str]:
    """Return the map that holds the last step, copied on the way so that the old item stays as it was."""
    where = new
    for step in steps[:-1]:
        if "M" not in where.get(step, {}):
            raise InvalidExpressionError("The document path provided in the update expression is invalid for update")
        where[step] = {"M": dict(where[step]["M"])}
        where = where[step]["M"]
    return where, steps[-1]


_READ: dict[str, Callable[[_Reader], Sequence[Change]]] = {
    "SET": _listed(_set),
    "REMOVE": _listed(_remove),
    "ADD": _listed(_add),
    "DELETE": _listed(_delete),
}
