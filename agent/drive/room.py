"""Whether the drive has room: looked at once a second at most, said once when it changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agent.drive import disk

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.drive.home import Home

LOG = logging.getLogger(__name__)
CHECK_SECONDS = 1.0


class Room:
    """Watches that the reserve stays free."""

    def __init__(
        self,
        home: Home,
        reserve: int,
        clock: Callable[[], float],
        free_bytes: Callable[[Home], int] = disk.free_bytes,
    ) -> None:
        """Take the drive and what is to stay free on it."""
        self._home, self._reserve, self._clock, self._free_bytes = home, reserve, clock, free_bytes
        self._checked = float("-inf")
        self.full = False

    @property
    def next_check(self) -> float:
        """When to look again: soon while the drive is full, else whenever something is fetched."""
        return self._checked + CHECK_SECONDS if self.full else float("inf")

    def changed(self) -> bool:
        """Look, and tell whether the drive became full, or has room again."""
        if self._clock() - self._checked < CHECK_SECONDS:
            return False
        self._checked = self._clock()
        free, before = self._free_bytes(self._home), self.full
        self.full = free < self._reserve
        if self.full and not before:
            LOG.error("disk is full: %d bytes free, %d are to stay free; fetching pauses", free, self._reserve)
        elif before and not self.full:
            LOG.info("there is room again: %d bytes free; fetching goes on", free)
        return self.full is not before
