"""Large files go straight to the drive: the bytes are the same whatever the drive can."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from agent.drive import ahead, disk, straight
from agent.drive.straight import BLOCK, BUFFER, Straight

BYTES = bytes(range(251)) * (2 * BUFFER // 251 + BLOCK)
SIZES = (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, BUFFER - 1, BUFFER, BUFFER + 1, 2 * BUFFER + 7)


class Drive(io.FileIO):
    """A file whose drive takes some writes, and refuses others."""

    def __init__(self, path: Path, answers: Iterable[int | OSError]) -> None:
        super().__init__(path, "wb")
        self._answers = iter(answers)

    def write(self, body: memoryview) -> int:  # type: ignore[override]
        answer = next(self._answers, len(body))
        if isinstance(answer, OSError):
            raise answer
        return super().write(body[:answer])


@pytest.mark.parametrize("start", [0, BLOCK, 5])
@pytest.mark.parametrize("size", SIZES)
def test_the_bytes_are_those_that_came_from_wherever_they_begin(tmp_path: Path, start: int, size: int) -> None:
    path = tmp_path / "video"
    path.write_bytes(BYTES[:start] + b"what an earlier attempt left")
    chunks = [BYTES[at : min(at + 100_000, start + size)] for at in range(start, start + size, 100_000)]

    end = disk.write_from(path, start, chunks, lambda _: None, straight.LARGE)

    assert end == start + size
    assert path.read_bytes() == BYTES[: start + size]


def test_what_cannot_go_straight_is_flushed_while_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[tuple[Path, bool]] = []

    def flush(path: Path, *, forgetting: bool) -> None:
        flushed.append((path, forgetting))

    monkeypatch.setattr(ahead, "EVERY", BUFFER)
    monkeypatch.setattr(disk, "flush", flush)
    path = tmp_path / "video"
    path.write_bytes(b"where")

    disk.write_from(path, 5, [BYTES[:BUFFER]], lambda _: None, straight.LARGE)

    assert flushed == [(path, True)]


def test_a_write_that_takes_less_than_it_was_given_is_gone_on_with(tmp_path: Path) -> None:
    with Drive(tmp_path / "video", [BLOCK, BLOCK, 3, 5]) as opened:
        write(opened, BUFFER + 9)

    assert (tmp_path / "video").read_bytes() == BYTES[: BUFFER + 9]


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_drive_that_refuses_what_it_said_it_could_gets_it_the_usual_way(tmp_path: Path, refusal: int) -> None:
    with Drive(tmp_path / "video", [OSError(refusal, "no")]) as opened:
        made = Straight(opened)
        if not made.is_straight:
            pytest.skip("this drive cannot anyway")
        made.write(memoryview(BYTES)[:BUFFER])
        made.close()

    assert (tmp_path / "video").read_bytes() == BYTES[:BUFFER]


def test_what_a_full_drive_took_is_the_beginning_of_the_file_and_nothing_twice(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "full")

    with Drive(tmp_path / "video", [2 * BLOCK, full, BLOCK, full]) as opened, pytest.raises(OSError, match="full"):
        write(opened, BUFFER)

    assert (tmp_path / "video").read_bytes() == BYTES[: 3 * BLOCK]


def write(opened: io.FileIO, size: int) -> None:
    writer = Straight(opened)
    try:
        writer.write(memoryview(BYTES)[:size])
    finally:
        writer.close()
