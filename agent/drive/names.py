r"""What one file or folder may be called, on Windows above all. Pure.

Legal everywhere means: none of < > : " / \ | ? * nor controls, no trailing dot or space, no device name (CON, NUL.jpg),
NFC, at most 180 bytes of UTF-8 (so a suffix fits under 255), never empty, never the name of our own state folder.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

STATE_FOLDER = ".backhaul"
LONGEST = 180
LONGEST_ENDING = 24
NAMELESS = "file"
PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}(\.[A-Za-z0-9]{1,24})?")
"""What cameras call their files: legal everywhere, but for the names of devices."""
READABLE = str.maketrans(
    {":": "-", "/": "-", "\\": "-", "|": "-", "?": "_", "*": "_", '"': "'", "<": "(", ">": ")", "\t": " ", "\n": " "}
)
UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
SURROGATES = re.compile("[\ud800-\udfff]")
DEVICES = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|COM[0-9¹²³]|LPT[0-9¹²³])", re.IGNORECASE)


@lru_cache(maxsize=1024)  # the folders of a roll are few, and asked for with each file
def legal_name(name: str) -> str:
    """Turn any text into a name that every file system takes; a legal name stays as it is."""
    return _not_special(name if PLAIN.fullmatch(name) else _mended(name))


def suffixed(name: str, mark: str) -> str:
    """Tell twins apart: `IMG_1.jpg` and a mark give `IMG_1 (mark).jpg`."""
    stem, ending = _split(name)
    return f"{stem} ({mark}){ending}"


def twin_key(path: str) -> str:
    """Fold what any file system may take for the same name: case and composition.

    Folding more than NTFS or APFS do costs a suffix now and then; folding less would cost a photo.
    """
    if path.isascii():
        return path.lower()
    folded = unicodedata.normalize("NFD", path).upper().casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded))


def _mended(name: str) -> str:
    """Map what no file system takes, cut what is too long, and tidy the ends."""
    cleaned = unicodedata.normalize("NFC", SURROGATES.sub("_", UNWANTED.sub("", name.translate(READABLE))))
    stem, ending = _split(cleaned.strip(" "))
    return _tidy(_cut(stem, LONGEST - len(ending.encode())) + ending)


def _split(name: str) -> tuple[str, str]:
    """Split off the ending, if it is a short one."""
    stem, dot, ending = name.rpartition(".")
    if not stem.strip(" .") or not ending or len(ending.encode()) > LONGEST_ENDING:
        return name, ""
    return stem, dot + ending


def _cut(text: str, longest: int) -> str:
    """Cut to a number of bytes without splitting a character."""
    return text.encode()[:longest].decode(errors="ignore")


def _tidy(name: str) -> str:
    return name.strip(" ").rstrip(". ") or NAMELESS


def _not_special(name: str) -> str:
    """Step around device names and our own state folder."""
    stem = name.split(".", maxsplit=1)[0].rstrip(" ")
    if DEVICES.fullmatch(stem) or twin_key(name) == twin_key(STATE_FOLDER):
        return "_" + name
    return name
