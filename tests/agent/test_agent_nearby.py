"""What was seen a moment ago is believed for a moment, and never when it matters."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.drive import disk, nearby
from agent.drive.home import Home
from agent.drive.nearby import A_WHILE_SECONDS, LATELY_SECONDS, Presence, Rest, Ways
from agent.errors import DiskFullError, HomeMissingError, UnwritableError


class Clock:
    """A clock that goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_a_home_folder_that_went_away_is_missed_in_a_moment(home: Home, clock: Clock) -> None:
    presence = Presence(home, home.mark(), clock)
    presence.require_lately()
    home.marker.unlink()

    presence.require_lately()
    clock.now += LATELY_SECONDS

    with pytest.raises(HomeMissingError):
        presence.require_lately()


def test_a_home_folder_that_went_away_is_missed_at_once_where_it_matters(home: Home, clock: Clock) -> None:
    presence = Presence(home, home.mark(), clock)
    presence.require()
    home.marker.unlink()

    with pytest.raises(HomeMissingError):
        presence.require()


def test_a_folder_is_looked_at_again_after_a_while(home: Home, clock: Clock, tmp_path: Path) -> None:
    ways = Ways(home, clock)
    assert ways.place("2024/a.jpg") == home.folder / "2024" / "a.jpg"
    (tmp_path / "elsewhere").mkdir()
    (home.folder / "2024").symlink_to(tmp_path / "elsewhere")

    clock.now += A_WHILE_SECONDS

    with pytest.raises(UnwritableError):
        ways.place("2024/b.jpg")


def test_a_link_that_leads_out_is_not_followed_whatever_is_known_of_its_folder(
    home: Home, clock: Clock, tmp_path: Path
) -> None:
    ways = Ways(home, clock)
    ways.place("a.jpg")
    (tmp_path / "secret").write_text("nobody's business")
    (home.folder / "b.jpg").symlink_to(tmp_path / "secret")

    with pytest.raises(UnwritableError):
        disk.find(home, ways.place("b.jpg"))


@pytest.mark.parametrize("path", ["../a.jpg", "2024/../../a.jpg", "2024/.."])
def test_no_way_leads_out_whatever_was_seen_before(home: Home, clock: Clock, path: str) -> None:
    ways = Ways(home, clock)
    ways.place("2024/a.jpg")

    with pytest.raises(UnwritableError):
        ways.place(path)


def test_what_was_let_in_counts_before_the_drive_is_asked_again(
    home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _: 100)
    rest = Rest(home, 10, clock)

    rest.require(60)
    monkeypatch.setattr(disk, "free_bytes", lambda _: 40)

    with pytest.raises(DiskFullError):
        rest.require(31)
    rest.require(30)


def test_room_made_meanwhile_is_found(home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby.disk, "free_bytes", lambda _: 0)
    rest = Rest(home, 0, clock)
    with pytest.raises(DiskFullError):
        rest.require(1)

    monkeypatch.setattr(nearby.disk, "free_bytes", lambda _: 1)

    rest.require(1)
