"""Capture dates: the folder follows the owner's wall clock; absurd dates cost nothing but the date."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices_told import a_notice

from agent.drive import birth, dates, paths

BERLIN = timezone(timedelta(hours=2))
UPLOADED = "2026-11-21T10:00:00.123Z"


@pytest.mark.parametrize(
    ("taken_at", "folder"),
    [
        ("2024-07-01T00:30:00+02:00", "2024-07"),
        ("2024-06-30T22:30:00Z", "2024-07"),
        ("2024-07-01T00:30:00", "2024-07"),
        ("2024-06-30T23:30:00-12:00", "2024-06"),
        ("2024-07-01T13:00:00+14:00", "2024-07"),
        ("1969-12-31T12:00:00Z", "1969-12"),
        ("1979-05-05T12:00:00", "1979-05"),
        ("2024-03-31T02:30:00", "2024-03"),
        (None, "2026-11"),
        ("0000-00-00T00:00:00", "2026-11"),
        ("1904-01-01T00:00:00Z", "2026-11"),
        ("1970-01-01T00:00:00Z", "2026-11"),
        ("0005-01-01T00:00:00", "2026-11"),
        ("9999-12-31T23:59:59Z", "2026-11"),
        ("2743924-01-01", "2026-11"),
        ("yesterday", "2026-11"),
    ],
)
def test_the_folder_follows_the_owners_wall_clock(taken_at: str | None, folder: str) -> None:
    notice = a_notice(takenAt=taken_at, uploadedAt=UPLOADED)

    assert paths.candidates("{year}-{month}/{name}", notice, BERLIN)[0] == f"{folder}/IMG_1.jpg"


@given(st.text(max_size=40) | st.datetimes().map(datetime.isoformat), st.text(max_size=40) | st.just(UPLOADED))
def test_no_date_breaks_anything(taken_at: str, uploaded_at: str) -> None:
    assert 1 <= dates.wall_time(taken_at, uploaded_at, UTC).month <= 12

    assert isinstance(dates.timestamp(taken_at, uploaded_at), float | None)


def test_the_time_of_a_file_is_when_it_was_taken() -> None:
    assert dates.timestamp("2024-07-01T00:00:00+02:00", UPLOADED) == 1719784800.0
    assert dates.timestamp("0005-01-01T00:00:00Z", UPLOADED) == dates.timestamp(None, UPLOADED)


def windows_seconds(told: datetime) -> float:
    """Count as Windows does, which knows no local time before 1970."""
    if told.tzinfo is None and told.year < 1970:
        raise OSError(22, "Invalid argument")
    return told.timestamp()


def test_a_local_time_that_windows_does_not_know_is_taken_for_standard_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "timezone", -3600)

    assert dates.timestamp("1969-07-20T21:17:40", UPLOADED, seconds=windows_seconds) == -14182940.0


def test_a_date_that_no_clock_counts_gives_way_to_the_upload() -> None:
    def counted(told: datetime) -> float:
        if told.tzinfo is None:
            raise OverflowError("timestamp out of range for platform time_t")
        return told.timestamp()

    assert dates.timestamp("2024-07-01T00:00:00", UPLOADED, seconds=counted) == dates.timestamp(None, UPLOADED)
    assert dates.timestamp("2024-07-01T00:00:00", None, seconds=counted) is None


class Unknown(tzinfo):
    """The zone of a PC that knows no local time for a date."""

    def fromutc(self, _told: datetime) -> datetime:
        raise OSError(22, "Invalid argument")


def test_where_the_system_knows_no_local_time_standard_time_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "timezone", -3600)

    assert dates.wall_time("1965-06-30T23:30:00Z", UPLOADED, Unknown()) == datetime(1965, 7, 1, 0, 30)  # noqa: DTZ001


def test_at_the_edge_of_the_calendar_a_date_stays_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "timezone", 3600)
    west = timezone(timedelta(hours=-5))

    assert dates.wall_time(None, "0001-01-01T00:30:00Z", west) == datetime(1, 1, 1, 0, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [
        (0.0, 116444736000000000),
        (1.5, 116444736015000000),
        (-11644473600.0, None),
        (-11644473599.0, 10_000_000),
        (-1e18, None),
        (1e18, None),
    ],
)
def test_windows_counts_dates_from_1601(seconds: float, ticks: int | None) -> None:
    assert birth.ticks(seconds) == ticks
