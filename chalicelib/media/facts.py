"""What media work found out about a file, as replies tell it."""

from typing import Any, Literal

from chalicelib.bodies import Reply
from chalicelib.media import told
from chalicelib.metadata.files import File

CapturedFrom = Literal["exif", "quicktime", "name", "phone", "upload"]
MediaState = Literal["done", "unreadable", "tooLarge", "none"]
Side = Literal["256", "1600"]


class Place(Reply, frozen=True):
    """Where on earth, in degrees."""

    lat: float
    lon: float


def of(file: File) -> dict[str, Any]:
    """Return what a file's reply says differently from its item."""
    place = file.place and Place(told.degrees(file.place["lat"]), told.degrees(file.place["lon"]))
    return {"place": place or None, "previews": sorted(file.previews, key=int)}
