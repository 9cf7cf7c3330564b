"""Labels: what an object carries along of its file, so that the table can be rebuilt from the bucket. Pure.

    x-amz-meta-label: createdAt=2026-11-21T10%3A00%3A00.123Z&takenAt=...&name=M%C3%BCritz.jpg&deviceId=...

Size, type and hash are S3's own to tell, owner and id are in the key. The label is signed into the link, so a client
can neither leave it out nor change it. Only the link of the simplest client, which sends no such header, has none.
"""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode

from chalicelib import keys
from chalicelib.metadata.files import File

NAME = "label"
HEADER = f"x-amz-meta-{NAME}"
# S3 takes two kilobytes of such headers in all, their names counted; the hash of a file in parts is one of them.
MOST_CHARACTERS = 1800
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?")
_MOST_NAME = 1024
_MOST_HINT = 256


def of(file: File) -> str:
    """Write a file's label; what does not fit is left out, the most telling comes first."""
    label = ""
    for word, (field, _) in _FIELDS.items():
        value = getattr(file, field)
        longer = f"{label}&{_one(word, value)}".lstrip("&") if value else label
        label = longer if len(longer) <= MOST_CHARACTERS else label
    return label


def read(label: str) -> dict[str, str]:
    """Read a label into the fields of a file; what is not of the form that we write is left out."""
    told = dict(parse_qsl(label, errors="replace")) if len(label) <= MOST_CHARACTERS else {}
    return {field: told[word] for word, (field, is_sound) in _FIELDS.items() if word in told and is_sound(told[word])}


def _one(word: str, value: str) -> str:
    return urlencode({word: value.encode("utf-8", "replace")}, quote_via=quote)


def is_moment(value: str) -> bool:
    """Whether it is a moment as we write one or a phone declares it, and the calendar knows it."""
    if not _MOMENT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_hint(value: str) -> bool:
    return 0 < len(value) <= _MOST_HINT


_FIELDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "createdAt": ("created_at", is_moment),
    "takenAt": ("taken_at", is_moment),
    "deviceId": ("device_id", keys.is_id),
    "name": ("name", lambda value: 0 < len(value) <= _MOST_NAME),
    "groupId": ("group_id", _is_hint),
    "localId": ("local_id", _is_hint),
    "deviceName": ("device_name", _is_hint),
}
