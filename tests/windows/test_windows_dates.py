"""Dates on a Windows drive: what it can hold is kept to the second, what it cannot costs nothing but the date."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest
from exceptions import under_wine

from agent.drive import birth, dates, disk

if sys.platform == "win32":
    import msvcrt
    from ctypes import wintypes

UPLOADED = "2026-11-21T10:00:00Z"


@pytest.mark.parametrize("modified", [0.0, 1.0, 294753600.0, 1719784800.0, 4102444800.0])
def test_a_sensible_date_is_kept(tmp_path: Path, modified: float) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"a photo")

    disk.set_time(photo, modified)

    assert photo.stat().st_mtime == modified


@pytest.mark.parametrize(
    "modified",
    [-1.0, -147009600.0, -11644473600.0, -11644473601.0, -1e18, 1e12, 1e18, float("inf"), float("nan"), None],
)
def test_an_absurd_date_costs_nothing_but_the_date(tmp_path: Path, modified: float | None) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"a photo")

    disk.set_time(photo, modified)

    assert photo.read_bytes() == b"a photo"
    assert photo.stat().st_size == 7


@pytest.mark.parametrize("taken_at", ["1965-05-05T12:00:00", "1965-05-05T12:00:00Z", "1900-01-01T00:00:00+01:00"])
def test_a_scanned_photo_keeps_the_date_it_was_taken(tmp_path: Path, taken_at: str) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"a photo")

    disk.set_time(photo, dates.timestamp(taken_at, UPLOADED))

    assert photo.stat().st_mtime < 0


def made(path: Path) -> int:
    """Ask Windows for when a file was made, in its own ticks."""
    asked = wintypes.FILETIME()
    with path.open("rb") as opened:
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(opened.fileno()))
        assert ctypes.windll.kernel32.GetFileTime(handle, ctypes.byref(asked), None, None)
    return asked.dwHighDateTime << 32 | asked.dwLowDateTime


@pytest.mark.skipif(under_wine(), reason="Wine keeps no creation time of its own")
def test_a_photo_was_made_when_it_was_taken(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"a photo")

    disk.set_time(photo, 294753600.0)

    assert made(photo) == birth.ticks(294753600.0)
    assert photo.stat().st_mtime == 294753600.0


def test_windows_takes_the_date_a_file_was_made(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"a photo")

    birth.set_date(photo, 294753600.0)

    assert photo.read_bytes() == b"a photo"
