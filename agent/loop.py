"""The agent's turn, again and again: duties, dispatch, hear, record. One thread owns catalog and flights.

Workers and the doorbell report into one queue; everything here happens in turn, so nothing needs a lock.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from agent.drive.catalog import Trouble
from agent.drive.folders import Folders
from agent.drive.room import Room
from agent.drive.shelf import Shelf
from agent.errors import (
    AgentError,
    HomeMissingError,
    PathTakenError,
    PausedError,
    PermanentError,
    RefusedObjectError,
    RevokedError,
    UnreachableError,
)
from agent.fetch import notices
from agent.fetch.crew import Crew
from agent.fetch.delivery import Aside, Came
from agent.fetch.flights import Flights, Left
from agent.fetch.intake import Intake
from agent.fetch.verdicts import Blame, LetGo, NobodyFlies, SetAside, Suspect, verdict
from agent.rounds import Rounds
from agent.surroundings import Surroundings
from agent.wire.inbox import Doorbell, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agent.drive.catalog import Entry
    from agent.fetch.flights import Flight
    from agent.fetch.verdicts import Again
    from agent.parts import Parts

LOG = logging.getLogger(__name__)
TASKS_A_FETCHER = 8
SILENT_SECONDS = 5.0
"""What is owed was asked a moment ago: while that is fetched, the doorbell (slow to load) can tell of nothing more."""
PAUSED_SECONDS = 1.0
GOODBYE_SECONDS = 3.0
FLUSHING_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 3600.0
AFTER_THE_UNEXPECTED_SECONDS = 1.0


@dataclass(frozen=True)
class Landed:
    """What came of one flight."""

    flight: Flight
    result: Came | Aside | Exception


Task = tuple["Flight", "Entry"]
Event = Landed | list[Message] | Exception | None


class Loop:
    """One agent at work on one home folder."""

    def __init__(self, parts: Parts, stop: threading.Event) -> None:
        """Take the parts; nothing starts yet."""
        self._parts, self._stop, self._clock = parts, stop, parts.clock
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._flights = Flights()
        self._flying = 0
        self._shelf = Shelf(parts.catalog, parts.config.template)
        self._room = Room(parts.home, parts.config.reserve_bytes, parts.clock)
        self._intake = Intake(parts, self._flights)
        self._rounds = Rounds(parts, self._flights, self._intake, self._room)
        self._doorbell = Doorbell(parts.inbox, self._events.put, stop=stop, pause=parts.patience)
        self._deaf = False
        self._rings_from = self._clock() + SILENT_SECONDS
        self._may_fetch = True
        self._surroundings = Surroundings(parts.clock, parts.now)

    def wake(self) -> None:
        """End a wait at once; safe from any thread."""
        self._events.put(None)

    def left(self) -> Left:
        """Tell what is still to come; from any thread, so it takes one look at the flights."""
        sizes = [one.notice.size for one in list(self._flights) if one.state != "landed"]
        landed = len(self._flights) - len(sizes)
        return Left(max(len(sizes), self._rounds.still_owed - landed), len(sizes), sum(sizes))

    @property
    def room(self) -> Room:
        """The drive's room."""
        return self._room

    def run(self) -> None:
        """Work until asked to stop, or until a person has to act."""
        self._crew: Crew[Task, Came | Aside] = Crew(self._bring, self._report)
        self._folders: Folders[Landed] = Folders(self._parts.home, self._named)
        self._doorbell.thread.start()
        try:
            while not self._stop.is_set():
                self._turn_safely()
        finally:
            self._leave()

    def _turn_safely(self) -> None:
        """Make one turn: the outermost ring, where the unexpected is logged and survived."""
        try:
            self._turn()
        except (PermanentError, HomeMissingError):
            raise
        except Exception:
            self._parts.home.mark()
            LOG.exception("unexpected trouble; going on")
            self._stop.wait(AFTER_THE_UNEXPECTED_SECONDS)

    def _turn(self) -> None:
        if self._surroundings.changed():
            self._begin_afresh()
        self._rounds.perform_due()
        self._dispatch()
        self._handle(self._wait())

    def _leave(self) -> None:
        """Settle what has landed; what is still in the air begins again next time."""
        self._doorbell.hurry()
        self._crew.dismiss(GOODBYE_SECONDS)
        self._folders.dismiss(FLUSHING_SECONDS)
        landed = [event for event in self._drain() if isinstance(event, Landed) and isinstance(event.result, Came)]
        with contextlib.suppress(AgentError, OSError, sqlite3.Error):
            self._settle(landed)

    def _begin_afresh(self) -> None:
        """Try at once what failed for want of a network: the PC woke up, or is somewhere else."""
        LOG.debug("awake again, or in another network")
        self._rounds.hurry()
        self._flights.hurry(self._clock())
        self._doorbell.hurry()

    # What is heard

    def _wait(self) -> list[Event]:
        """Wait for the next event or duty; take in everything that is there."""
        flight = self._flights.next_due() if self._may_fly() else float("inf")
        resumed = float("inf") if self._may_fetch else self._clock() + PAUSED_SECONDS
        duties = min(self._room.next_check, self._rounds.next_due, self._surroundings.next_look)
        wait = min(flight, resumed, duties) - self._clock()
        try:
            first = self._events.get(timeout=min(max(wait, 0.0), LONGEST_WAIT_SECONDS))
        except Empty:
            return []
        return [first, *self._drain()]

    def _drain(self) -> list[Event]:
        drained: list[Event] = []
        with contextlib.suppress(Empty):
            while True:
                drained.append(self._events.get_nowait())
        return drained

    def _handle(self, events: list[Event]) -> None:
        landed = [event for event in events if isinstance(event, Landed)]
        self._flying -= len(landed)
        with self._put_back(one.flight for one in landed):
            self._settle(landed)
        for event in events:
            if isinstance(event, list):
                self._hear(event)
            elif isinstance(event, Exception):
                self._go_deaf(event)

    def _hear(self, messages: list[Message]) -> None:
        if self._deaf:
            self._deaf = False
            LOG.info("the doorbell works again")
            self._rounds.ask_soon()
        rung = [message for message in messages if notices.is_recall(message.body)]
        if rung:
            self._rounds.beat_soon([message.handle for message in rung])
        self._intake.hear(message for message in messages if message not in rung)
        if messages:
            self._rounds.send_soon()

    def _go_deaf(self, error: Exception) -> None:
        """Say once that the doorbell is silent; what is owed is asked for all the same."""
        if isinstance(error, RevokedError):
            self._rounds.ask_soon()
        elif not isinstance(error, AgentError):
            LOG.error("the doorbell failed unexpectedly", exc_info=error)
        elif not self._deaf:
            LOG.warning("%s; listening again soon", error)
        self._deaf = True

    # What flies

    def _may_fly(self) -> bool:
        return self._may_fetch and not self._room.full and self._flying < self._most_flying()

    def _fetchers(self) -> int:
        return self._parts.breadth.wanted(self._parts.config.fetchers)

    def _most_flying(self) -> int:
        """Return how many to send off at most: some ahead, so that nobody waits for the next while we write and ask."""
        return self._fetchers() * TASKS_A_FETCHER

    def _dispatch(self) -> None:
        """Send off the files that are due, each with a path that is recorded before."""
        self._may_fetch = self._parts.may_fetch()
        if self._room.changed():
            with contextlib.suppress(sqlite3.OperationalError):
                self._parts.catalog.note({"diskFull": self._room.full})
        if self._rounds.busy or (self._flying and self._clock() < self._rings_from):
            self._doorbell.room.clear()
        else:
            self._doorbell.room.set()
        if self._may_fly():
            self._send_off(self._flights.take(self._clock(), self._most_flying() - self._flying))

    def _send_off(self, taken: list[Flight]) -> None:
        if not taken:
            return
        with self._put_back(taken), self._parts.catalog.together():
            placed = self._shelf.place([flight.notice for flight in taken])
            tasks = [(flight, entry) for flight in taken if (entry := self._accepted(flight, placed))]
        self._flying += len(tasks)
        self._crew.grow(min(self._fetchers(), self._flying))
        for task in tasks:
            self._crew.give(task)

    @contextlib.contextmanager
    def _put_back(self, flights: Iterable[Flight]) -> Iterator[None]:
        """Let flights start again if their catalog could not be written, or whatever else: none is stuck in the air."""
        chosen = list(flights)
        try:
            yield
        except Exception:
            for flight in chosen:
                self._flights.later(flight.notice.file_id, self._clock() + self._parts.patience(3))
            raise

    def _accepted(self, flight: Flight, placed: Mapping[str, Entry | PathTakenError]) -> Entry | None:
        """Return a file's place; one that can have none gives trouble to itself alone."""
        place = placed[flight.notice.file_id]
        if isinstance(place, PathTakenError):
            self._judge(flight, place)
            return None
        return place

    def _bring(self, task: Task) -> Came | Aside:
        """Bring one file home. Runs in a worker."""
        flight, entry = task
        return self._parts.courier.bring(flight.notice, entry)

    def _report(self, task: Task, result: Came | Aside | Exception) -> None:
        """Take a result in a worker; a new name counts when its folder is flushed: no receipt runs ahead of a drive."""
        landed = Landed(task[0], result)
        if isinstance(result, Came) and not result.vouched:
            self._folders.flush(result.target, landed)
        else:
            self._events.put(landed)

    def _named(self, landed: Landed, trouble: Exception | None) -> None:
        self._events.put(Landed(landed.flight, trouble) if trouble else landed)

    # What has landed

    def _settle(self, landed: list[Landed]) -> None:
        """Record what came home; then see to the rest."""
        came = [one.result for one in landed if isinstance(one.result, Came)]
        if came:
            self._record(came)
        for one in landed:
            if isinstance(one.result, Aside):
                self._step_aside(one.flight, one.result.path)
            elif isinstance(one.result, Exception):
                self._judge(one.flight, one.result)

    def _record(self, came: list[Came]) -> None:
        """Record all in one transaction."""
        with self._parts.catalog.together():
            self._parts.catalog.came_home(*(one.receipt for one in came))
        for one in came:
            told = one.receipt
            self._flights.landed(told.file_id)
            what = "came home" if one.fetched else "is home"
            LOG.info("%s file_id=%s path=%s bytes=%d", what, told.file_id, told.path, told.size)
        self._rounds.send_soon(in_company=self._flying > 0)

    def _step_aside(self, flight: Flight, taken: str) -> None:
        """Choose the next path for a file whose path turned out to be taken on disk."""
        try:
            with self._parts.catalog.together():
                placed = self._shelf.place_after(flight.notice, taken)
        except PathTakenError as error:
            self._judge(flight, error)
            return
        LOG.info("path taken file_id=%s path=%s, goes to %s", placed.file_id, taken, placed.path)
        self._flights.later(placed.file_id, self._clock())

    def _judge(self, flight: Flight, error: Exception) -> None:
        """See to a failure as the verdict says."""
        before = self._parts.catalog.trouble(flight.notice.file_id)
        ruled = verdict(error, before.tries if before else 0, flight.tries, self._parts.patience)
        if isinstance(ruled, NobodyFlies):
            raise error
        if isinstance(ruled, LetGo):
            return
        if isinstance(ruled, Suspect) or isinstance(error, RefusedObjectError):
            self._rounds.ask_soon()
        if isinstance(ruled, Blame | SetAside):
            trouble = Trouble(flight.notice.file_id, ruled.tries, str(error), self._parts.now() + ruled.pause)
            self._parts.catalog.note_trouble(trouble)
        self._try_again(flight, error, ruled)

    def _try_again(self, flight: Flight, error: Exception, ruled: Again | Blame | SetAside | Suspect) -> None:
        """Let a flight wait; one that is set aside is let go, and its message left for the dead-letter queue."""
        file_id = flight.notice.file_id
        unexpected = None if isinstance(error, AgentError) else error
        if isinstance(ruled, SetAside):
            LOG.error("set aside file_id=%s after %d tries: %s", file_id, ruled.tries, error, exc_info=unexpected)
            self._flights.end(file_id)
            return
        level = logging.DEBUG if isinstance(error, PausedError) else logging.WARNING
        LOG.log(level, "file_id=%s %s; again in %.0f s", file_id, error, ruled.pause, exc_info=unexpected)
        flight.tries += 1
        flight.unreached = isinstance(error, UnreachableError)
        flight.refused = isinstance(error, RefusedObjectError)
        if self._rounds.overcrowded:
            self._flights.end(file_id)
            return
        self._flights.later(file_id, self._clock() + ruled.pause)
