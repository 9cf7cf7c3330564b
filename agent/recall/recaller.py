"""Sends back what the cloud asks for, one file after another, in a thread that is there only while there is any.

Nothing of it is kept: the cloud remembers what it asked for, and S3 which parts it has. Who is killed on any line
begins again with the next heartbeat that tells of recalls, and sends what lacks.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from agent.check.audit import Audit
from agent.check.elsewhere import Elsewhere
from agent.check.losses import Losses
from agent.check.soundness import State
from agent.errors import AgentError, PausedError, StoppedError, TransientError
from agent.patience import backoff
from agent.push.bucket import pool
from agent.push.errors import PartsMissingError
from agent.push.sending import Crew, send
from agent.recall.api import RecallApi
from agent.recall.errors import RecallOverError
from agent.recall.finding import Finder
from agent.recall.line import LimitedBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.drive.home import Home, Pairing
    from agent.push.bucket import Bucket
    from agent.recall.api import Recall

LOG = logging.getLogger(__name__)
LONGEST_SECONDS = 3600.0


class Recaller:
    """Sends files of one home folder back."""

    def __init__(
        self,
        home: Home,
        api: RecallApi,
        bucket: Bucket,
        stop: threading.Event,
        may_send: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the parts; nothing starts yet."""
        self._home, self._api, self._stop, self._may_send, self._clock = home, api, stop, may_send, clock
        self._crew = Crew(api, bucket, self._pause, seen=self._go_on, hashing=self._go_on, clock=clock)
        self._failures: dict[str, tuple[int, float]] = {}
        self._thread: threading.Thread | None = None

    @classmethod
    def of(
        cls,
        home: Home,
        pairing: Pairing,
        key: str,
        stop: threading.Event,
        leaving: Callable[[int], None],
        may_send: Callable[[], bool],
    ) -> Self:
        """Wire one, to whom bytes are let go by `leaving`."""
        api = RecallApi(pairing.url, pairing.device_id, key)
        return cls(home, api, LimitedBucket(pool(1, pairing.url), leaving), stop, may_send)

    def ring(self) -> None:
        """Begin to send what is asked for, unless that is under way. Called by one thread alone."""
        if self._may_send() and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._work, name="recalls", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Make one pass: the outermost ring of its thread."""
        try:
            self.make_pass()
        except StoppedError:
            return
        except (AgentError, OSError, sqlite3.Error) as error:
            LOG.warning("recalls: %s; trying again", error)
        except Exception:
            LOG.exception("unexpected trouble with recalls; trying again later")

    def make_pass(self) -> None:
        """Send each file that is asked for; one that gives trouble is left for later and never holds up the others."""
        with (
            Audit(self._home.catalog) as audit,
            contextlib.closing(Elsewhere(self._home, audit.is_free, self._go_on)) as elsewhere,
        ):
            finder, losses = Finder(self._home, audit, elsewhere, self._go_on), Losses(self._home, audit, self._api)
            for recall in self._asked():
                self._send_back(recall, finder, losses)

    def _asked(self) -> Iterator[Recall]:
        following, first = None, True
        while following or first:
            page, following = self._api.recalls(following)
            first = False
            yield from (one for one in page if self._failures.get(one.file_id, (0, 0.0))[1] <= self._clock())

    def _send_back(self, recall: Recall, finder: Finder, losses: Losses) -> None:
        try:
            self._find_and_send(recall, finder, losses)
        except RecallOverError as error:
            LOG.info("file_id=%s %s", recall.file_id, error)
        except (StoppedError, PausedError):
            raise
        except AgentError as error:
            if isinstance(error, TransientError) and not isinstance(error, PartsMissingError):
                LOG.warning("recalled file_id=%s %s; trying again", recall.file_id, error)
            else:
                LOG.error("recalled file_id=%s cannot be sent: %s", recall.file_id, error)  # noqa: TRY400 - the sentence says it all
            self._leave_for_later(recall.file_id)
        else:
            self._failures.pop(recall.file_id, None)

    def _find_and_send(self, recall: Recall, finder: Finder, losses: Losses) -> None:
        finding, hashed = finder.find(recall)
        if hashed is None:
            LOG.error("recalled file_id=%s is not whole at home any more: %s", recall.file_id, finding.state)
            losses.report([finding], datetime.now(UTC).isoformat(timespec="seconds"))
            return
        if finding.state is State.MOVED:
            losses.follow(finding)
        since = self._clock()
        begun = self._api.begin(recall.file_id)
        if begun:
            send(self._crew, hashed, begun, since)
            told = recall.file_id, hashed.file.local_id, recall.size
            LOG.info("sent back file_id=%s path=%s bytes=%d", *told)

    def _leave_for_later(self, file_id: str) -> None:
        failures = self._failures.get(file_id, (0, 0.0))[0] + 1
        self._failures[file_id] = failures, self._clock() + backoff(failures, LONGEST_SECONDS)

    def _go_on(self, _count: int = 0) -> None:
        """Raise when asked to stop or to pause."""
        if self._stop.is_set():
            raise StoppedError
        if not self._may_send():
            raise PausedError

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._go_on()
