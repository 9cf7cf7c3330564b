"""Notices on the screen: few, once a day, and never the agent's undoing. And whose key file it is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc

from agent.drive.home import Home
from agent.errors import RevokedError
from agent.identity import private
from agent.show import toasts
from agent.show.toasts import TITLE_OF_THE_FIRST, TITLE_OF_TROUBLE, Toaster

LOG = logging.getLogger("agent.somewhere")
HOME = "D:\\Photos"


class Screen:
    """A screen that remembers what was shown, or is not there."""

    def __init__(self, *, there: bool = True) -> None:
        self.titles: list[str] = []
        self.texts: list[str] = []
        self._there = there

    def __call__(self, title: str, text: str) -> bool:
        self.titles.append(title)
        self.texts.append(text)
        return self._there


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture(autouse=True)
def _verbose() -> Iterator[None]:
    before = logging.getLogger("agent").level
    logging.getLogger("agent").setLevel(logging.INFO)
    yield
    logging.getLogger("agent").setLevel(before)


@pytest.mark.parametrize(
    ("level", "sentence", "title"),
    [
        (logging.INFO, "came home file_id=1 path=a.jpg bytes=3", TITLE_OF_THE_FIRST),
        (logging.ERROR, "set aside file_id=1 after 8 tries", TITLE_OF_TROUBLE),
        (logging.CRITICAL, "x", TITLE_OF_TROUBLE),
        (logging.WARNING, "file_id=1 could not be reached; again in 3 s", None),
        (logging.INFO, "is home file_id=1", None),
        (logging.DEBUG, "all that was owed is home", None),
    ],
)
def test_what_is_worth_a_notice(level: int, sentence: str, title: str | None) -> None:
    toast = toasts.toast_for(level, sentence, HOME)

    assert (toast.title if toast else None) == title


def test_a_notice_is_no_longer_than_windows_can_show() -> None:
    assert len(toasts.trouble("x" * 1000).text) == toasts.LONGEST <= 255


def test_the_first_file_of_the_day_is_told_once(home: Home, screen: Screen) -> None:
    with toasts.following(home, screen):
        for number in range(3):
            LOG.info("came home file_id=%d", number)

    assert screen.titles == [TITLE_OF_THE_FIRST]
    assert str(home) in screen.texts[0]


def test_an_agent_that_starts_again_does_not_repeat_itself_until_tomorrow(tmp_path: Path, screen: Screen) -> None:
    for day in ("2026-11-21", "2026-11-21", "2026-11-22"):
        toaster = Toaster(HOME, tmp_path / "toasts.json", screen, lambda day=day: day)  # type: ignore[misc]
        toaster.tell(toasts.trouble("the drive is full"))

    assert len(screen.titles) == 2


def test_another_trouble_of_the_same_day_is_told(home: Home, screen: Screen) -> None:
    with toasts.following(home, screen):
        LOG.error("one thing")
        LOG.error("another thing")

    assert screen.texts == ["one thing", "another thing"]


def test_what_could_not_be_shown_is_not_taken_for_shown(home: Home) -> None:
    nobody, somebody = Screen(there=False), Screen()
    for screen in (nobody, somebody):
        with toasts.following(home, screen):
            LOG.error("trouble")

    assert (nobody.titles, somebody.titles) == ([TITLE_OF_TROUBLE], [TITLE_OF_TROUBLE])


def test_what_ends_the_agent_is_told(home: Home, screen: Screen) -> None:
    with pytest.raises(RevokedError), toasts.following(home, screen):
        raise RevokedError("d1")

    assert "not known to the cloud any more" in screen.texts[0]


def test_the_settings_may_say_no(pc: Pc, screen: Screen) -> None:
    (pc.home.state / "config.toml").write_text("toasts = false")

    with contextlib.suppress(RevokedError), toasts.following(pc.home, screen):
        LOG.error("trouble")
        raise RevokedError("d1")

    assert screen.titles == []


@pytest.mark.parametrize("memory", ["", "[]", "{", "null"])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, screen: Screen, memory: str) -> None:
    (tmp_path / "toasts.json").write_text(memory)

    Toaster(HOME, tmp_path / "toasts.json", screen).tell(toasts.trouble("x"))

    assert screen.titles == [TITLE_OF_TROUBLE]


def test_a_screen_that_breaks_hurts_nobody(home: Home) -> None:
    def breaks(_title: str, _text: str) -> bool:
        raise RuntimeError("no screen")

    with toasts.following(home, breaks):
        LOG.error("trouble")


def test_the_words_of_a_notice_are_never_code() -> None:
    evil = '" & do shell script "rm -rf ~'

    assert toasts.command_for(evil, evil, "darwin")[-2:] == [evil, evil]
    assert toasts.command_for("--icon", "-x", "linux")[2:] == ["--", "--icon", "-x"]


def test_without_a_program_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert not toasts.by_program("a", "b")


@pytest.mark.parametrize(
    ("may_read", "strangers"),
    [
        (["S-1-5-21-1-1001", "S-1-5-18"], []),
        (["S-1-5-32-544", "S-1-5-80-4711"], []),
        (["S-1-1-0"], ["S-1-1-0"]),
        (["S-1-5-32-545", "S-1-5-18"], ["S-1-5-32-545"]),
        (["S-1-5-21-1-1002"], ["S-1-5-21-1-1002"]),
    ],
)
def test_strangers_to_a_key_file(may_read: list[str], strangers: list[str]) -> None:
    assert private.strangers(may_read, {"S-1-5-21-1-1001"}) == strangers


def test_a_private_file_takes_the_place_of_another_whole(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("old, and longer")
    (tmp_path / "key.closed").write_text("left behind")

    private.write(tmp_path / "key", "new")

    assert (tmp_path / "key").read_text() == "new"
    assert not private.is_open(tmp_path / "key")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_running_agent_tells_of_its_first_file(cloud: FakeCloud, pc: Pc, screen: Screen) -> None:
    cloud.has(b"a photo", "a.jpg")

    with toasts.following(pc.home, screen):
        pc.start()
        cloud.wait_until(lambda: cloud.all_home)
        pc.stop()

    assert screen.titles == [TITLE_OF_THE_FIRST]
