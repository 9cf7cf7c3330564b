"""When a picture or film was taken, as its place told the time, and who says so. Pure.

A moment is written `2024-01-31T12:34:56+01:00` where the offset is known, without one where only the wall clock is,
and with `Z` where only the instant is. Who says so, from the best to the last: EXIF, QuickTime, the file's name, the
phone, the upload. A clock that was never set, and times before photography or after the upload, are no time at all.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

EARLIEST_YEAR = 1826
LEEWAY = timedelta(days=2)
UNSET_CLOCKS = frozenset({datetime(1904, 1, 1), datetime(1970, 1, 1), datetime(1980, 1, 1)})  # noqa: DTZ001 (walls)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (a wall clock, no zone)
_MAC_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001 (same)
_MOST_WEST, _MOST_EAST = timedelta(hours=-12), timedelta(hours=14)
_QUARTER = timedelta(minutes=15)
# A GPS fix may be some minutes older than the picture; half a quarter of an hour would be a coin's toss.
_STALE_FIX = timedelta(minutes=4)

_CLOCK = re.compile(
    r"(\d{4})[:./-](\d\d?)[:./-](\d\d?)[ T]+(\d\d?):(\d\d?)(?::(\d\d?)(?:[.,](\d{1,9}))?)? *(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_NAME_CLOCK = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?:[-_ T.]| at )?"
    r"(\d\d)([-_.:]?)(\d\d)\6(\d\d)(?:[-_.]?(\d{3}))?(?!\d)",
    re.ASCII,
)
_NAME_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)(?=-WA\d))(?!\d)", re.ASCII)
_NAME_EPOCH = re.compile(r"(?:FB_IMG_|mmexport)?(1\d{12})(?:\D.*)?", re.ASCII)
# These write Greenwich time into their names.
_NAMES_IN_UTC = re.compile(r"PXL_|.*_iOS\.", re.ASCII)


class Moment(NamedTuple):
    """A wall clock and its zone: an offset, `Z` for Greenwich standing in for an unknown one, or nothing."""

    wall: datetime
    zone: str = ""

    @property
    def text(self) -> str:
        """The moment as the table writes it."""
        return self.wall.isoformat(timespec="milliseconds" if self.wall.microsecond else "seconds") + self.zone


class Told(NamedTuple):
    """Everything that speaks of when a file was taken."""

    name: str
    uploaded_at: str
    phone: str | None = None
    exif: Mapping[str, str] = {}
    quicktime: Mapping[str, str] = {}


class Captured(NamedTuple):
    """When a file was taken, and who says so."""

    at: str
    source: str


def judge(told: Told) -> Captured:
    """Return the best that is said of when a file was taken, and who says it."""
    uploaded = datetime.fromisoformat(told.uploaded_at).replace(tzinfo=None)
    for source, moment in _candidates(told):
        if moment and plausible(moment, uploaded):
            return Captured(moment.text, source)
    return Captured(told.uploaded_at, "upload")


def _candidates(told: Told) -> Iterator[tuple[str, Moment | None]]:
    phone, (named, has_clock) = _parse_iso(told.phone or ""), from_name(told.name)
    yield "exif", from_exif(told.exif)
    yield "quicktime", parse_clock(told.quicktime.get("creationDate", ""))
    if named and (has_clock or not _same_day(named, phone)):
        yield "name", _with_offset(named, told.quicktime)
    yield "quicktime", from_header(told.quicktime)
    yield "phone", phone
    yield "name", named


def plausible(moment: Moment, uploaded: datetime) -> bool:
    """Whether somebody may have taken a picture then."""
    if moment.wall.year < EARLIEST_YEAR or moment.wall in UNSET_CLOCKS:
        return False
    return moment.wall <= uploaded + LEEWAY


def from_exif(tags: Mapping[str, str]) -> Moment | None:
    """Read the time of the exposure, or of digitizing, or of the last change; each has an offset of its own.

    Where no offset is told, GPS may tell it: its clock shows Greenwich time.
    """
    for name, offset in (("Original", "Original"), ("Digitized", "Digitized"), ("", "")):
        moment = parse_clock(tags.get(f"DateTime{name}", ""))
        if moment and moment.wall not in UNSET_CLOCKS:
            moment = _finer(moment, tags.get(f"SubsecTime{name}", ""))
            zone = moment.zone or parse_zone(tags.get(f"OffsetTime{offset}", ""))
            return Moment(moment.wall, zone or (zone_by_gps(moment.wall, tags) if name else ""))
    return None


def from_header(boxes: Mapping[str, str]) -> Moment | None:
    """Read the time in a film's header: seconds since 1904, or by mistake since 1970, in Greenwich."""
    told = boxes.get("headerSeconds", "")
    if not (told.isascii() and told.isdigit()) or int(told) == 0:
        return None
    seconds = timedelta(seconds=int(told[:12]))
    try:
        since_1904 = _MAC_EPOCH + seconds
        return Moment(since_1904 if since_1904 >= _EPOCH else _EPOCH + seconds, "Z")
    except OverflowError:
        return None


def from_name(name: str) -> tuple[Moment | None, bool]:
    """Read the time out of the name a camera or an app gave, and say whether it holds more than a day."""
    for found in _NAME_CLOCK.finditer(name):
        year, _, month, day, hour, _, minute, second, thousandths = found.groups()
        moment = _moment((year, month, day, hour, minute, second), thousandths or "")
        if moment:
            return Moment(moment.wall, "Z" if _NAMES_IN_UTC.match(name) else ""), True
    epoch = _NAME_EPOCH.fullmatch(name)
    if epoch:
        return Moment(_EPOCH + timedelta(milliseconds=int(epoch[1])), "Z"), True
    for found in _NAME_DAY.finditer(name):
        moment = _moment((found[1], found[2] or found[4], found[3] or found[5], "0", "0", "0"), "")
        if moment:
            return moment, False
    return None, False


def parse_clock(text: str) -> Moment | None:
    """Read a time as cameras write it, with or without an offset; `None` for what no calendar knows."""
    found = _CLOCK.match(text.strip(" \0"))
    if not found:
        return None
    moment = _moment((*found.groups()[:5], found[6] or "0"), found[7] or "")
    return Moment(moment.wall, parse_zone(found[8] or "")) if moment else None


def parse_zone(text: str) -> str:
    """Read an offset that exists somewhere on earth; nothing for anything else."""
    if text.strip() == "Z":
        return "Z"
    found = _ZONE.fullmatch(text.strip(" \0"))
    if not found or int(found[3]) > 59:  # noqa: PLR2004 (minutes)
        return ""
    offset = timedelta(hours=int(found[2]), minutes=int(found[3])) * (-1 if found[1] == "-" else 1)
    return _zone_text(offset) if _MOST_WEST <= offset <= _MOST_EAST else ""


def zone_by_gps(wall: datetime, tags: Mapping[str, str]) -> str:
    """Return the offset at which the wall clock and GPS tell the same instant, if there is one."""
    satellites = parse_clock(f"{tags.get('GPSDateStamp', '')} {tags.get('GPSTimeStamp', '')}")
    return _zone_between(wall, satellites.wall) if satellites else ""


def _with_offset(named: Moment, boxes: Mapping[str, str]) -> Moment:
    """Add the offset that the header of a film gives away: it tells the same instant in Greenwich."""
    header = from_header(boxes)
    if named.zone or not header:
        return named
    return Moment(named.wall, _zone_between(named.wall, header.wall))


def _zone_between(wall: datetime, utc: datetime) -> str:
    apart = wall - utc
    offset = round(apart / _QUARTER) * _QUARTER
    near = abs(apart - offset) <= _STALE_FIX
    return _zone_text(offset) if near and _MOST_WEST <= offset <= _MOST_EAST else ""


def _zone_text(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _finer(moment: Moment, fraction: str) -> Moment:
    digits = fraction.strip(" \0")
    if moment.wall.microsecond or not (digits.isascii() and digits.isdigit()):
        return moment
    return Moment(moment.wall.replace(microsecond=_microseconds(digits)), moment.zone)


def _microseconds(fraction: str) -> int:
    """Cut a fraction of a second to thousandths, which is all that is written down."""
    return int(fraction[:3].ljust(3, "0")) * 1000 if fraction else 0


def _moment(parts: tuple[str, ...], fraction: str) -> Moment | None:
    try:
        year, month, day, hour, minute, second = map(int, parts)
        return Moment(datetime(year, month, day, hour, minute, second, _microseconds(fraction)))  # noqa: DTZ001 (wall)
    except ValueError:
        return None


def _same_day(named: Moment, phone: Moment | None) -> bool:
    """Whether a name that tells the day alone says no more than the phone does."""
    return phone is not None and abs(phone.wall.date() - named.wall.date()) <= timedelta(days=1)


def _parse_iso(text: str) -> Moment | None:
    """Read a time as phones and our own table write it, and keep its zone as it was written."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    if told.tzinfo is None:
        return Moment(told)
    if text.endswith("Z"):
        return Moment(told.astimezone(UTC).replace(tzinfo=None), "Z")
    return Moment(told.replace(tzinfo=None), text[-6:])
