"""How many bytes a second may come home, by day and by night. Pure, but for the bucket's clock and wait.

amount  `750k`, `2M`, `1.5M`, or a plain number of bytes a second; `0` is no limit
hour    `23:00`; the night may pass midnight, and one that begins when it ends never comes
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([kKmMgG]?)")
HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
SLOWEST = 10_000
"""Slower, and S3 takes the connection for dead between two pieces."""
SHARE = 250_000
"""Bytes a second that a file under way is to have at least."""
LONGEST_WAIT_SECONDS = 1.0
"""However long the wait is to be, look again after a second: the night may begin, or a pause."""


@dataclass(frozen=True)
class Limit:
    """Bytes a second by day and by night (0: no limit), and when the night is."""

    day: int = 0
    night: int = 0
    night_from: time = time(23)
    night_to: time = time(7)

    def at(self, when: time) -> int:
        """Return how many bytes a second may come at a time of the day; 0 is no limit."""
        begins, ends = self.night_from, self.night_to
        is_night = begins <= when < ends if begins <= ends else when >= begins or when < ends
        return self.night if is_night else self.day


def abreast(rate: int, most: int) -> int:
    """Return how many files may be under way under a limit: S3 gives a connection up that is idle for long."""
    return min(most, max(1, rate // SHARE)) if rate else most


def parse_amount(told: object) -> int:
    """Read an amount of bytes a second, or raise ValueError saying what was expected."""
    found = AMOUNT.fullmatch(str(told)) if isinstance(told, str | int) and not isinstance(told, bool) else None
    amount = int(float(found[1]) * UNITS[_unit(found[2])]) if found else -1
    if amount and amount < SLOWEST:
        raise ValueError(f'must be like "2M" or "750k" a second, "0" for no limit, at least "10k", got {told!r}')
    return amount


def parse_hour(told: object) -> time:
    """Read a time of the day, or raise ValueError saying what was expected."""
    found = HOUR.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        raise ValueError(f'must be a time of the day like "23:00", got {told!r}')
    return time(int(found[1]), int(found[2]))


class Bucket:
    """Lets bytes through at a rate, shared by all threads, in the order they came. All is paid for before it passes.

    A piece larger than a second's worth waits until all of it is there. What nobody took is kept for a second.
    """

    def __init__(self, rate: Callable[[], int], clock: Callable[[], float], wait: Callable[[float], object]) -> None:
        """Take the rate, which is asked each time, and how to wait."""
        self._rate, self._clock, self._wait = rate, clock, wait
        self._lock = threading.Lock()
        self._promised, self._there, self._filled_at = 0, 0.0, clock()

    def take(self, count: int) -> None:
        """Wait until `count` bytes may pass."""
        if not self._rate():
            return
        with self._lock:
            self._fill()
            self._promised += count
            mine = self._promised
        try:
            while (seconds := self._missing(mine)) > 0:
                self._wait(min(seconds, LONGEST_WAIT_SECONDS))
        except BaseException:
            with self._lock:
                self._there += count  # what is not taken after all is there for those behind
            raise

    def _missing(self, mine: int) -> float:
        """Return how long it takes until all is there up to one's own."""
        with self._lock:
            rate = self._fill()
            short = mine - self._there
            return short / rate if rate and short >= 1 else 0.0

    def _fill(self) -> int:
        """Count what has come to be there since the last look, and return the rate."""
        now, rate = self._clock(), self._rate()
        since, self._filled_at = now - self._filled_at, now
        self._there = min(self._there + since * rate, float(self._promised + rate)) if rate else float(self._promised)
        return rate


def _unit(letter: str) -> str:
    return "k" if letter in ("k", "K") else letter.upper()
