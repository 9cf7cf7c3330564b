"""How many files came home today: counted once from the catalog, and carried on without it until midnight."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Day:
    """The day as it is on this PC."""

    def __init__(self, home_since: Callable[[str], int], now: Callable[[], float] = time.time) -> None:
        """Count what came today before the agent began."""
        self._now, self._day = now, midnight(now())
        self._before, self._at_midnight = home_since(self._day), 0

    def came(self, since_start: int) -> int:
        """Return today's count, given how many came since the agent began."""
        if midnight(self._now()) != self._day:
            self._day, self._before, self._at_midnight = midnight(self._now()), 0, since_start
        return self._before + since_start - self._at_midnight


def midnight(now: float) -> str:
    """Return when this PC's day began, as the catalog writes times."""
    here = datetime.fromtimestamp(now, UTC).astimezone()
    began = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
