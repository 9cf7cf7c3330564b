"""Dates on a Windows drive: what it can hold is kept to the second, what it cannot costs nothing but the date."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import dates, disk

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
