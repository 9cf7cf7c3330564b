"""How many bytes may be in memory at once, however many files are under way. Used by all workers."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 32 * 1024 * 1024


class Memory:
    """A budget of bytes. Whoever wants more than is free waits; one file alone always gets what it needs."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Take how many bytes there may be."""
        self._most = self._free = most
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold so many bytes for a while."""
        share = min(size, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= share)
            self._free -= share
        try:
            yield
        finally:
            with self._changed:
                self._free += share
                self._changed.notify_all()

    @contextlib.contextmanager
    def spare(self, size: int) -> Iterator[bool]:
        """Hold so many bytes if they are free, and tell whether they were."""
        with self._changed:
            free = self._free >= size
            self._free -= size if free else 0
        try:
            yield free
        finally:
            with self._changed:
                self._free += size if free else 0
                self._changed.notify_all()
