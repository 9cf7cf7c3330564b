"""Something to be done every so often, and sooner after a failure. Pure: the time is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Duty:
    """One recurring deed. The deed returns in how many seconds it wants to be called again, or `None` for the usual."""

    def __init__(self, name: str, every: float, deed: Callable[[], float | None], *, due: float = 0.0) -> None:
        """Take the deed; it is due at once unless told otherwise."""
        self.name, self.every, self.deed = name, every, deed
        self.due = due
        self.failures = 0

    def sooner(self, due: float) -> None:
        """Bring the deed forward, but not into the wait after a failure."""
        if not self.failures:
            self.due = min(self.due, due)

    def afresh(self, due: float) -> None:
        """Forget the failures: what they came from is over."""
        self.failures = 0
        self.sooner(due)

    def succeeded(self, now: float, again: float | None) -> None:
        """Plan the next time."""
        self.failures = 0
        self.due = now + (self.every if again is None else again)

    def failed(self, now: float, patience: Callable[[int], float]) -> None:
        """Plan the next attempt, further off with each failure in a row."""
        self.failures += 1
        self.due = now + min(patience(self.failures), self.every)
