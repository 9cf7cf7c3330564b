"""Whether this PC's key was revoked. One refusal may be a hiccup; several over some seconds are believed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.errors import RevokedError

REFUSALS = 3
SECONDS = 4.0


class Suspicion:
    """Counts refusals until it believes them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._count = 0
        self._since = 0.0

    def clear(self) -> None:
        """Forget them all: the cloud accepted us."""
        self._count = 0

    def add(self, error: RevokedError, now: float) -> None:
        """Count one more refusal, and raise it once it is believed."""
        self._since = now if self._count == 0 else self._since
        self._count += 1
        if self._count >= REFUSALS and now - self._since >= SECONDS:
            raise error
