"""Files that another program has open, and files that may not be written: whole, or left as they were."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from programs import holder

from agent.drive import disk

ACCESS_DENIED, SHARING_VIOLATION = 5, 32
OURS, THEIRS = b"a photo", b"what was there"


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    made = tmp_path / "a.partial"
    made.write_bytes(OURS)
    return made


def test_publishing_waits_until_antivirus_lets_the_partial_go(partial: Path, tmp_path: Path) -> None:
    waits: list[float] = []

    with holder(partial) as antivirus:
        antivirus.line()

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                antivirus.end()

        disk.publish(partial, tmp_path / "a.jpg", sleep=wait)

    assert (tmp_path / "a.jpg").read_bytes() == OURS
    assert len(waits) == 3


def test_a_partial_that_is_never_let_go_stays_and_the_name_stays_free(partial: Path, tmp_path: Path) -> None:
    with holder(partial) as antivirus:
        antivirus.line()

        with pytest.raises(PermissionError) as caught:
            disk.publish(partial, tmp_path / "a.jpg", sleep=lambda _: None)

    assert caught.value.winerror in (ACCESS_DENIED, SHARING_VIOLATION)
    assert [path.name for path in tmp_path.iterdir()] == ["a.partial"]


@pytest.mark.parametrize("kept_by", ["another program", "a read-only mark"])
def test_a_file_that_windows_protects_is_not_replaced(partial: Path, tmp_path: Path, kept_by: str) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(THEIRS)
    target.chmod(stat.S_IREAD if kept_by == "a read-only mark" else stat.S_IREAD | stat.S_IWRITE)

    with holder(target) as viewer:
        viewer.line()
        if kept_by == "a read-only mark":
            viewer.end()
        with pytest.raises(FileExistsError):
            disk.publish(partial, target, sleep=lambda _: None)

    assert target.read_bytes() == THEIRS
    assert partial.read_bytes() == OURS


def test_a_read_only_partial_is_published_all_the_same(partial: Path, tmp_path: Path) -> None:
    partial.chmod(stat.S_IREAD)

    disk.publish(partial, tmp_path / "a.jpg")

    assert not os.access(tmp_path / "a.jpg", os.W_OK)
