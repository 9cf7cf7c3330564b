"""Large files in concurrent ranges: in order, of one object, and never more in memory than there is room for."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from fake_cloud import FakeCloud
from test_agent_download import LARGE, Desk, an_entry, until_home

from agent.drive.home import Home
from agent.errors import ChangedObjectError, CutShortError, TransientError
from agent.fetch import ranges
from agent.fetch.breadth import LATEST, Breadth
from agent.fetch.delivery import Aside, Came
from agent.fetch.limits import Limit
from agent.fetch.memory import Memory
from agent.fetch.notices import Notice
from agent.fetch.ranges import AHEAD, Ranged
from agent.fetch.traffic import Traffic

PIECE = 1_000_000


class FarDesk(Desk):
    """A desk whose bucket is far away."""

    def __init__(self, home: Home, cloud: FakeCloud) -> None:
        super().__init__(home, cloud)
        self.breadth, self.memory = Breadth(), Memory(5 * PIECE)
        self.move_to(0.04)
        bucket = Ranged(self.courier.bucket, self.breadth, self.memory)
        self.courier = dataclasses.replace(self.courier, bucket=bucket)

    def move_to(self, seconds: float) -> None:
        for _ in range(LATEST):
            self.breadth.answered(seconds)

    def bring(self) -> Came | Aside:
        return self.courier.bring(self.notice, an_entry(self.notice))


@pytest.fixture
def desk(home: Home, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> FarDesk:
    monkeypatch.setattr(ranges, "LARGE", 2 * PIECE)
    monkeypatch.setattr(ranges, "PIECE", PIECE)
    return FarDesk(home, cloud)


def asked_for(start: int, body: bytes = LARGE) -> list[str]:
    return [f"bytes={at}-{min(at + PIECE, len(body)) - 1}" for at in range(start, len(body), PIECE)]


@pytest.mark.parametrize("size", [2 * PIECE, 2 * PIECE + 1, len(LARGE)])
def test_a_large_file_from_far_away_comes_in_ranges(desk: FarDesk, size: int) -> None:
    desk.has(LARGE[:size])

    desk.bring()

    assert desk.target.read_bytes() == LARGE[:size]
    assert sorted(map(str, desk.asked())) == sorted(asked_for(0, LARGE[:size]))


def test_every_range_is_asked_of_the_same_version_and_entity_tag(desk: FarDesk) -> None:
    desk.has(LARGE)

    desk.bring()

    etag = desk.cloud.objects[desk.notice.key].etag
    assert {(version, match) for _, version, _, match in desk.cloud.gets[1:]} == {("v0", etag)}


def test_a_partial_is_continued_in_ranges(desk: FarDesk) -> None:
    desk.has(LARGE)
    desk.begun(5_000_000)

    desk.bring()

    assert desk.target.read_bytes() == LARGE
    assert sorted(map(str, desk.asked())) == sorted(asked_for(5_000_000))


def test_near_by_it_comes_in_one(desk: FarDesk) -> None:
    desk.has(LARGE)
    desk.move_to(0.001)

    desk.bring()

    assert desk.asked() == [None]


def test_under_a_limit_it_comes_in_one_stream_for_ranges_ahead_would_come_beside_it(desk: FarDesk) -> None:
    desk.has(LARGE)
    bucket = Ranged(Desk(desk.home, desk.cloud).courier.bucket, desk.breadth, desk.memory, limited=lambda: True)
    traffic = Traffic(Limit(day=2_000_000, night=2_000_000), threading.Event())

    body = bucket.open(desk.notice)

    assert b"".join(body.chunks()) == LARGE
    assert desk.asked() == [None]
    assert traffic.limited()
    assert not Traffic(Limit(), threading.Event()).limited()


def test_without_memory_to_spare_it_comes_in_one_stream(desk: FarDesk) -> None:
    desk.has(LARGE)

    with desk.memory.held(1):
        body = desk.courier.bucket.open(desk.notice)
        got = b"".join(body.chunks())

    assert got == LARGE
    assert desk.asked()[1:] == [None]


def test_what_the_ranges_held_is_free_again(desk: FarDesk) -> None:
    desk.has(LARGE, "", "cut", "503", "503", "503")

    until_home(desk.bring)

    with desk.memory.spare(5 * PIECE) as all_of_it:
        assert all_of_it


@pytest.mark.parametrize("fault", ["short", "cut", "no length", "503", "403", "missing", "416", "412"])
@pytest.mark.parametrize("which", [0, 4])
def test_a_range_that_goes_wrong_costs_no_byte(desk: FarDesk, fault: str, which: int) -> None:
    desk.has(LARGE, *[""] * which, fault)

    until_home(desk.bring)

    assert desk.target.read_bytes() == LARGE


@pytest.mark.parametrize("fault", ["wrong", "changed", "shifted", "ignores range"])
@pytest.mark.parametrize("which", [0, 4])
def test_a_range_of_something_else_never_reaches_the_target(desk: FarDesk, fault: str, which: int) -> None:
    desk.has(LARGE, *[""] * which, fault)

    until_home(desk.bring)

    assert desk.target.read_bytes() == LARGE


def test_a_server_that_knows_no_ranges_is_asked_for_the_whole(desk: FarDesk) -> None:
    desk.has(LARGE, "ignores range")

    desk.bring()

    assert desk.asked() == [asked_for(0)[0], None]


def test_an_object_that_changes_between_two_ranges_is_started_over(desk: FarDesk) -> None:
    desk.has(LARGE, "", "412")

    with pytest.raises(ChangedObjectError):
        desk.bring()

    assert not desk.partial.path.exists()


def test_what_came_before_a_failure_is_a_prefix_of_the_file(desk: FarDesk) -> None:
    desk.has(LARGE, *[""] * 4, "short")

    with pytest.raises((CutShortError, TransientError)):
        desk.bring()

    so_far = desk.partial.path.read_bytes()
    assert so_far
    assert LARGE.startswith(so_far)


def test_under_a_limit_every_byte_of_every_range_is_let_through(desk: FarDesk) -> None:
    passed: list[int] = []
    ahead: list[int] = []

    def passing(_notice: Notice, count: int) -> None:
        ahead.append(len(desk.asked()) * PIECE - sum(passed))
        passed.append(count)

    desk.courier = dataclasses.replace(desk.courier, passing=passing)
    desk.has(LARGE)

    desk.bring()

    assert sum(passed) == len(LARGE)
    assert max(ahead) <= (AHEAD + 1) * PIECE
