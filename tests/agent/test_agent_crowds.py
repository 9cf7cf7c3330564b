"""Many files at once: how many, how much memory, whose turn; and what waits for the drive."""

from __future__ import annotations

import dataclasses
import errno
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc
from test_agent_download import LARGE, Desk, an_entry, put, until_home

from agent import rounds
from agent.drive import ahead, disk, letting
from agent.drive import home as homes
from agent.drive.folders import Folders
from agent.drive.home import Home
from agent.errors import HomeMissingError, TransientError, UnwritableError
from agent.fetch import notices
from agent.fetch.breadth import LATEST, Breadth, Timed
from agent.fetch.crew import Crew
from agent.fetch.flights import Flights
from agent.fetch.memory import Memory
from agent.fetch.notices import Notice
from agent.wire import bucket
from agent.wire.bucket import Body

TOO_LARGE = 2**42


@pytest.fixture
def desk(home: Home, cloud: FakeCloud) -> Desk:
    return Desk(home, cloud)


def some_notices(cloud: FakeCloud, count: int) -> list[Notice]:
    return [notices.from_json(cloud.has(b"%d" % number, f"{number}.jpg")) for number in range(count)]


@pytest.mark.parametrize(
    ("answers", "most", "wanted"),
    [
        ([], 64, 16),
        ([0.04] * (LATEST - 1), 64, 16),
        ([0.001] * LATEST, 64, 16),
        ([0.02] * LATEST, 64, 32),
        ([0.04] * LATEST, 64, 64),
        ([0.3] * LATEST, 64, 64),
        ([0.04] * LATEST, 8, 8),
        ([0.5] * (LATEST - 1) + [0.001], 64, 16),
        ([0.001] + [0.04] * LATEST, 64, 64),
    ],
)
def test_the_farther_the_bucket_the_more_files_are_fetched_at_once(
    answers: list[float], most: int, wanted: int
) -> None:
    breadth = Breadth()
    for seconds in answers:
        breadth.answered(seconds)

    assert breadth.wanted(most) == wanted


def test_the_time_to_the_first_byte_tells_the_distance(desk: Desk) -> None:
    class Told(Breadth):
        def answered(self, seconds: float) -> None:
            told.append(seconds)

    told: list[float] = []
    desk.has(b"a photo")
    clock = iter([10.0, 10.25])

    body: Body = Timed(desk.courier.bucket, Told(), lambda: next(clock)).open(desk.notice)

    assert (body.size, told) == (7, [0.25])


def test_bytes_beyond_the_budget_wait_until_others_are_done() -> None:
    memory, entered = Memory(10), threading.Event()

    def another() -> None:
        with memory.held(6):
            entered.set()

    thread = threading.Thread(target=another)
    with memory.held(6):
        thread.start()
        assert not entered.wait(0.05)
    thread.join()

    assert entered.is_set()


def test_a_file_larger_than_the_budget_has_it_all() -> None:
    memory = Memory(10)

    with memory.held(11):
        pass
    with memory.held(10):
        pass


def test_workers_come_as_they_are_wanted_and_stay() -> None:
    done: list[tuple[int, int | Exception]] = []
    crew: Crew[int, int] = Crew(lambda task: task * 2, lambda task, result: done.append((task, result)))

    for size in (2, 1, 3):
        crew.grow(size)
    crew.give(4)
    crew.dismiss(60)

    assert (done, len(crew._threads)) == ([(4, 8)], 3)


def test_a_name_is_reported_when_its_folder_is_flushed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[object] = []
    monkeypatch.setattr(disk, "flush_folders", lambda _, targets: events.append(targets))
    folders: Folders[str] = Folders(home, lambda named, trouble: events.append((named, trouble)))

    folders.flush(home.folder / "a", "one")
    folders.dismiss(60)

    assert events == [[home.folder / "a"], ("one", None)]


def test_names_that_gather_are_flushed_together(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    full, reported = threading.Event(), threading.Event()

    def flush(_home: Home, targets: list[Path]) -> None:
        flushed.append(len(targets))
        assert full.wait(600)

    monkeypatch.setattr(disk, "flush_folders", flush)
    folders: Folders[int] = Folders(home, lambda *_: reported.set())

    folders.flush(home.folder / "a", 0)
    while not flushed:
        reported.wait(0.001)
    for number in range(5):
        folders.flush(home.folder / "a", number)
    full.set()
    folders.dismiss(60)

    assert flushed == [1, 5]


def test_a_receipt_waits_for_the_flush_of_its_folder(pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    flush, receipts_before = disk.flush_folders, []

    def refuse_once(at: Home, targets: list[Path]) -> None:
        receipts_before.append(len(cloud.receipts))
        if len(receipts_before) == 1:
            raise OSError(errno.EIO, "the drive does not answer")
        flush(at, targets)

    monkeypatch.setattr(disk, "flush_folders", refuse_once)
    cloud.has(b"a photo")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert receipts_before == [0, 0]
    assert len(cloud.gets) == 1


def test_every_folder_up_to_home_is_flushed_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(disk, "_flush_folder", flushed.append)

    disk.flush_folders(home, [home.folder / "2024/07" / name for name in "abc"] + [home.folder / "d"])

    assert flushed == [home.folder / "2024/07", home.folder / "2024", home.folder]


def test_files_that_landed_or_failed_hold_up_no_others(cloud: FakeCloud) -> None:
    flights = Flights()
    one, two, three, four = some_notices(cloud, 4)
    for notice in (one, two, three, four):
        flights.offer(notice, None, 0.0)

    flights.later(one.file_id, 5.0)
    flights.landed(two.file_id)
    flights.end(three.file_id)

    assert (flights.fresh, len(flights)) == (1, 3)


@pytest.mark.parametrize(("limit", "value"), [("CROWD", 3), ("MOST", 3)])
def test_files_too_large_for_the_drive_never_crowd_out_the_small_ones(
    pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(rounds, limit, value)
    monkeypatch.setattr(rounds, "CROWDED_SECONDS", 0.01)
    cloud.page = 2
    for number in range(8):
        cloud.has(b"", f"VID_{number}.mp4", size=TOO_LARGE)
    small = cloud.has(b"a photo")

    pc.start()
    cloud.wait_until(lambda: small["fileId"] in cloud.taken)

    assert list(pc.files().values()) == [b"a photo"]


def test_a_message_stays_hidden_while_its_file_is_under_way(
    pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "HIDE_SECONDS", 0.05)
    notice = cloud.has(b"", size=TOO_LARGE)
    pc.start()
    cloud.wait_until(lambda: cloud.calls["ReceiveMessage"])

    message = cloud.ring(notice)
    cloud.wait_until(lambda: cloud.messages[message]["hidden"] >= 2)

    assert not cloud.messages[message]["deleted"]


def test_a_server_that_falls_silent_is_left_and_asked_for_the_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "STALL", timedelta(seconds=1))
    desk.has(LARGE, "stall")

    until_home(desk.bring)

    assert desk.target.read_bytes() == LARGE
    assert desk.asked()[1] is not None


def test_an_earlier_partial_that_cannot_be_thrown_away_is_this_files_trouble(desk: Desk) -> None:
    desk.has(b"a photo")
    put(desk.target, b"a photo")
    desk.partial.path.mkdir()

    with pytest.raises(UnwritableError):
        desk.bring()


def test_a_small_file_of_our_own_waits_for_whoever_has_it_open(tmp_path: Path) -> None:
    waits: list[float] = []

    def move(draft: Path, path: Path) -> None:
        if len(waits) < 2:
            raise PermissionError
        draft.replace(path)

    homes.write_whole(tmp_path / "note", "text", move=move, sleep=waits.append)

    assert (tmp_path / "note").read_text() == "text"
    assert waits == list(letting.PATIENCE[:2])


@pytest.mark.parametrize("size", [0, 13, 2_000_000, len(LARGE)])
def test_bytes_are_flushed_before_they_have_their_name(desk: Desk, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    told: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: told.append("flushed"))
    desk.has(LARGE[:size])

    def rename(partial: Path, target: Path) -> None:
        disk.rename_unless_taken(partial, target)
        told.append("named")

    dataclasses.replace(desk.courier, rename=rename).bring(desk.notice, an_entry(desk.notice))

    assert told == ["flushed", "named"]


def test_a_large_file_is_flushed_ahead_and_once_more_at_its_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(ahead, "EVERY", 1_000_000)
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_size))
    desk.has(LARGE)

    desk.bring()

    assert len(flushed) > 1
    assert flushed[-1] == len(LARGE)


def test_a_flush_ahead_is_waited_for_at_the_end_and_its_trouble_stops_nobody() -> None:
    begun, closed = threading.Event(), threading.Event()
    outlived: list[bool] = []

    def flush() -> None:
        begun.set()
        outlived.append(closed.wait(0.2))
        raise OSError(errno.EIO, "the drive is broken")

    flushing = ahead.Ahead(lambda _: None, flush)
    flushing.write(memoryview(bytes(ahead.EVERY)))
    begun.wait()
    flushing.write(memoryview(bytes(ahead.EVERY)))
    flushing.close()
    closed.set()

    assert outlived
    assert not any(outlived)


def test_another_drive_put_in_between_two_files_is_noticed(desk: Desk) -> None:
    desk.has(b"a photo")
    desk.bring()
    desk.target.unlink()

    desk.home.marker.unlink()
    desk.home.marker.write_text("another drive, as long as it likes to be")

    with pytest.raises(HomeMissingError):
        desk.bring()


def test_what_failed_in_this_run_goes_when_the_file_has_other_contents(desk: Desk) -> None:
    desk.has(LARGE, *["cut", "412"])
    with pytest.raises(TransientError):
        desk.bring()
    desk.partial.path.write_bytes(b"half of the first")
    before = desk.partial.path

    told = desk.cloud.has(b"the second", file_id=desk.notice.file_id)
    desk.notice = notices.from_json(told)
    desk.bring()

    assert not before.exists()
    assert desk.target.read_bytes() == b"the second"
