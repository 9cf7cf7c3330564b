"""How long to wait before trying again. Pure, but for the dice."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0


def backoff(tries: int, longest: float = LONGEST_SECONDS, dice: Callable[[], float] = random.random) -> float:
    """Double from one second on, and spread by half, so that many PCs do not come back at once."""
    full: float = min(FIRST_SECONDS * 2.0 ** min(max(tries - 1, 0), 20), longest)
    return full * (0.5 + dice() / 2)
