"""Schedules of steps: run one, and if a promise breaks, shorten it and tell its story."""

import logging
import random
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from io import StringIO
from random import Random

from chalicelib.debts import catch_up, clearing, laps, losses, receipts
from chalicelib.incoming import uploads
from chalicelib.keeping import home_sweep, trash
from chalicelib.upkeep import sweeps
from tests.simulation.life import Life
from tests.simulation.stage import BrokenPromiseError

STEPS = 60
_NAMED = re.compile(r"[0-9a-f]{32}|\d+")


# So that a few files fill several pages and writes, and a run is over before its work is.
SMALL = [
    (uploads, "_FILES_IN_ONE_WRITE", 2),
    (receipts, "_RECEIPTS_IN_ONE_WRITE", 2),
    (losses, "_LOSSES_IN_ONE_WRITE", 2),
    (catch_up, "_FILES_IN_ONE_WRITE", 2),
    (catch_up, "_FILES_IN_ONE_PAGE", 3),
    (clearing, "_FILES_IN_ONE_WRITE", 2),
    (clearing, "_FILES_IN_ONE_PAGE", 3),
    (trash, "_MOST_OPERATIONS", 4),
    (sweeps, "_MOST_IN_ONE_SHARD", 2),
    (home_sweep, "_MOST_AT_ONCE", 2),
    (laps, "RUN", timedelta(milliseconds=60)),
    (secrets, "randbelow", random.randrange),  # by the seed, as all that is left to chance
]


class Failure(Exception):  # noqa: N818 (a value that is raised to end a test)
    """A schedule broke a promise."""


@contextmanager
def small() -> Iterator[None]:
    """Make pages, writes and runs small while this lasts."""
    before = [(module, name, getattr(module, name)) for module, name, _ in SMALL]
    state = random.getstate()
    for module, name, value in SMALL:
        setattr(module, name, value)
    try:
        yield
    finally:
        random.setstate(state)
        for module, name, value in before:
            setattr(module, name, value)


def steps_of(seed: int, count: int = STEPS) -> list[int]:
    """Return the steps of a seed."""
    chance = Random(seed)
    return [chance.getrandbits(32) for _ in range(count)]


def run(seed: int, steps: Sequence[int]) -> tuple[Life, str | None]:
    """Run a schedule to its rest in the world of a seed; return that world and the promise it broke."""
    logger = logging.getLogger("backhaul")
    was, logger.disabled = logger.disabled, True
    with small(), redirect_stdout(StringIO()):
        world = Life(seed)
        try:
            world.begin_life()
            for number, step in enumerate(steps):
                world.stage.tell(f"step {number}")
                world.step(step)
            world.come_to_rest()
        except BrokenPromiseError as broken:
            return world, str(broken)
        finally:
            world.stage.close()
            logger.disabled = was
    return world, None


def judge(seed: int, count: int = STEPS) -> Life:
    """Run a seed; if it breaks a promise, raise the shortest story that does."""
    steps = steps_of(seed, count)
    world, broken = run(seed, steps)
    if broken is None:
        return world
    shortest = shorten(seed, steps, broken)
    world, again = run(seed, shortest)
    story = "\n".join(world.stage.story)
    raise Failure(f"seed {seed}, {len(shortest)} of {len(steps)} steps: {again or broken}\n{story}")


def shorten(seed: int, steps: Sequence[int], broken: str) -> list[int]:
    """Leave out whatever is not needed to break the same promise: halves first, single steps last."""
    left = list(steps)
    size = len(left) // 2
    while size:
        at = 0
        while at < len(left):
            fewer = left[:at] + left[at + size :]
            if _same(run(seed, fewer)[1] or "", broken):
                left = fewer
            else:
                at += size
        size //= 2
    return left


def _same(one: str, other: str) -> bool:
    """Whether two broken promises are the same, of whatever file or PC."""
    return _NAMED.sub("", one) == _NAMED.sub("", other)
