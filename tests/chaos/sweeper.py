"""What runs by itself in the cloud, as if time flew: in half a minute, a sweep looks as often as in half a day."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.cloud import Cloud
from chalicelib.debts import laps
from chalicelib.errors import Refusal
from chalicelib.media import tasks
from chalicelib.upkeep import rounds, sweeps
from tests.chaos.stops import later

FIRST = timedelta(minutes=35)
"""A little more than the cloud waits before it first looks after an upload; then it waits twice as long each time."""
LOOKS = 5
PAUSE_SECONDS = 8.0
SPARE = 5


class Sweeper:
    """Runs the sweep again and again, the clock put forward, twice as far each time, and then anew."""

    def __init__(self, world: Cloud) -> None:
        self._world = world
        self.over = threading.Event()
        self.counts: Counter[str] = Counter()

    def rage(self) -> None:
        """Sweep until it is over."""
        took = 0.0
        for look in itertools.cycle(range(LOOKS)):
            if self.over.wait(max(PAUSE_SECONDS, SPARE * took)):
                return
            began = time.monotonic()
            self.sweep(FIRST * 2**look)
            took = time.monotonic() - began

    def sweep(self, flown: timedelta) -> None:
        """Sweep once, so much later. It may fail in the storm; the next one goes on."""
        parts = laps.ring_for_the_silent, sweeps.sweep_pending, tasks.sweep
        try:
            rounds.run(later(self._world, flown), "sweep_pending", *parts)
        except (ClientError, BotoCoreError, Refusal, OSError):
            self.counts["a sweep fails"] += 1
        else:
            self.counts["a sweep runs"] += 1
