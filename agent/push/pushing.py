"""One push of a folder: what the cloud lacks is asked in lots, begun in batches, sent several files at a time.

One thread steers, and it alone holds what is known; hashing and sending run in pools and hand back results. Nothing
grows with the folder: a lot, a batch, the files under way and those whose arrival is waited for are all bounded.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError, PermanentError, RequestRefusedError, RevokedError, StoppedError
from agent.patience import backoff
from agent.push import batches
from agent.push.abreast import Abreast
from agent.push.answers import ARRIVED, TRASHED, Begun, Duplicate, Multipart, Refused, Single
from agent.push.arrivals import GONE
from agent.push.errors import ChangedFileError, GoneUploadError, OtherContentsError
from agent.push.intake import FRESH_STARTS
from agent.push.local import Fate, Hashed, Outcome, Unsettled
from agent.push.sending import PENDING, PhoneCrew, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.push.arrivals import Arrivals
    from agent.push.intake import Given, Intake
    from agent.push.ledger import Ledger

MOST_WAITING = 2_000
QUEUED = 2
"""Files in the hands of each sender: the one it sends and the next, so that none idles while we ask the API."""
TICK_SECONDS = 0.5
IN_TRASH = "it is in the cloud's trash, thrown away on purpose"
LATE = "S3 has it, but the cloud has not noticed yet; push again later to be sure"


@dataclass(frozen=True)
class Sending:
    """A file whose upload was begun, and since when its link is good."""

    hashed: Hashed
    begun: Single | Multipart
    since: float


class Push:
    """The steering of one push."""

    def __init__(
        self, crew: PhoneCrew, intake: Intake, ledger: Ledger, arrivals: Arrivals, tell: Callable[[Outcome], None]
    ) -> None:
        """Take what is steered, and who is told what became of each file."""
        self._crew, self._intake, self._ledger, self._arrivals, self._tell = crew, intake, ledger, arrivals, tell
        self._twins: dict[str, list[Hashed]] = {}
        self._lot: list[Hashed] = []
        self._lot_goal, self._lot_since = batches.FIRST_LOT, 0.0
        self._ready: deque[Hashed] = deque()
        self._begun: deque[Sending] = deque()
        self._sending: dict[Future[str], Sending] = {}
        self._later: list[Unsettled] = []
        self._abreast = Abreast()

    def run(self, parallel: int | None, *, dry_run: bool) -> None:
        """Push until every file has its outcome, so many at a time; raise when the push as a whole cannot go on."""
        self._abreast = Abreast(parallel)
        with ThreadPoolExecutor(self._abreast.most, thread_name_prefix="send") as pool:
            try:
                while not self._over():
                    self._turn(pool, dry_run=dry_run)
            except BaseException:
                self._crew.stop()
                raise

    def _turn(self, pool: ThreadPoolExecutor, *, dry_run: bool) -> None:
        """Do what can be done at once, then wait for more."""
        self._finish_sending()
        self._take_in()
        self._ask(dry_run=dry_run)
        self._begin()
        while self._begun and len(self._sending) < self._abreast.now * QUEUED:
            one = self._begun.popleft()
            self._sending[pool.submit(self._send, one)] = one
        self._hear()
        self._wait()

    # Taking in

    def _take_in(self) -> None:
        held = len(self._lot) + len(self._ready)
        room = batches.LOT - held if len(self._arrivals) < MOST_WAITING else 0
        for one in self._intake.take(room):
            self._given(one)
        if self._later and self._intake.over and not (self._lot or self._ready or self._begun or self._sending):
            later, self._later = self._later, []
            self._crew.pause(backoff(max(one.tries for one in later), 10.0))
            for one in later:
                for outcome in self._intake.again(one):
                    self._tell(outcome)

    def _given(self, one: Given) -> None:
        if isinstance(one, Outcome):
            self._tell(one)
        elif isinstance(one, Unsettled):
            self._later.append(one)
        else:
            self._enter(one)

    def _enter(self, hashed: Hashed) -> None:
        """Let a file in; one with the contents of another that is under way shares the other's fate."""
        if hashed.sha256 in self._twins:
            self._twins[hashed.sha256].append(hashed)
            return
        self._twins[hashed.sha256] = []
        if not self._lot:
            self._lot_since = self._crew.clock()
        self._lot.append(hashed)

    # Asking and beginning

    def _ask(self, *, dry_run: bool) -> None:
        """Ask which files of the lot the cloud lacks; what we began and never saw arrive is not safe anyway."""
        waited = self._crew.clock() - self._lot_since
        hungry = len(self._ready) + len(self._begun) < self._abreast.now
        last = self._intake.over
        if not batches.lot_is_due(len(self._lot), self._lot_goal, waited, hungry=hungry, last=last):
            return
        lot, self._lot, self._lot_goal = self._lot, [], min(self._lot_goal * 2, batches.LOT)
        missing = self._crew.api.missing([hashed.sha256 for hashed in lot])
        for hashed in lot:
            if hashed.sha256 not in missing and not self._ledger.is_begun(hashed.sha256):
                self._settle(hashed, Fate.KNOWN)
            elif dry_run:
                self._settle(hashed, Fate.WOULD_SEND)
            else:
                self._ready.append(hashed)

    def _begin(self) -> None:
        """Begin a batch when few are left to send."""
        if not self._ready or len(self._begun) >= self._abreast.now:
            return
        batch = batches.next_batch(self._ready)
        begun = self._begin_all(batch)
        answered = list(zip(batch, begun, strict=True))
        self._ledger.begun([hashed.sha256 for hashed, told in answered if _is_open(told)])
        for hashed, told in answered:
            self._take_answer(hashed, told)

    def _begin_all(self, batch: Sequence[Hashed]) -> list[Begun]:
        """Begin a batch. If the API refuses it as a whole, find the one file that spoils it."""
        try:
            return self._crew.api.begin([batches.wanted(hashed) for hashed in batch])
        except RequestRefusedError as error:
            if len(batch) == 1:
                return [Refused(error.code, str(error))]
        half = len(batch) // 2
        return self._begin_all(batch[:half]) + self._begin_all(batch[half:])

    def _take_answer(self, hashed: Hashed, begun: Begun) -> None:
        if isinstance(begun, Refused):
            fate, reason = (Fate.SKIPPED, IN_TRASH) if begun.reason == TRASHED else (Fate.FAILED, begun.message)
            self._settle(hashed, fate, reason)
        elif isinstance(begun, Duplicate):
            self._standing(hashed, begun.file_id, begun.status, Fate.KNOWN)
        else:
            self._begun.append(Sending(hashed, begun, self._crew.clock()))

    # Sending and arriving

    def _send(self, one: Sending) -> str:
        """Send a file when it is its turn, in a thread."""
        size, clock = one.hashed.file.size, self._crew.clock
        with self._abreast.turn(size):
            since = clock()
            status = send(self._crew, one.hashed, one.begun, one.since)
            self._abreast.took(size, clock() - since)
        return status

    def _finish_sending(self) -> None:
        for future in [future for future in self._sending if future.done()]:
            one = self._sending.pop(future)
            try:
                self._standing(one.hashed, one.begun.file_id, future.result(), Fate.SAFE)
            except (StoppedError, RevokedError):
                raise
            except AgentError as error:
                self._stumbled(one, error)

    def _stumbled(self, one: Sending, error: AgentError) -> None:
        """Give a file a fresh start if that may help, else tell why it failed."""
        hashed, afresh = one.hashed, one.hashed.tries < FRESH_STARTS and not isinstance(error, PermanentError)
        if afresh and isinstance(error, GoneUploadError):
            self._ready.append(replace(hashed, tries=hashed.tries + 1))
        elif afresh and isinstance(error, (ChangedFileError, OtherContentsError)):
            self._later.append(Unsettled([hashed.file], str(error), hashed.group_id, hashed.tries + 1))
            if not self._release(hashed) and isinstance(error, ChangedFileError):
                self._call_off(one)
        else:
            self._settle(hashed, Fate.FAILED, str(error))

    def _call_off(self, one: Sending) -> None:
        """Call off the upload of contents that are no more, so that nothing stays reserved for them."""
        with contextlib.suppress(RequestRefusedError):
            self._crew.api.abort(one.begun.file_id)
            self._ledger.over(one.hashed.sha256)

    def _standing(self, hashed: Hashed, file_id: str, status: str, fate: Fate) -> None:
        """Decide by the status that the cloud tells."""
        if status in ARRIVED:
            self._settle(hashed, fate, file_id=file_id)
        elif status == PENDING:
            self._arrivals.expect(file_id, hashed)
        elif status == GONE:
            self._settle(hashed, Fate.FAILED, "the cloud let its upload go; push again")
        else:
            self._settle(hashed, Fate.SKIPPED, IN_TRASH if status == TRASHED else f"its status is {status}", file_id)

    def _hear(self) -> None:
        for hashed, file_id, status in self._arrivals.look():
            self._standing(hashed, file_id, status, Fate.SAFE)
        for hashed, file_id in self._arrivals.given_up():
            self._settle(hashed, Fate.FAILED, LATE, file_id)

    # Settling

    def _settle(self, hashed: Hashed, fate: Fate, reason: str = "", file_id: str | None = None) -> None:
        """Tell a file's outcome; its twins share a good one, and after a bad one try for themselves."""
        file = hashed.file
        self._tell(Outcome(file.local_id, fate, file.size, reason, file_id))
        if fate is Fate.FAILED:
            self._release(hashed)
            return
        self._ledger.over(hashed.sha256)
        for twin in self._twins.pop(hashed.sha256, []):
            shared = Fate.SKIPPED if fate is Fate.SKIPPED else Fate.KNOWN
            self._tell(
                Outcome(twin.file.local_id, shared, twin.file.size, f"same contents as {file.local_id}", file_id)
            )

    def _release(self, hashed: Hashed) -> bool:
        """Let the twins of a file try for themselves; tell whether there are any."""
        twins = self._twins.pop(hashed.sha256, [])
        for twin in twins:
            self._enter(twin)
        return bool(twins)

    # Waiting

    def _over(self) -> bool:
        held = (self._lot, self._ready, self._begun, self._sending, self._later, self._arrivals)
        return self._intake.over and not any(held)

    def _wait(self) -> None:
        """Wait until something is over, or the next look is due; end here when asked to stop."""
        busy: set[Future[Any]] = {*self._intake.under_way, *self._sending, *self._arrivals.under_way}
        if busy:
            look = self._arrivals.seconds() or TICK_SECONDS
            concurrent.futures.wait(busy, min(look, TICK_SECONDS), concurrent.futures.FIRST_COMPLETED)
        idle = not (busy or self._lot or self._ready or self._begun) and self._intake.over
        self._crew.pause(self._arrivals.seconds() if idle and len(self._arrivals) else 0)


def _is_open(begun: Begun) -> bool:
    return isinstance(begun, (Single, Multipart)) or (isinstance(begun, Duplicate) and begun.status == PENDING)
