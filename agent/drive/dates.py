"""When a file was taken, as its owner would say it. Pure.

The folder follows the wall clock of the place where the photo was taken:
an offset (`+02:00`) or no zone at all: the date as written; `Z`: only the instant is known, so this PC's zone;
no date, an impossible one, before photography, after the upload, or a clock that was never set: the upload's date.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EARLIEST_YEAR = 1826
LATEST_YEAR = 9999
UNSET_CLOCKS = {datetime(1904, 1, 1), datetime(1970, 1, 1), datetime(1980, 1, 1)}  # noqa: DTZ001 - wall clocks, no zone
LEEWAY = timedelta(days=2)


def instant(text: str | None) -> datetime | None:
    """Read an ISO 8601 time; `None` for none or nonsense. A time without a zone stays without."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def wall_time(taken_at: str | None, uploaded_at: str | None, zone: tzinfo | None = None) -> datetime:
    """Return the local time to file a photo under; `zone` is this PC's (`None`: ask the system)."""
    uploaded = _wall(instant(uploaded_at), zone) or datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock, no zone
    told = instant(taken_at)
    taken = None if _never_set(told) else _wall(told, zone)
    return taken if taken is not None and _plausible(taken, uploaded) else uploaded


def timestamp(
    taken_at: str | None, uploaded_at: str | None, *, seconds: Callable[[datetime], float] = datetime.timestamp
) -> float | None:
    """Return the modification time for a file in seconds since 1970, or `None` where there is no sensible one."""
    for told in (instant(taken_at), instant(uploaded_at)):
        try:
            if told is not None and told.year >= EARLIEST_YEAR:
                return _since_1970(told, seconds)
        except (OverflowError, OSError, ValueError):
            continue
    return None


def _wall(told: datetime | None, zone: tzinfo | None) -> datetime | None:
    if told is None or told.tzinfo is None:
        return told
    if told.utcoffset() != timedelta(0):
        return told.replace(tzinfo=None)
    return _in_zone(told, zone)


def _in_zone(told: datetime, zone: tzinfo | None) -> datetime:
    """Convert to a zone; years at the edge of the calendar stay as written."""
    for likely in (zone, _standard()):
        try:
            return told.astimezone(likely).replace(tzinfo=None)
        except (OverflowError, OSError, ValueError):
            continue
    return told.astimezone(UTC).replace(tzinfo=None)


def _since_1970(told: datetime, seconds: Callable[[datetime], float]) -> float:
    """Count the seconds since 1970; a time without a zone is this PC's."""
    try:
        return seconds(told)
    except OSError:
        return seconds(told.replace(tzinfo=_standard()))


def _standard() -> tzinfo:
    """Return this PC's standard time: Windows knows no local time before 1970, so `None` fails there."""
    return timezone(timedelta(seconds=-time.timezone))


def _never_set(told: datetime | None) -> bool:
    return told is not None and told.replace(tzinfo=None) in UNSET_CLOCKS


def _plausible(taken: datetime, uploaded: datetime) -> bool:
    if taken.year < EARLIEST_YEAR:
        return False
    return uploaded.year >= LATEST_YEAR or taken <= uploaded + LEEWAY
