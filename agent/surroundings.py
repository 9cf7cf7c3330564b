"""Whether the world around the PC changed: it slept, its clock was set, it came into another network.

After each of these what failed before may well work, so nobody has to wait until a long patience is over.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 15.0
SLEPT_SECONDS = 60.0
ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses that belong to nobody. Nothing is sent to them."""


class Surroundings:
    """Remembers how the world was when we last looked."""

    def __init__(
        self,
        clock: Callable[[], float],
        now: Callable[[], float],
        address: Callable[[], str | None] | None = None,
    ) -> None:
        """Take the clock that nobody sets, the one that people do, and how to ask for our own address."""
        self._clock, self._now, self._address = clock, now, address or own_address
        self._drift = now() - clock()
        self._looked = clock()
        self._at = self._address()
        self.next_look = clock() + LOOK_SECONDS

    def changed(self) -> bool:
        """Look, and tell whether what failed before is worth another try."""
        slept, moved = self._slept(), self._moved()
        return slept or moved

    def _slept(self) -> bool:
        """Whether the clocks ran apart, or we were not called for long: some count while the PC sleeps, some do not."""
        drift, clock = self._now() - self._clock(), self._clock()
        apart, away = abs(drift - self._drift), clock - self._looked
        self._drift, self._looked = drift, clock
        return apart > SLEPT_SECONDS or away > LOOK_SECONDS + SLEPT_SECONDS

    def _moved(self) -> bool:
        """Whether we have a network again, or another."""
        if self._clock() < self.next_look:
            return False
        self.next_look = self._clock() + LOOK_SECONDS
        before, self._at = self._at, self._address()
        return self._at is not None and self._at != before


def own_address() -> str | None:
    """Return the address we would reach the world from, or `None` without a network. Nothing is sent."""
    for family, far in ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                return str(probe.getsockname()[0])
        except OSError:
            continue
    return None
