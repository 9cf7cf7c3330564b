"""How many files are worth fetching at the same time: the farther the bucket, the more. Pure, but for a stopwatch.

Small files far away cost waiting, not work: with 40 ms to the first byte, 16 at a time are 400 files a second, whatever
the line. The shortest of the latest answers tells the distance; a busy PC or line lengthens the others alone.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.fetch.notices import Notice
    from agent.wire.bucket import Body, Bucket

NEAR = 16
FILES_A_SECOND = 1_600
LATEST = 16


class Breadth:
    """Judges the distance by the answers. Told by all workers, asked by the loop."""

    def __init__(self) -> None:
        """Begin as if the bucket were near."""
        self._latest: deque[float] = deque(maxlen=LATEST)

    def answered(self, seconds: float) -> None:
        """Note how long a first byte took."""
        self._latest.append(seconds)

    @property
    def far(self) -> bool:
        """Whether the bucket is far away."""
        return self.wanted(NEAR + 1) > NEAR

    def wanted(self, most: int) -> int:
        """Return how many files to fetch at the same time."""
        latest = list(self._latest)
        nearest = min(latest) if len(latest) == LATEST else 0.0
        return min(most, max(NEAR, round(nearest * FILES_A_SECOND)))


class Timed:
    """A bucket whose answers are timed."""

    def __init__(self, bucket: Bucket, breadth: Breadth, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the bucket, and who judges."""
        self._bucket, self._breadth, self._clock = bucket, breadth, clock

    def open(self, notice: Notice, start: int = 0, etag: str | None = None, end: int | None = None) -> Body:
        """Open a notice's object."""
        asked = self._clock()
        body = self._bucket.open(notice, start, etag, end)
        self._breadth.answered(self._clock() - asked)
        return body
