"""What passes over the line: counted for people, held to the limit, stopped by a pause. Used by all workers."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agent.errors import PausedError, StoppedError
from agent.fetch.delivery import Came, Courier
from agent.fetch.limits import Bucket, abreast

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.drive.catalog import Entry
    from agent.fetch.delivery import Aside
    from agent.fetch.limits import Limit
    from agent.fetch.notices import Notice

WINDOW_SECONDS = 15.0
TURN_SECONDS = 0.5


@dataclass
class Under:
    """One file under way."""

    path: str
    size: int
    got: int = 0


@dataclass(frozen=True)
class Glance:
    """How it stands at one moment."""

    under_way: tuple[Under, ...]
    came: int
    speed: float


class Traffic:
    """Counts bytes and files, and lets bytes pass."""

    def __init__(
        self,
        limit: Limit,
        stop: threading.Event,
        paused: Callable[[], bool] = lambda: False,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Take the limit, and who may stop it all."""
        self._stop, self._paused, self._clock = stop, paused, clock
        self._limit, self._now = limit, now
        self._bucket = Bucket(self._rate, clock, self._wait)
        self._out = Bucket(self._rate, clock, self._wait)
        self._lock = threading.Lock()
        self._under_way: dict[str, Under] = {}
        self._bytes = self._came = 0
        self._samples: deque[tuple[float, int]] = deque([(clock(), 0)])

    def _rate(self) -> int:
        return self._limit.at(self._now().time())

    def limited(self) -> bool:
        """Whether a limit holds now."""
        return self._rate() > 0

    def passing(self, notice: Notice, count: int) -> None:
        """Let bytes of a file pass, as soon as the limit has room for them."""
        if self._paused():
            raise PausedError
        self._bucket.take(count)
        with self._lock:
            self._bytes += count
            if under := self._under_way.get(notice.file_id):
                under.got = min(under.got + count, under.size)

    def leaving(self, count: int) -> None:
        """Let bytes go back to the cloud: at the same pace, in a bucket of their own, so that neither way waits."""
        if self._paused():
            raise PausedError
        self._out.take(count)

    def begun(self, entry: Entry) -> None:
        """Note that a worker has a file in hand, as soon as it is its turn.

        With a limit few files come at a time: S3 gives a connection up that nobody reads from for long.
        """
        while not self._admitted(entry):
            self._wait(TURN_SECONDS)

    def _admitted(self, entry: Entry) -> bool:
        with self._lock:
            under_way = len(self._under_way)
            if abreast(self._rate(), under_way + 1) <= under_way:
                return False
            self._under_way[entry.file_id] = Under(entry.path, entry.size)
            return True

    def ended(self, entry: Entry, *, came: bool) -> None:
        """Note that a worker is done with it."""
        with self._lock:
            self._under_way.pop(entry.file_id, None)
            self._came += came

    def glance(self) -> Glance:
        """Return how it stands; the speed is that of the last quarter of a minute."""
        with self._lock:
            at = self._clock()
            self._samples.append((at, self._bytes))
            while len(self._samples) > 2 and at - self._samples[0][0] > WINDOW_SECONDS:  # noqa: PLR2004 - beginning and end
                self._samples.popleft()
            since, then = self._samples[0]
            speed = (self._bytes - then) / max(at - since, 0.001)
            copies = tuple(Under(one.path, one.size, one.got) for one in self._under_way.values())
            return Glance(copies, self._came, speed)

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StoppedError
        if self._paused():
            raise PausedError


@dataclass(frozen=True, kw_only=True)
class WatchedCourier(Courier):
    """A courier whose files are counted."""

    traffic: Traffic

    def bring(self, notice: Notice, entry: Entry) -> Came | Aside:
        """Bring one file home, and count it."""
        came = False
        self.traffic.begun(entry)
        try:
            result = super().bring(notice, entry)
            came = isinstance(result, Came) and result.fetched
        finally:
            self.traffic.ended(entry, came=came)
        return result
