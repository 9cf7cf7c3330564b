"""What pictures and films tell of themselves, made safe to keep: camera, place, size. Pure.

All of it was written by whoever made the file, so it is cut, cleaned and checked before anybody stores it.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

MOST_CAMERA_CHARACTERS = 64
MOST_SIDE = 1_000_000
_ISO_6709 = re.compile(r"([+-]\d{1,2}(?:\.\d{1,10})?)([+-]\d{1,3}(?:\.\d{1,10})?)(?:[+-/].*)?", re.ASCII | re.DOTALL)
_MILLIONTHS = 1_000_000


def camera(make: str, model: str) -> str | None:
    """Name the camera: maker and model, the maker once."""
    make, model = clean(make), clean(model)
    named = model if model.casefold().startswith(make.casefold()) else f"{make} {model}"
    return named[:MOST_CAMERA_CHARACTERS].strip() or None


def clean(text: str) -> str:
    """Keep what can be printed, each run of blanks as one."""
    printable = "".join(one if unicodedata.category(one)[0] not in "CZ" else " " for one in text)
    return unicodedata.normalize("NFC", " ".join(printable.split()))


def size(width: int, height: int) -> tuple[int, int] | None:
    """Return width and height if both are such as a picture may have."""
    return (width, height) if 0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE else None


def place_of_picture(gps: Mapping[str, str | Sequence[float]]) -> dict[str, int] | None:
    """Read EXIF's degrees, minutes and seconds."""
    latitude = _degrees(gps.get("GPSLatitude"), gps.get("GPSLatitudeRef"), "NS")
    longitude = _degrees(gps.get("GPSLongitude"), gps.get("GPSLongitudeRef"), "EW")
    return None if latitude is None or longitude is None else place(latitude, longitude)


def place_of_film(location: str) -> dict[str, int] | None:
    """Read ISO 6709 as films have it: `+48.8577+002.295/`."""
    found = _ISO_6709.fullmatch(location)
    return place(float(found[1]), float(found[2])) if found else None


def place(latitude: float, longitude: float) -> dict[str, int] | None:
    """Return a place on earth in millionths of a degree, which the table can hold; none for no place, and for 0, 0."""
    inside = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 (the earth)
    if not inside or not (latitude or longitude):
        return None
    return {"lat": round(latitude * _MILLIONTHS), "lon": round(longitude * _MILLIONTHS)}


def degrees(millionths: int) -> float:
    """Return what `place` wrote as degrees."""
    return millionths / _MILLIONTHS


def _degrees(parts: str | Sequence[float] | None, side: object, sides: str) -> float | None:
    if isinstance(parts, str) or not parts or len(parts) > 3 or not isinstance(side, str):  # noqa: PLR2004 (° ' ")
        return None
    told = side.strip(" \0").upper()[:1]
    if not told or told not in sides:
        return None
    value = sum(part / 60**power for power, part in enumerate(parts))
    return (-value if told == sides[1] else value) if math.isfinite(value) else None
