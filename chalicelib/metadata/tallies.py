"""Tallies: what an owner's files add up to besides their status, as names beside the counters of status. Pure.

    m_2026_11_f  m_2026_11_b    files and bytes that are in, by the month in which they arrived
    k_photo_f    k_photo_b      the same by kind: photo, video, other
    d_<id>_f     d_<id>_b       the same by the device that sent them; d_none of those that a person sent
    i_2026_11_f  i_2026_11_b    what has come in in a month, whatever became of it
    h_2026_11_f  h_2026_11_b    what was taken home in a month, once for each PC

A file is in while it is uploaded or downloaded. All of them are counters of the items that hold those of status, and
move in the same operation, so a write has no operation more. The names are short because each write pays for the item.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

Kind = Literal["photo", "video", "other"]
NOBODY = "none"
_KINDS: dict[str, Kind] = {"image/": "photo", "video/": "video"}
_MARK = "_"


class Tallied(Protocol):
    """What is known of a file that arrived."""

    @property
    def type(self) -> str: ...  # noqa: D102 (the file's own)
    @property
    def size(self) -> int | None: ...  # noqa: D102
    @property
    def device_id(self) -> str | None: ...  # noqa: D102
    @property
    def created_at(self) -> str: ...  # noqa: D102
    @property
    def uploaded_at(self) -> str | None: ...  # noqa: D102


def is_tally(name: str) -> bool:
    """Whether a counter is one of these, not of a status."""
    return _MARK in name


def is_of_files(name: str) -> bool:
    """Whether it is one that the files that are in account for; the others tell of what has been."""
    return name[:2] in ("m_", "k_", "d_")


def of_what_is_in(file: Tallied) -> Counter[str]:
    """Return what a file adds while it is in, of what never changes: it is taken off as it was added."""
    month = _month(file.uploaded_at or file.created_at)
    groups = f"m_{month}", f"k_{kind_of(file.type)}", f"d_{file.device_id or NOBODY}"
    return _pairs(groups, file.size or 0)


def of_arrivals(files: Iterable[Tallied]) -> Counter[str]:
    """Return what files add when they arrive, for good."""
    told: Counter[str] = Counter()
    for file in files:
        told += _pairs([f"i_{_month(file.uploaded_at or file.created_at)}"], file.size or 0)
    return told


def of_homecomings(files: Iterable[Tallied], now: str) -> Counter[str]:
    """Return what files add when a PC has taken them home, for good."""
    told: Counter[str] = Counter()
    for file in files:
        told += _pairs([f"h_{_month(now)}"], file.size or 0)
    return told


def kind_of(media_type: str) -> Kind:
    """Return what kind of file a type is."""
    return next((kind for prefix, kind in _KINDS.items() if media_type.startswith(prefix)), "other")


def read(letter: str, counters: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return files and bytes of each month, kind or device; months as 2026-11. What has none left is left out."""
    groups = {name.rpartition(_MARK)[0] for name in counters if name.startswith(f"{letter}{_MARK}")}
    return {
        group.partition(_MARK)[2].replace(_MARK, "-"): (counters.get(f"{group}_f", 0), counters.get(f"{group}_b", 0))
        for group in sorted(groups)
        if counters.get(f"{group}_f", 0)
    }


def _pairs(groups: Iterable[str], size: int) -> Counter[str]:
    told: Counter[str] = Counter()
    for group in groups:
        told[f"{group}_f"] = 1
        told[f"{group}_b"] = size
    return told


def _month(moment: str) -> str:
    return moment[:7].replace("-", _MARK)
