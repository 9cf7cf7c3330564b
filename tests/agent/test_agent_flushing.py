"""What could not be flushed never counts, and on macOS the drive itself is told to write down what it has."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from test_agent_download import LARGE, SMALL, Desk, an_entry

from agent.drive import disk
from agent.drive.home import Home
from agent.errors import PausedError, UnwritableError
from agent.fetch.delivery import Came
from agent.fetch.notices import Notice

WHOLE_DRIVE = 51
"""What macOS calls F_FULLFSYNC."""


@pytest.fixture
def desk(home: Home, cloud: FakeCloud) -> Desk:
    return Desk(home, cloud)


class Failing:
    """A flush that tells of lost bytes once, as Linux does, and of none ever after."""

    def __init__(self) -> None:
        self.told = False

    def __call__(self, _what: object) -> None:
        if not self.told:
            self.told = True
            raise OSError(errno.EIO, "the drive lost some")


def test_bytes_that_could_not_be_flushed_are_fetched_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", Failing())
    desk.has(LARGE)

    with pytest.raises(UnwritableError):
        desk.bring()

    assert isinstance(desk.bring(), Came)
    assert desk.asked() == [None, None]
    assert desk.target.read_bytes() == LARGE


def test_what_an_earlier_run_left_and_cannot_be_flushed_is_fetched_anew(desk: Desk) -> None:
    desk.has(LARGE)
    desk.begun(len(LARGE))
    courier = dataclasses.replace(desk.courier, flush=Failing())

    with pytest.raises(UnwritableError):
        courier.bring(desk.notice, an_entry(desk.notice))

    assert isinstance(courier.bring(desk.notice, an_entry(desk.notice)), Came)
    assert desk.asked() == [None]


def test_a_small_file_that_has_to_wait_is_not_asked_for_yet(desk: Desk) -> None:
    desk.has(SMALL)

    def wait(_notice: Notice, _count: int) -> None:
        raise PausedError

    with pytest.raises(PausedError):
        dataclasses.replace(desk.courier, passing=wait).bring(desk.notice, an_entry(desk.notice))

    assert desk.asked() == []


def as_on_macos(monkeypatch: pytest.MonkeyPatch, told: list[object], refusal: int = 0) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows flushes no folders")

    def command(_handle: int, asked: int) -> None:
        told.append(asked)
        if refusal:
            raise OSError(refusal, "no")

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", WHOLE_DRIVE, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", command)
    monkeypatch.setattr(disk, "_flush_folder", lambda folder: told.append(folder.name))


def test_the_drive_is_told_once_when_all_folders_are_flushed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    as_on_macos(monkeypatch, told)

    disk.flush_folders(home, [home.folder / "2024" / name for name in "abc"])

    assert told == ["2024", "home", WHOLE_DRIVE]


@pytest.mark.parametrize("refusal", [errno.ENOTSUP, errno.ENOTTY])
def test_a_share_that_knows_no_such_command_is_flushed_as_it_can_be(
    home: Home, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    as_on_macos(monkeypatch, [], refusal)

    disk.flush_folders(home, [home.folder / "a"])


def test_a_drive_that_cannot_write_down_what_it_has_is_no_home_yet(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_on_macos(monkeypatch, [], errno.EIO)

    with pytest.raises(OSError, match="no"):
        disk.flush_folders(home, [tmp_path / "home" / "a"])
