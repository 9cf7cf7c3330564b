"""A whole life: what may happen next, how time passes, and how everything comes to rest.

Each step is one seed. It depends on nothing else but the state it finds, so a schedule that breaks a promise can be
shortened by leaving steps out.
"""

import random
from functools import partial
from random import Random
from typing import Any

from chalicelib.debts import laps
from chalicelib.keeping import home_sweep
from chalicelib.upkeep import sweeps
from tests.builders import s3_event, s3_record
from tests.simulation.pcs import Pcs
from tests.simulation.world import PAIRED_QUEUE

# What may happen, and how often.
EVERYTHING = {
    "begin": 3,
    "begin_simple": 1,
    "put": 9,
    "hear": 9,
    "lose_event": 1,
    "call_off": 1,
    "throw_away": 2,
    "restore": 2,
    "purge": 1,
    "pair": 1,
    "claim": 2,
    "revoke": 1,
    "lap": 4,
    "poll": 6,
    "send_receipts": 6,
    "forge": 1,
    "damage": 2,
    "set_grace": 1,
    "sweep": 2,
    "sweep_home": 2,
    "wind": 2,
}


class Life(Pcs):
    """A world in which everything happens."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        # Each world favours some of what may happen and knows nothing of some: so the rarer of it meets, too.
        self.mood = {happens: self.chance.choice([0, 1, 1, 2, 4]) for happens in EVERYTHING}

    def begin_life(self) -> None:
        """Let some life pass in peace before anything goes wrong."""
        self.live(self.chance.choice(["", "", "paired", "paired", "in", "home", "leaving", "gone"]))
        self.restless = True

    def live(self, until: str) -> None:
        for _ in range(self.chance.choice([1, 1, 2]) if until else 0):
            self.pair()
            self.claim()
        if until in ("", "paired"):
            return
        self.begin()
        self.begin()
        for _ in range(9):
            self.put()
        if until == "in":
            for event in list(self.events):
                self.hear_one(event, again=False)
            return
        self.settle()
        if until in ("leaving", "gone"):
            self.let_pass(190)
            self.sweep_in_peace()
        if until == "gone":
            self.let_pass(60)
            self.sweep_in_peace()

    def step(self, seed: int) -> None:
        self.chance = self.stage.chance = Random(seed)
        random.seed(seed)
        if (self.stage.parked or self.stage.late) and self.chance.random() < 0.5:
            self.stage.nudge()
            return
        (happens,) = self.chance.choices(list(EVERYTHING), [EVERYTHING[one] * self.mood[one] for one in EVERYTHING])
        getattr(self, happens)()

    # Time

    def sweep(self) -> None:
        def do() -> None:
            laps.ring_for_the_silent(self.cloud)
            sweeps.sweep_pending(self.cloud)

        self.act("sweep of pending", do)

    def sweep_home(self) -> None:
        self.act("sweep of home", partial(home_sweep.sweep_home, self.cloud))

    def wind(self) -> None:
        """Let time pass. No function runs for so long, so all that were begun are over."""
        self.stage.finish()
        hours = self.chance.choice([[0.02], [0.2], [0.5], [1], [5], [26], [60, 20], [60, 120, 20], [60, 400, 500]])
        self.stage.tell(f"    {hours} hours pass")
        self.let_pass(hours[0])
        for more in hours[1:]:
            self.sweep_in_peace()
            self.let_pass(more)

    def sweep_in_peace(self) -> None:
        """Sweep as happens many times within days: some of the runs are spared any fate."""
        was, self.restless = self.restless, False
        self.sweep()
        self.sweep_home()
        self.restless = was

    def let_pass(self, hours: float) -> None:
        self.clock.wind(hours=hours)
        self.bucket.pass_time()

    # Rest

    def come_to_rest(self) -> None:
        """Let everything be delivered, swept and taken home, with nothing lost and nobody killed."""
        self.chance = self.stage.chance = Random(0)
        self.restless = False
        self.stage.tell("rest")
        self.stage.finish()
        for hours in (1, 9, 9, 9, 200, 1):
            self.settle()
            self.let_pass(hours)
        self.settle()
        self.promises.at_rest(self.called_off)

    def settle(self) -> None:
        for device_id in self.promises.pcs() - {pc.device_id for pc in self.pcs}:
            self.revoke_one(device_id)  # it never got its key, and its owner wonders why it is never seen
        self.sweep()
        self.sweep_home()
        for event in [*self.events, *self.unheard()]:
            self.hear_one(event, again=False)
        for sent in self.queues.seen(PAIRED_QUEUE):
            self.run_lap(sent)
        for pc in self.pcs:
            if self.is_let_in(pc):
                if pc.lost:
                    self.report(pc, sorted(pc.lost))
                self.poll_as(pc, 500)
                for made in list(pc.unsent):
                    self.send(pc, made, again=False)

    def unheard(self) -> list[dict[str, Any]]:
        """Return the events of objects that no sweep can know of: S3 delivers at least once."""
        known = {file["key"] for file in self.promises.files().values()}
        return [
            s3_event(s3_record(key, versions[-1].version_id))
            for key, versions in self.bucket.versions.items()
            if key not in known and versions[-1].body is not None and key.startswith("originals/")
        ]
