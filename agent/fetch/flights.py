"""The files under way: each once, however often it is told, with the message to delete when it is over. Pure.

A flight waits until it is due, flies in a worker, then is landed until its receipt is taken.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.fetch.notices import Notice


@dataclass
class Flight:
    """One file under way."""

    notice: Notice
    handle: str | None = None
    state: Literal["waiting", "flying", "landed"] = "waiting"
    tries: int = 0
    unreached: bool = False
    """Whether it waits because nobody could be reached."""
    refused: bool = False
    """Whether it waits because its object is not to be had."""


@dataclass(frozen=True)
class Left:
    """What is still to come: files in all, and of those whose size is known how many, and their bytes."""

    files: int
    known_files: int
    known_bytes: int


class Flights:
    """All files under way."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_id: dict[str, Flight] = {}
        self._fresh: set[str] = set()
        self._due: list[tuple[float, int, str]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        """Count them all."""
        return len(self._by_id)

    @property
    def fresh(self) -> int:
        """Count those that neither landed nor failed yet: the others hold up nobody."""
        return len(self._fresh)

    def __iter__(self) -> Iterator[Flight]:
        """Go through them all."""
        return iter(self._by_id.values())

    def offer(self, notice: Notice, handle: str | None, due: float) -> Flight | None:
        """Take in a notice; return the flight if it is new. A repeated one only renews the message's handle."""
        known = self._by_id.get(notice.file_id)
        if known is not None:
            known.handle = handle or known.handle
            return None
        flight = self._by_id[notice.file_id] = Flight(notice, handle)
        self._fresh.add(notice.file_id)
        self._push(notice.file_id, due)
        return flight

    def take(self, now: float, room: int) -> list[Flight]:
        """Take up to `room` flights that are due; they fly now."""
        taken: list[Flight] = []
        while len(taken) < room and self._due and self._due[0][0] <= now:
            flight = self._by_id.get(heapq.heappop(self._due)[2])
            if flight is not None and flight.state == "waiting":
                flight.state = "flying"
                taken.append(flight)
        return taken

    def later(self, file_id: str, due: float) -> None:
        """Let a flight wait until it is due."""
        if flight := self._by_id.get(file_id):
            flight.state = "waiting"
            self._fresh.discard(file_id)
            self._push(file_id, due)

    def hurry(self, now: float) -> None:
        """Let those fly at once that wait because nobody could be reached."""
        for file_id, flight in self._by_id.items():
            if flight.state == "waiting" and flight.unreached:
                flight.tries, flight.unreached = 0, False
                self._push(file_id, now)

    def landed(self, file_id: str) -> None:
        """Note that a file is home; its receipt is still to be taken."""
        if flight := self._by_id.get(file_id):
            flight.state = "landed"
            self._fresh.discard(file_id)

    def end(self, file_id: str) -> str | None:
        """Forget a flight and return the handle of its message, if there was one."""
        flight = self._by_id.pop(file_id, None)
        self._fresh.discard(file_id)
        return flight.handle if flight else None

    def next_due(self) -> float:
        """Return when the next waiting flight is due; never, if none waits."""
        return self._due[0][0] if self._due else float("inf")

    def _push(self, file_id: str, due: float) -> None:
        heapq.heappush(self._due, (due, next(self._order), file_id))
