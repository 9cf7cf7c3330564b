"""The agent's turn, again and again: hear, dispatch, record, send receipts. One thread owns catalog and flights.

Workers and the doorbell report into one queue; everything here happens in turn, so nothing needs a lock.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from agent import disk, notices, paths
from agent.catalog import Entry, Trouble
from agent.crew import Crew
from agent.delivery import Aside, Came, Courier
from agent.duty import Duty
from agent.errors import (
    AgentError,
    DiskFullError,
    FileTroubleError,
    HomeMissingError,
    PathTakenError,
    PermanentError,
    RequestRefusedError,
    RevokedError,
    StoppedError,
    TransientError,
    UnsoundNoticeError,
)
from agent.flights import Flight, Flights
from agent.inbox import Doorbell, Message
from agent.owed import Owed
from agent.patience import backoff
from agent.receipts import TAKEN, Receipts

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.api import DeviceApi, Outcome
    from agent.catalog import Catalog
    from agent.config import Config
    from agent.home import Home
    from agent.inbox import Inbox
    from agent.notices import Notice

LOG = logging.getLogger(__name__)
CROWD = 600
"""With so many files under way the doorbell is not answered and no more pages are asked for."""
TRIES = 5
ASIDE_SECONDS = 86_400.0
RECEIPT_WAIT_SECONDS = 0.25
ROOM_CHECK_SECONDS = 1.0
DISK_FULL_SECONDS = 30.0
REFUSALS = 3
REFUSAL_SECONDS = 4.0
SLEPT_SECONDS = 60.0
GOODBYE_SECONDS = 3.0


@dataclass(frozen=True)
class Parts:
    """What the loop works with."""

    home: Home
    config: Config
    catalog: Catalog
    api: DeviceApi
    inbox: Inbox
    courier: Courier


@dataclass(frozen=True)
class Landed:
    """What came of one flight."""

    flight: Flight
    entry: Entry
    result: Came | Aside | Exception


Task = tuple[Flight, Entry]
Event = Landed | list[Message] | Exception | None


class Loop:
    """One agent at work on one home folder."""

    def __init__(
        self,
        parts: Parts,
        *,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the parts; nothing starts yet."""
        self._parts, self._stop, self._clock, self._now = parts, stop, clock, now
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._flights = Flights()
        self._flying = 0
        self._owed = Owed(parts.api)
        self._receipts = Receipts(parts.api, parts.catalog, now=now)
        self._doorbell = Doorbell(parts.inbox, self._events.put, stop=stop, pause=backoff)
        self._deaf = False
        self._full: bool | None = None
        self._room_checked = float("-inf")
        self._refused_since: float | None = None
        self._refusals = 0
        self._drift = now() - clock()
        self._duties = self._plan_duties()

    def wake(self) -> None:
        """End a wait at once; safe from any thread and from signal handlers."""
        self._events.put(None)

    def run(self) -> None:
        """Work until asked to stop, or until a person has to act."""
        self._crew: Crew[Task, Came | Aside] = Crew(self._parts.config.fetchers, self._bring, self._report)
        self._doorbell.thread.start()
        try:
            while not self._stop.is_set():
                self._turn_safely()
        finally:
            self._leave()

    def _turn_safely(self) -> None:
        """Make one turn; the outermost ring, where the unexpected is logged and survived."""
        try:
            self._turn()
        except (PermanentError, HomeMissingError):
            raise
        except Exception:
            self._parts.home.mark()
            LOG.exception("unexpected trouble; going on")
            self._stop.wait(1)

    def _turn(self) -> None:
        self._notice_sleep()
        for duty in self._duties.values():
            if self._clock() >= duty.due and not self._stop.is_set():
                self._perform(duty)
        self._dispatch()
        self._handle(self._wait())

    def _leave(self) -> None:
        """Settle what has landed; what is still in the air begins again next time."""
        self._stop.set()
        self._crew.dismiss(GOODBYE_SECONDS)
        landed = [event for event in self._drain() if isinstance(event, Landed) and isinstance(event.result, Came)]
        if landed:
            self._settle(landed)

    # What has to be done every so often

    def _plan_duties(self) -> dict[str, Duty]:
        config = self._parts.config
        planned = [
            Duty("owed", config.owed_seconds, self._ask_owed),
            Duty("receipts", float("inf"), self._send_receipts),
            Duty("heartbeat", config.heartbeat_seconds, self._send_heartbeat, due=self._clock() + 2),
            Duty("hide", 120, self._hide_messages, due=self._clock() + 120),
        ]
        return {duty.name: duty for duty in planned}

    def _perform(self, duty: Duty) -> None:
        try:
            again = duty.deed()
        except HomeMissingError:
            raise
        except RevokedError as error:
            self._suspect(error)
            duty.failed(self._clock())
        except (TransientError, RequestRefusedError) as error:
            LOG.log(
                logging.WARNING if duty.failures == 0 else logging.DEBUG,
                "%s failed: %s; trying again",
                duty.name,
                error,
            )
            duty.failed(self._clock())
            self._owed.start_over() if isinstance(error, RequestRefusedError) else None
        else:
            duty.succeeded(self._clock(), again)

    def _ask_owed(self) -> float | None:
        """Ask for the next page of what is owed, when there is room for it."""
        if len(self._flights) + 1 > CROWD or self._full:
            return ROOM_CHECK_SECONDS / 2
        page, last = self._owed.page()
        self._accepted()
        for notice in page:
            self._offer(notice, None)
        if last:
            self._parts.catalog.note({"owed": self._owed.total})
        return None if last else 0.0

    def _send_receipts(self) -> float | None:
        outcomes = self._receipts.send_some()
        if not outcomes:
            return None
        self._accepted()
        self._after_receipts(outcomes)
        return 0.0

    def _after_receipts(self, outcomes: list[Outcome]) -> None:
        """Delete the messages of files that are over and done; refused ones are left for the dead-letter queue."""
        ended = {outcome.file_id: self._flights.end(outcome.file_id) for outcome in outcomes}
        done = [outcome.file_id for outcome in outcomes if outcome.outcome in TAKEN]
        self._owed.total = max(0, self._owed.total - len(done))
        if len(self._flights) == 0:
            LOG.info("all that was owed is home")
        self._parts.catalog.note({"owed": max(self._owed.total, len(self._flights))})
        try:
            self._parts.inbox.delete([handle for file_id in done if (handle := ended[file_id])])
        except TransientError as error:
            LOG.warning("%s; the notices come again and are confirmed again", error)

    def _send_heartbeat(self) -> None:
        self._parts.api.heartbeat(disk.free_bytes(self._parts.home), max(self._owed.total, len(self._flights)))
        self._accepted()

    def _hide_messages(self) -> None:
        self._parts.inbox.hide([flight.handle for flight in self._flights if flight.handle])

    def _accepted(self) -> None:
        """Note that the cloud knows us."""
        self._refused_since, self._refusals = None, 0
        self._parts.catalog.note(
            {"lastContact": datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")}
        )

    def _suspect(self, error: RevokedError) -> None:
        """Believe that the key was revoked only when it is refused again and again: one 403 may be a hiccup."""
        self._refusals += 1
        self._refused_since = self._clock() if self._refused_since is None else self._refused_since
        if self._refusals >= REFUSALS and self._clock() - self._refused_since >= REFUSAL_SECONDS:
            raise error
        LOG.warning("%s; making sure", error)
        self._duties["owed"].due = min(self._duties["owed"].due, self._clock() + 2)

    def _notice_sleep(self) -> None:
        """Ask at once after the PC slept (its clock jumped against the one that stands still meanwhile)."""
        drift = self._now() - self._clock()
        if abs(drift - self._drift) > SLEPT_SECONDS:
            self._duties["owed"].sooner(self._clock())
        self._drift = drift

    # What is heard

    def _wait(self) -> list[Event]:
        """Wait for the next event or duty; take in everything that is there."""
        due = min(
            self._flights.next_due() if self._may_fly() else float("inf"), *(d.due for d in self._duties.values())
        )
        if self._full:
            due = min(due, self._room_checked + ROOM_CHECK_SECONDS)
        wait = due - self._clock()
        try:
            first = self._events.get(timeout=min(max(wait, 0), 3600))
        except Empty:
            return []
        return [first, *self._drain()]

    def _drain(self) -> list[Event]:
        drained: list[Event] = []
        while True:
            try:
                drained.append(self._events.get_nowait())
            except Empty:
                return drained

    def _handle(self, events: list[Event]) -> None:
        landed = [event for event in events if isinstance(event, Landed)]
        self._flying -= len(landed)
        if landed:
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
            self._duties["owed"].sooner(self._clock())
        for message in messages:
            try:
                notice = notices.parse(message.body)
            except UnsoundNoticeError as error:
                LOG.error("message %s, delivered %d times: %s", message.message_id, message.received, error)  # noqa: TRY400
                continue
            self._offer(notice, message.handle)

    def _go_deaf(self, error: Exception) -> None:
        if isinstance(error, RevokedError):
            self._suspect(error)
        elif not isinstance(error, TransientError):
            LOG.error("the doorbell failed unexpectedly", exc_info=error)
        elif not self._deaf:
            LOG.warning("%s; listening again soon", error)
        self._deaf = True

    def _offer(self, notice: Notice, handle: str | None) -> None:
        """Take a notice in, unless its file was set aside for a while."""
        trouble = self._parts.catalog.trouble(notice.file_id)
        left = max(0.0, trouble.until - self._now()) if trouble else 0.0
        if trouble and trouble.tries >= TRIES and left:
            return
        if self._flights.offer(notice, handle, self._clock() + left) and self._parts.catalog.awaits_receipt(
            notice.file_id
        ):
            self._flights.landed(notice.file_id)
            self._duties["receipts"].sooner(self._clock())

    # What flies

    def _may_fly(self) -> bool:
        return not self._full and self._flying < self._parts.config.fetchers * 4

    def _dispatch(self) -> None:
        """Send off the files that are due, each with a path that is recorded before."""
        self._look_for_room()
        self._answer_doorbell()
        if not self._may_fly():
            return
        taken = self._flights.take(self._clock(), self._parts.config.fetchers * 4 - self._flying)
        if taken:
            with self._parts.catalog.together():
                tasks = [(flight, entry) for flight in taken if (entry := self._intended(flight))]
            self._flying += len(tasks)
            for task in tasks:
                self._crew.give(task)

    def _answer_doorbell(self) -> None:
        if len(self._flights) < CROWD and not self._full:
            self._doorbell.room.set()
        else:
            self._doorbell.room.clear()

    def _look_for_room(self) -> None:
        """Stop fetching while the drive has less free than the reserve, and go on when there is room."""
        if self._clock() - self._room_checked < ROOM_CHECK_SECONDS:
            return
        self._room_checked = self._clock()
        free, reserve = disk.free_bytes(self._parts.home), self._parts.config.reserve_bytes
        full = free < reserve
        if full and not self._full:
            LOG.error(
                "disk is full: %d bytes free, %d are kept in reserve; fetching pauses until there is room",
                free,
                reserve,
            )
        elif self._full and not full:
            LOG.info("there is room again: %d bytes free; fetching goes on", free)
        if full is not self._full:
            self._parts.catalog.note({"diskFull": full})
        self._full = full

    def _intended(self, flight: Flight) -> Entry | None:
        """Find the path recorded for a file, or choose and record one."""
        known = self._parts.catalog.find(flight.notice.file_id)
        return known or self._intend(flight, paths.candidates(self._parts.config.template, flight.notice))

    def _intend(self, flight: Flight, offered: list[str]) -> Entry | None:
        """Record the first path on offer that no other file has."""
        notice = flight.notice
        free = [path for path in offered if self._parts.catalog.is_free(path, notice.file_id)]
        if not free:
            self._trouble(flight, PathTakenError(offered[-1] if offered else notice.name))
            return None
        self._parts.catalog.intend(notice, free[0])
        return self._parts.catalog.find(notice.file_id)

    def _bring(self, task: Task) -> Came | Aside:
        """Bring one file home. Runs in a worker."""
        flight, entry = task
        return self._parts.courier.bring(flight.notice, entry)

    def _report(self, task: Task, result: Came | Aside | Exception) -> None:
        self._events.put(Landed(*task, result))

    # What has landed

    def _settle(self, landed: list[Landed]) -> None:
        """Flush and record what came home, in one transaction; then see to the rest."""
        came = [one for one in landed if isinstance(one.result, Came)]
        if came:
            self._record(came)
        for one in landed:
            if isinstance(one.result, Aside):
                self._step_aside(one)
            elif isinstance(one.result, Exception):
                self._judge(one.flight, one.result)

    def _record(self, came: list[Landed]) -> None:
        results = [one.result for one in came if isinstance(one.result, Came)]
        disk.flush_folders(self._parts.home, [result.target for result in results if result.fetched])
        with self._parts.catalog.together():
            for result in results:
                self._parts.catalog.came_home(result.receipt)
        for result in results:
            self._flights.landed(result.receipt.file_id)
            LOG.info(
                "%s file_id=%s path=%s bytes=%d",
                "came home" if result.fetched else "is home",
                result.receipt.file_id,
                result.receipt.path,
                result.receipt.size,
            )
        self._duties["receipts"].sooner(self._clock() + RECEIPT_WAIT_SECONDS)

    def _step_aside(self, one: Landed) -> None:
        """Choose the next path for a file whose path turned out to be taken on disk."""
        offered = paths.candidates(self._parts.config.template, one.flight.notice)
        following = paths.next_candidate(offered, one.entry.path)
        rest = offered[offered.index(following) :] if following else []
        with self._parts.catalog.together():
            chosen = self._intend(one.flight, rest)
        if chosen:
            self._flights.later(one.flight.notice.file_id, self._clock())

    def _judge(self, flight: Flight, error: Exception) -> None:
        """Decide what a failure means: for all, for this file, or for a while."""
        file_id = flight.notice.file_id
        if isinstance(error, HomeMissingError):
            raise error
        if isinstance(error, StoppedError):
            return
        if isinstance(error, FileTroubleError) or not isinstance(error, AgentError):
            self._trouble(flight, error)
            return
        if isinstance(error, RevokedError):
            self._suspect(error)
        flight.tries += 1
        pause = DISK_FULL_SECONDS if isinstance(error, DiskFullError) else backoff(flight.tries)
        LOG.warning("file_id=%s %s; trying again in %.0f s", file_id, error, pause)
        self._flights.later(file_id, self._clock() + pause)

    def _trouble(self, flight: Flight, error: Exception) -> None:
        """Count a failure against a file; after a few it is set aside for a day, and never holds up the others."""
        file_id = flight.notice.file_id
        before = self._parts.catalog.trouble(file_id)
        tries = 1 + (before.tries if before else 0)
        pause = ASIDE_SECONDS if tries >= TRIES else backoff(tries)
        self._parts.catalog.note_trouble(Trouble(file_id, tries, str(error), self._now() + pause))
        expected = error if not isinstance(error, AgentError) else None
        if tries >= TRIES:
            LOG.error("file_id=%s set aside for a day after %d tries: %s", file_id, tries, error, exc_info=expected)
            self._flights.end(file_id)
        else:
            LOG.warning("file_id=%s %s; trying again in %.0f s", file_id, error, pause, exc_info=expected)
            self._flights.later(file_id, self._clock() + pause)
