"""How often somebody tried something within a span of time: counters that remove themselves.

limit#<what>#<who>#<start of the span>  count  count ttl
"""

from chalicelib.metadata.table import Key, Operation, Table, Update

_DAY_SECONDS = 86_400
_COUNT = "SET #ttl = :ttl ADD #count :amount"


def count(table: Table, what: str, who: str, *, start: int, seconds: int) -> int:
    """Count one more try in the span that begins at `start`, and return how many there were: one call."""
    values = {"amount": 1, "ttl": start + seconds + _DAY_SECONDS}
    tries: int = table.add(_key(what, who, start), _COUNT, values)["count"]
    return tries


def riding(what: str, who: str, amount: int, *, most: int, start: int, seconds: int) -> Operation:
    """Return the counting as part of another write, which then fails for who is past the limit: no call of its own."""
    values = {"amount": amount, "ttl": start + seconds + _DAY_SECONDS, "most": most}
    return Update(_key(what, who, start), _COUNT, "attribute_not_exists(#count) OR #count < :most", values)


def _key(what: str, who: str, start: int) -> Key:
    return Key(f"limit#{what}#{who}#{start}", "count")
