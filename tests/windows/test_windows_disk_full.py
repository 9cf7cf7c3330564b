"""A drive that fills up: T:, which has 32 MB. Nothing half is left under a final name, and all comes home later."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc

from agent.drive import disk
from agent.drive.catalog import Entry
from agent.drive.home import Home
from agent.errors import DiskFullError, UnwritableError
from agent.fetch import notices
from agent.fetch.delivery import Came, Courier
from agent.fetch.notices import Notice
from agent.wire.bucket import S3Bucket
from agent.wire.credentials import Wallet

DRIVE = Path("T:\\")
LARGE = os.urandom(9_000_000)
REFUSED = (DiskFullError, UnwritableError)
"""Wine answers the write that only partly fits with "invalid argument", where Windows says that the disk is full."""
pytestmark = pytest.mark.skipif(not DRIVE.exists(), reason="needs a small drive T:, as tests/windows/run.sh makes one")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(DRIVE / tmp_path.name / "home")
    made.prepare()
    yield made
    for path in sorted(made.folder.parent.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def courier(home: Home, cloud: FakeCloud, stopping: object = None) -> Courier:
    bucket = S3Bucket(Wallet(lambda: cloud._credentials({}, {})))
    return Courier(home, home.mark(), bucket, 0, stopping=stopping or (lambda: False))  # type: ignore[arg-type]


def entry(notice: Notice) -> Entry:
    return Entry(notice.file_id, "2024/a.mp4", notice.contents, notice.size, notice.sha256, home=False)


def fill(home: Home, leave: int = 0) -> Path:
    """Fill the drive to the last byte, or nearly so."""
    filler = home.folder.parent / "filler"
    with filler.open("wb", buffering=0) as opened:
        with contextlib.suppress(OSError):
            while True:
                opened.write(bytes(65536))
        if leave:
            opened.truncate(filler.stat().st_size - leave)
    return filler


def test_a_file_without_room_is_not_begun(home: Home, cloud: FakeCloud) -> None:
    notice = notices.from_json(cloud.has(LARGE))
    fill(home, leave=8_000_000)

    with pytest.raises(DiskFullError):
        courier(home, cloud).bring(notice, entry(notice))

    assert cloud.gets == []


def test_a_full_drive_is_told_from_other_trouble(home: Home) -> None:
    fill(home)

    with pytest.raises(DiskFullError), disk.disk_errors("a.jpg"):
        disk.write_flushed(home.partials / "a.partial", bytes(1_000_000))


def test_a_drive_that_fills_up_under_way_leaves_no_half_file(home: Home, cloud: FakeCloud) -> None:
    notice = notices.from_json(cloud.has(LARGE))

    def somebody_fills_it() -> bool:
        fill(home)
        return False

    with pytest.raises(REFUSED):
        courier(home, cloud, somebody_fills_it).bring(notice, entry(notice))

    assert not (home.folder / "2024/a.mp4").exists()


def test_once_there_is_room_again_the_file_comes_home(home: Home, cloud: FakeCloud) -> None:
    notice = notices.from_json(cloud.has(LARGE))
    filler: list[Path] = []

    def somebody_fills_it() -> bool:
        filler.append(fill(home))
        return False

    with pytest.raises(REFUSED):
        courier(home, cloud, somebody_fills_it).bring(notice, entry(notice))
    filler[0].unlink()
    came = courier(home, cloud).bring(notice, entry(notice))

    assert isinstance(came, Came)
    assert cloud.gets[1][2] is not None
    assert (home.folder / "2024/a.mp4").read_bytes() == LARGE


def test_an_agent_on_a_full_drive_waits_and_goes_on(home: Home, cloud: FakeCloud) -> None:
    pc = Pc(home, cloud)
    pc.says(reserve_bytes=1_000_000)
    cloud.has(LARGE)
    filler = fill(home, leave=500_000)

    pc.start()
    try:
        cloud.wait_until(lambda: cloud.calls["heartbeat"] and cloud.calls["owed"])
        assert pc.files() == {}
        filler.unlink()
        cloud.wait_until(lambda: cloud.all_home)
    finally:
        pc.stop()

    assert list(pc.files().values()) == [LARGE]
