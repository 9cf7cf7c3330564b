"""The JSON that Google Takeout lays beside each photo: whose it is, and when the photo was taken. Pure.

For `IMG_1.jpg` it has been `IMG_1.jpg.json`, and since 2024 `IMG_1.jpg.supplemental-metadata.json`; the name without
`.json` is cut to 46 characters; a counter moves to the end (`IMG_1(2).jpg` has `IMG_1.jpg(2).json` or
`IMG_1.jpg.supplemental-metadata(2).json`); an edited photo and the film of a Live Photo have none of their own.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

LONGEST = 46
LARGEST_BYTES = 1_000_000
SUPPLEMENT = ".supplemental-metadata"
EDITED = re.compile(r"-(edited|bearbeitet|modifié|editado|modificato|bewerkt|edytowane)$")
FILMS = (".mov", ".mp4")
_COUNTER = re.compile(r"\((\d+)\)$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def match(names: Collection[str]) -> dict[str, str]:
    """Return which JSON describes which file, by their names alone."""
    kept = {_key(name[: -len(".json")]): name for name in names if name.lower().endswith(".json")}
    pictures = [name for name in names if not name.lower().endswith(".json")]
    own = {name: found for name in pictures if (found := _first(kept, _described(name)))}
    lent = {name: found for name in pictures if name not in own and (found := _lent(name, own, kept))}
    return own | lent


def taken_at(text: str) -> tuple[bool, str | None]:
    """Tell whether a JSON describes a photo at all, and when the photo was taken."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return False, None
    if not isinstance(told, dict) or "title" not in told or not ({"photoTakenTime", "creationTime"} & told.keys()):
        return False, None
    return True, _moment(told.get("photoTakenTime"))


def _moment(told: Any) -> str | None:
    """Write Takeout's seconds since 1970 as a time; a hint that makes no sense is no hint."""
    try:
        at = _EPOCH + timedelta(seconds=int(told["timestamp"]))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    return at.replace(tzinfo=None).isoformat() + "Z"


def _described(name: str) -> Iterable[tuple[str, str]]:
    """Return the keys under which a file's own JSON may be kept, the surest first."""
    stem, dot, ending = name.rpartition(".")
    plain, counter = _key(stem) if dot else (name, "")
    whole = f"{plain}{dot}{ending}"
    supplemented = whole + SUPPLEMENT
    yield whole[:LONGEST], counter
    for length in range(min(len(supplemented), LONGEST), min(len(whole), LONGEST), -1):
        yield supplemented[:length], counter
    yield f"{stem}.{ending}"[:LONGEST], ""
    if dot:
        yield stem[:LONGEST], ""


def _lent(name: str, own: Mapping[str, str], kept: Mapping[tuple[str, str], str]) -> str | None:
    """Find the JSON that an edited photo shares with its original, or a film with its photo."""
    stem, dot, ending = name.rpartition(".")
    original = EDITED.sub("", stem)
    if original != stem:
        return _first(kept, _described(original + dot + ending))
    if dot + ending.lower() not in FILMS:
        return None
    return next((sidecar for photo, sidecar in own.items() if photo.rpartition(".")[0] == stem), None)


def _key(stem: str) -> tuple[str, str]:
    """Take the counter off the end."""
    found = _COUNTER.search(stem)
    return (stem[: found.start()], found[1]) if found else (stem, "")


def _first(kept: Mapping[tuple[str, str], str], keys: Iterable[tuple[str, str]]) -> str | None:
    return next((kept[key] for key in keys if key in kept), None)
