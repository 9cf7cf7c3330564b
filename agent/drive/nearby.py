"""What was seen of the home folder a moment ago, so that not every file has to look again. Used by all workers.

A look takes the system five microseconds, and the worker twenty: meanwhile another one has the interpreter's lock.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from agent.drive import disk
from agent.errors import DiskFullError, HomeMissingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.drive.home import Home

LATELY_SECONDS = 0.2
A_WHILE_SECONDS = 1.0


class Presence:
    """Whether the home folder is there: not an empty mount point, nor another home folder on the same path."""

    def __init__(self, home: Home, mark: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the folder, and how it is marked."""
        self._home, self._mark, self._clock = home, mark, clock
        self._trusted: set[tuple[int, ...]] = set()
        self._seen_at = float("-inf")

    def require_lately(self) -> None:
        """Raise unless it is there, or was a moment ago."""
        if self._clock() - self._seen_at >= LATELY_SECONDS:
            self.require()

    def require(self) -> None:
        """Raise unless it is there."""
        try:
            seen = os.stat(self._home.marker)  # noqa: PTH116 - many times faster than reading it
        except OSError as error:
            raise HomeMissingError(self._home) from error
        looks = (seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_size)
        if looks not in self._trusted:
            if self._home.mark() != self._mark:
                raise HomeMissingError(self._home)
            self._trusted.add(looks)
        self._seen_at = self._clock()


class Ways:
    """Where paths below home lead. A folder seen to lie inside is believed for a while; what has the path is not."""

    def __init__(self, home: Home, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the home folder."""
        self._home, self._clock = home, clock
        self._seen: dict[str, tuple[float, Path]] = {}

    def place(self, path: str) -> Path:
        """Turn a path below home into a full one, whose folder stays inside, links included."""
        folder, _, name = path.rpartition("/")
        seen_at, there = self._seen.get(folder, (float("-inf"), self._home.folder))
        if self._clock() - seen_at < A_WHILE_SECONDS and name != "..":
            return there / name
        target = disk.place(self._home, path)
        self._seen[folder] = (self._clock(), target.parent)
        return target


class Rest:
    """What is free on the drive: looked at now and then, and reckoned in between."""

    def __init__(self, home: Home, reserve: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the drive, and what is to stay free on it."""
        self._home, self._reserve, self._clock = home, reserve, clock
        self._lock = threading.Lock()
        self._looked_at, self._free = float("-inf"), 0

    def require(self, size: int) -> None:
        """Raise unless so many bytes more fit and leave the reserve free."""
        with self._lock:
            if self._clock() - self._looked_at >= A_WHILE_SECONDS or self._free < size + self._reserve:
                self._looked_at, self._free = self._clock(), disk.free_bytes(self._home)
            if self._free < size + self._reserve:
                raise DiskFullError(size, self._free, self._reserve)
            self._free -= size
