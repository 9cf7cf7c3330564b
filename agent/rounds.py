"""What is done every so often: ask what is owed, send receipts, tell that we live, keep messages hidden."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.drive import disk
from agent.duty import Duty
from agent.errors import RequestRefusedError, RevokedError, TransientError
from agent.fetch.owed import Owed
from agent.fetch.receipts import TAKEN, Receipts

if TYPE_CHECKING:
    from agent.drive.room import Room
    from agent.fetch.flights import Flights
    from agent.fetch.intake import Intake
    from agent.parts import Parts
    from agent.wire.api import Outcome

LOG = logging.getLogger(__name__)
CROWD = 2_000
"""With so many files to begin, no more pages are asked for."""
MOST = 5_000
"""With so many files under way, those that failed are let go: they are told again."""
BUSY = 16
"""With so many files to begin, the doorbell is not answered: it can only tell of more."""
CROWDED_SECONDS = 0.5
RECEIPT_SECONDS = 600.0
RECEIPT_WAIT_SECONDS = 0.25
HIDE_SECONDS = 120.0
HEARTBEAT_DELAY_SECONDS = 2.0
REFUSALS = 5


class Rounds:
    """The recurring duties of one agent."""

    def __init__(self, parts: Parts, flights: Flights, intake: Intake, room: Room) -> None:
        """Take what the duties work with."""
        self._parts, self._flights, self._intake, self._room = parts, flights, intake, room
        self._clock = parts.clock
        self._owed = Owed(parts.api)
        self._receipts = Receipts(parts.api, parts.catalog, now=parts.now)
        self._refusals = 0
        self._doubted: set[str] = set()
        now, config = self._clock(), parts.config
        self._ask = Duty("owed", config.owed_seconds, self._ask_owed)
        self._send = Duty("receipts", RECEIPT_SECONDS, self._send_receipts)
        self._heartbeat = Duty("heartbeat", config.heartbeat_seconds, self._beat, due=now + HEARTBEAT_DELAY_SECONDS)
        self._duties = [
            self._ask,
            self._send,
            self._heartbeat,
            Duty("hide", HIDE_SECONDS, self._hide, due=now + HIDE_SECONDS),
        ]

    @property
    def next_due(self) -> float:
        """When the next duty is due."""
        return min(duty.due for duty in self._duties)

    @property
    def crowded(self) -> bool:
        """Whether no more files can be taken in for now. Files that failed and wait crowd out no others."""
        full = self._flights.fresh >= CROWD or self.overcrowded or self._room.full
        return full or not self._parts.may_fetch()

    @property
    def overcrowded(self) -> bool:
        """Whether too many files wait."""
        return len(self._flights) >= MOST

    @property
    def busy(self) -> bool:
        """Whether there is enough to do without the doorbell."""
        return self._flights.fresh >= BUSY or self.crowded

    def perform_due(self) -> None:
        """Perform what is due, one duty after another."""
        for duty in self._duties:
            if self._clock() >= duty.due:
                self._perform(duty)

    def ask_soon(self) -> None:
        """Ask what is owed at once."""
        self._ask.sooner(self._clock())

    def beat_soon(self, handles: list[str]) -> None:
        """Ask at once how many files are asked back; the messages that said there are some have done their work."""
        self._heartbeat.sooner(self._clock())
        with contextlib.suppress(TransientError):
            self._parts.inbox.delete(handles)

    def hurry(self) -> None:
        """Ask what is owed at once, and do at once what failed."""
        for duty in self._duties:
            if duty.failures or duty is self._ask:
                duty.afresh(self._clock())

    def send_soon(self, *, in_company: bool = False) -> None:
        """Send receipts; while others are on the way, in a moment, so that several go together."""
        self._send.sooner(self._clock() + (RECEIPT_WAIT_SECONDS if in_company else 0.0))

    def _suspect(self, error: RevokedError) -> None:
        """Believe that the key was revoked only when it is refused again and again: one 403 may be a hiccup."""
        self._refusals += 1
        if self._refusals >= REFUSALS:
            raise error
        LOG.warning("%s; making sure", error)
        self.ask_soon()

    def _perform(self, duty: Duty) -> None:
        try:
            again = duty.deed()
        except RevokedError as error:
            duty.failed(self._clock(), self._parts.patience)
            self._suspect(error)
        except RequestRefusedError as error:
            LOG.error("%s: %s", duty.name, error)  # noqa: TRY400 - the sentence says it all
            self._owed.start_over()
            duty.failed(self._clock(), self._parts.patience)
        except TransientError as error:
            LOG.log(logging.DEBUG if duty.failures else logging.WARNING, "%s: %s; trying again", duty.name, error)
            duty.failed(self._clock(), self._parts.patience)
        else:
            duty.succeeded(self._clock(), again)

    def _ask_owed(self) -> float | None:
        """Ask for the next page of what is owed, when there is room for it."""
        if self.crowded:
            return CROWDED_SECONDS
        if self._owed.begins:
            self._doubted = {flight.notice.file_id for flight in self._flights if flight.refused}
        page, last = self._owed.page()
        self._accepted()
        if self._intake.take([(notice, None) for notice in page]):
            self.send_soon()
        if last:
            self._end_pass()
        return None if last else 0.0

    def _end_pass(self) -> None:
        """Note how much is owed, and forget the trouble with files that are not owed any more."""
        self._note({"owed": self._owed.total})
        for trouble in self._parts.catalog.troubles():
            if trouble.file_id not in self._owed.ids:
                self._parts.catalog.forget_trouble(trouble.file_id)
        self._let_go(self._doubted - self._owed.ids)
        self._owed.ids = set()

    def _let_go(self, file_ids: set[str]) -> None:
        """End what cannot be had because it is not owed any more: its notice was late, the file thrown away for good.

        Only what was refused before the pass began: a notice comes after its debt, so then the pass would have told it.
        """
        refused = [one for one in self._flights if one.notice.file_id in file_ids and one.refused]
        handles = [self._flights.end(one.notice.file_id) for one in refused if one.state == "waiting"]
        if handles:
            LOG.info("%d files are not to be had, and not owed any more", len(handles))
        try:
            self._parts.inbox.delete([handle for handle in handles if handle])
        except TransientError as error:
            LOG.warning("%s; the notices come again", error)

    def _send_receipts(self) -> float | None:
        outcomes = self._receipts.send_some()
        if not outcomes:
            return None
        self._accepted()
        self._conclude(outcomes)
        return 0.0

    def _conclude(self, outcomes: list[Outcome]) -> None:
        """Delete the messages of files that are over and done; refused ones are left for the dead-letter queue."""
        handles = {outcome.file_id: self._flights.end(outcome.file_id) for outcome in outcomes}
        done = [outcome.file_id for outcome in outcomes if outcome.outcome in TAKEN]
        self._owed.total = max(0, self._owed.total - len(done))
        self._note({"owed": self.still_owed})
        if len(self._flights) == 0:
            LOG.debug("all that was owed is home")
        try:
            self._parts.inbox.delete([handle for file_id in done if (handle := handles[file_id])])
        except TransientError as error:
            LOG.warning("%s; the notices come again and are confirmed again", error)

    def _beat(self) -> None:
        told = self._parts.api.heartbeat(disk.free_bytes(self._parts.home), self.still_owed)
        self._accepted()
        recalls, catching_up = told.get("recalls"), told.get("catchingUp")
        so_far = catching_up.get("owedSoFar", 0) if isinstance(catching_up, dict) else ""
        elsewhere = told.get("elsewhere")
        only_there = elsewhere.get("files", 0) if isinstance(elsewhere, dict) else 0
        counts = {"recalls": recalls if isinstance(recalls, int) else 0, "elsewhere": only_there}
        self._note({**counts, "catchingUp": so_far})
        if recalls:
            self._parts.recall()

    def _hide(self) -> None:
        self._parts.inbox.hide([flight.handle for flight in self._flights if flight.handle])

    @property
    def still_owed(self) -> int:
        """How many files this PC is owed, as far as it knows."""
        return max(self._owed.total, len(self._flights))

    def _accepted(self) -> None:
        """Note that the cloud knows us."""
        self._refusals = 0
        when = datetime.fromtimestamp(self._parts.now(), UTC)
        self._note({"lastContact": when.isoformat(timespec="seconds")})

    def _note(self, facts: dict[str, object]) -> None:
        """Keep facts for `status`, which are not worth a stop when the disk is full."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._parts.catalog.note(facts)
