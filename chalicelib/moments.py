"""Times and ids as the table and the API write them. Pure: the moment is always an argument."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The one default clock."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Write a moment as UTC ISO 8601 with milliseconds and `Z`, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote."""
    return datetime.fromisoformat(text)


def new_id(moment: datetime, random_bits: Callable[[int], int] = secrets.randbits) -> str:
    """Make a UUIDv7 (RFC 9562) as 32 hex digits: it sorts by time and holds no hyphen, which keys rely on."""
    milliseconds = int(moment.timestamp() * 1000) & (1 << 48) - 1
    variant, version = 0b10, 7
    value = milliseconds << 80 | version << 76 | random_bits(12) << 64 | variant << 62 | random_bits(62)
    return f"{value:032x}"
