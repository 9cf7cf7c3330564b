"""Which names are nobody's photos: hidden, the system's own, or not finished yet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

SYSTEM = frozenset(
    {
        "$recycle.bin",
        "@eadir",
        "__macosx",
        "#recycle",
        "desktop.ini",
        "ehthumbs.db",
        "icon\r",
        "lost+found",
        "system volume information",
        "thumbs.db",
    }
)
UNFINISHED = (".aria2", ".crdownload", ".download", ".filepart", ".opdownload", ".part", ".partial", ".temp", ".tmp")
HIDDEN_BIT, SYSTEM_BIT = 0x2, 0x4
JUNCTION = 0xA0000003


def reason(name: str) -> str | None:
    """Say why a name is not wanted, or `None` if it is."""
    lowered = name.lower()
    if lowered in SYSTEM:
        return "it is the system's own"
    if name.startswith("."):
        return "it is hidden"
    if lowered.endswith(UNFINISHED) or name.startswith("~$"):
        return "it is not finished yet, by its name"
    return None


def attribute_reason(found: os.stat_result) -> str | None:
    """Say why Windows' attributes make a file unwanted; elsewhere there are none."""
    attributes = getattr(found, "st_file_attributes", 0)
    if getattr(found, "st_reparse_tag", 0) == JUNCTION:
        return "it is a link; what it leads to is pushed if it lies in the folder"
    if attributes & SYSTEM_BIT:
        return "it is the system's own"
    return "it is hidden" if attributes & HIDDEN_BIT else None
