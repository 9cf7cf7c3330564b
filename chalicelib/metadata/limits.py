"""How often somebody tried something within a span of time: counters that remove themselves.

limit#<what>#<who>#<start of the span>  count  count ttl
"""

from chalicelib.metadata.table import Key, Table

_DAY_SECONDS = 86_400


def count(table: Table, what: str, who: str, *, start: int, seconds: int) -> int:
    """Count one more try in the span that begins at `start`, and return how many there were: one call."""
    key = Key(f"limit#{what}#{who}#{start}", "count")
    values = {"one": 1, "ttl": start + seconds + _DAY_SECONDS}
    tries: int = table.add(key, "SET #ttl = :ttl ADD #count :one", values)["count"]
    return tries
