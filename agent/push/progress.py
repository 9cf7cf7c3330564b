"""How far a push has come: counted from any thread, and written as one line. The writing is pure."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.push.local import Fate

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.push.local import Outcome

WINDOW_SECONDS = 30.0
UNITS = ("B", "kB", "MB", "GB", "TB")
MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True)
class Progress:
    """How far a push has come at one moment; `left` is `None` while the folder is still being counted."""

    files: int
    sent_bytes: int
    speed: float
    left_bytes: int | None


class Meter:
    """Counts what was sent and settled."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at zero."""
        self._clock, self._lock = clock, threading.Lock()
        self._files = self._sent = self._settled = 0
        self._total: int | None = None
        self._samples: deque[tuple[float, int, int]] = deque([(clock(), 0, 0)])

    def sent(self, count: int) -> None:
        """Count bytes as they leave."""
        with self._lock:
            self._sent += count

    def settled(self, outcome: Outcome) -> None:
        """Count a file that has its outcome; what was sent was counted as it left."""
        with self._lock:
            self._files += 1
            self._settled += 0 if outcome.fate is Fate.SAFE else outcome.size

    def counted(self, total: int) -> None:
        """Take how many bytes the folder has."""
        self._total = total

    def now(self) -> Progress:
        """Return how far it is; the speed is that of the last half minute."""
        with self._lock:
            at, handled = self._clock(), self._sent + self._settled
            self._samples.append((at, self._sent, handled))
            while len(self._samples) > 2 and at - self._samples[0][0] > WINDOW_SECONDS:  # noqa: PLR2004 - a beginning and an end
                self._samples.popleft()
            began, sent_then, handled_then = self._samples[0]
            seconds = max(at - began, 0.001)
            left = None if self._total is None else max(0, self._total - handled)
            self._pace = (handled - handled_then) / seconds
            return Progress(self._files, self._sent, (self._sent - sent_then) / seconds, left)

    def pace(self) -> float:
        """Return how many bytes a second are dealt with, sent or not, as of the last look."""
        return self._pace

    _pace = 0.0


def line(progress: Progress, pace: float) -> str:
    """Write progress for a person."""
    words = [f"{progress.files:,} files done", f"{amount(progress.sent_bytes)} sent", f"{amount(progress.speed)}/s"]
    if progress.left_bytes is not None and pace > 0:
        words.append(f"{span(progress.left_bytes / pace)} left")
    elif progress.left_bytes is None:
        words.append("counting")
    return " · ".join(words)


def amount(count: float) -> str:
    """Write a number of bytes for a person."""
    power = 0
    while count >= 999.5 and power < len(UNITS) - 1:  # noqa: PLR2004 - 999.6 would be written as 1000
        count, power = count / 1000, power + 1
    return f"{count:.0f} {UNITS[power]}" if power == 0 or count >= 99.5 else f"{count:.1f} {UNITS[power]}"  # noqa: PLR2004


def span(seconds: float) -> str:
    """Write a time for a person."""
    if seconds < MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < HOUR:
        return f"{round(seconds / MINUTE)} min"
    return f"{seconds / HOUR:.1f} h"
