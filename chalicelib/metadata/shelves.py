"""Shelves: where an owner's files lie in the order they were captured. Pure; DynamoDB itself keeps the order.

    index library     shelf        ownerId, or trash#<ownerId> of what was thrown away
                      shelvedAt    2024-01-31T12:34:56.000#<fileId>: the wall clock where it was captured, then the id
    index favourites  favouriteOf  ownerId, of a favourite; absent of any other
                      shelvedAt

These are attributes of the file's own item, so a file is moved by the very write that changes it. A position ends in
the id, so no two are the same: what comes after one is told by the position alone, even if the file has gone.
"""

import re

from chalicelib.metadata import marks
from chalicelib.metadata.table import Index

SHOWN = marks.SHOWN
LIBRARY = Index("library", "shelf", "shelvedAt", SHOWN)
FAVOURITES = Index("favourites", "favouriteOf", "shelvedAt", tuple(name for name in SHOWN if name != "favouriteOf"))

FIRST, LAST = "0", "9~"
_WALL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?")
_POSITION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}#([0-9a-f]{32})")


def shelf(owner_id: str, *, trashed: bool = False) -> str:
    """Name the shelf of an owner's files, or of those thrown away."""
    return f"trash#{owner_id}" if trashed else owner_id


def position(captured_at: str, file_id: str) -> str:
    """Return where on its shelf a file lies; the zone is left out, so that a day is the day of who was there."""
    found = _WALL.match(captured_at)
    assert found, f"a moment begins with date and time, got {captured_at!r}"
    return f"{found[1]}.{(found[2] or '')[:3]:0<3}#{file_id}"


def id_at(position: str) -> str | None:
    """Return the id in a position, or `None` for what is no position."""
    found = _POSITION.fullmatch(position)
    return found[1] if found else None
