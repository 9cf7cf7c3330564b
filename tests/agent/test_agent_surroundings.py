"""What the agent does when the world around it changes: nobody waits for a patience that is out of date."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from notices_told import a_notice

from agent.duty import Duty
from agent.errors import UnreachableError
from agent.fetch.flights import Flights
from agent.surroundings import Surroundings, own_address
from agent.wire.inbox import Doorbell, Message


@dataclass
class World:
    """Two clocks and an address."""

    clock: float = 1000.0
    now: float = 5_000_000.0
    address: str | None = "10.0.0.7"

    def seen(self) -> Surroundings:
        return Surroundings(lambda: self.clock, lambda: self.now, lambda: self.address)

    def pass_by(self, seconds: float) -> None:
        self.clock += seconds
        self.now += seconds


def test_an_uneventful_hour_changes_nothing() -> None:
    world = World()
    seen = world.seen()

    for _ in range(240):
        world.pass_by(15)
        assert not seen.changed()


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_ran_on_or_was_set_is_noticed_once(jump: float) -> None:
    world = World()
    seen = world.seen()

    world.now += jump

    assert [seen.changed(), seen.changed()] == [True, False]


def test_a_sleep_that_both_clocks_counted_is_noticed_once() -> None:
    world = World()
    seen = world.seen()

    world.pass_by(3600)

    assert [seen.changed(), seen.changed()] == [True, False]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("10.0.0.7", "10.0.0.7", False),
        ("10.0.0.7", "192.168.1.9", True),
        (None, "10.0.0.7", True),
        ("10.0.0.7", None, False),
        (None, None, False),
    ],
)
def test_another_network_is_worth_a_try_and_none_is_not(before: str | None, after: str | None, changed: bool) -> None:
    world = World(address=before)
    seen = world.seen()

    world.address = after
    world.pass_by(15)

    assert seen.changed() is changed


def test_the_network_is_asked_for_no_more_often_than_said() -> None:
    world = World()
    seen = world.seen()
    world.address = "192.168.1.9"

    world.pass_by(14)

    assert not seen.changed()
    assert seen.next_look == world.clock + 1


def test_our_own_address_is_asked_for_without_a_network_as_well() -> None:
    assert own_address() is None or own_address()


def test_a_duty_that_failed_long_is_due_at_once() -> None:
    duty = Duty("owed", 900, lambda: None)
    for _ in range(9):
        duty.failed(100.0, lambda _: 300.0)

    duty.afresh(101.0)

    assert (duty.due, duty.failures) == (101.0, 0)


def test_a_file_that_nobody_could_be_reached_for_flies_at_once_and_one_in_trouble_waits() -> None:
    flights = Flights()
    for file_id, unreached in (("0" * 31 + "1", True), ("0" * 31 + "2", False)):
        flight = flights.offer(a_notice(fileId=file_id, key=f"originals/o/{file_id}-a.jpg"), None, 0.0)
        assert flight is not None
        flights.take(0.0, 1)
        flight.unreached = unreached
        flights.later(flight.notice.file_id, 300.0)

    flights.hurry(10.0)

    assert [flight.notice.file_id[-1] for flight in flights.take(10.0, 9)] == ["1"]


class Deaf:
    """An inbox that cannot be reached the first time."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self._first = True

    def receive(self) -> list[Message]:
        self.asked.release()
        if self._first:
            self._first = False
            raise UnreachableError("queue", "no network")
        return []


def test_the_doorbell_listens_again_as_soon_as_it_is_told() -> None:
    inbox, stop, heard = Deaf(), threading.Event(), threading.Event()

    def report(told: object) -> None:
        if isinstance(told, list):
            stop.set()
            heard.set()

    doorbell = Doorbell(inbox, report, stop=stop, pause=lambda _: 1e6)  # type: ignore[arg-type]
    doorbell.room.set()
    doorbell.thread.start()
    assert inbox.asked.acquire(timeout=300)

    doorbell.hurry()

    assert heard.wait(300)
    doorbell.thread.join(30)
