"""How many files are sent at a time: few near by, where each takes work; more far away, where each takes waiting.

One more for each small file that took a while but not long; half as many when one took long, for then the line is full.
Together they hold no more bytes than a slow line brings in time, the first few files excepted. Knows threads, no clock.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW, MOST = 4, 16
SMALL_BYTES = 1024**2
"""What a larger file takes says more of its size than of the distance."""
TOGETHER_BYTES = 8 * 1024**2
NEAR_SECONDS, LONG_SECONDS = 0.03, 1.0


class Abreast:
    """So many at a time as the last ones suggest; or, where that was chosen, always so many."""

    def __init__(self, chosen: int | None = None) -> None:
        """Take what was chosen."""
        self._chosen = chosen
        self._now = chosen or FEW
        self._files = self._bytes = 0
        self._changed = threading.Condition()

    @property
    def now(self) -> int:
        """Return how many it is by now."""
        return self._now

    @property
    def most(self) -> int:
        """Return how many it will ever be."""
        return self._chosen or MOST

    def took(self, size: int, seconds: float) -> None:
        """Take in how long a file took."""
        if self._chosen or size > SMALL_BYTES:
            return
        with self._changed:
            if seconds >= LONG_SECONDS:
                self._now = max(FEW, self._now // 2)
            elif seconds >= NEAR_SECONDS:
                self._now = min(MOST, self._now + 1)
            self._changed.notify_all()

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Wait for a turn to send so many bytes."""
        with self._changed:
            self._changed.wait_for(lambda: self.has_room(size))
            self._files, self._bytes = self._files + 1, self._bytes + size
        try:
            yield
        finally:
            with self._changed:
                self._files, self._bytes = self._files - 1, self._bytes - size
                self._changed.notify_all()

    def has_room(self, size: int) -> bool:
        """Tell whether one more file may be sent now."""
        fits = bool(self._chosen) or self._files < FEW or self._bytes + size <= TOGETHER_BYTES
        return self._files < self._now and fits
