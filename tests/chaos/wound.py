"""A Python program whose clock is wrong: `python -m tests.chaos.wound FILE MODULE ARGUMENTS…`.

What FILE says, in seconds, is added to the time of day, from the next look on; `monotonic`, which nobody sets, stays.
obstore asks the system itself, so S3 takes the requests of such an agent; SQS, whose client is Python, refuses them.
"""

from __future__ import annotations

import datetime as dt
import runpy
import sys
import time
from pathlib import Path
from typing import Any

REAL = dt.datetime
real_time = time.time


class _Kind(type):
    """Take real moments, which the standard library makes, for ours."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, REAL)


def wind(file: Path) -> None:
    """Add what a file says to every clock of this process that people set."""

    def off() -> float:
        try:
            return float(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0.0

    class Wound(REAL, metaclass=_Kind):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return REAL.now(tz) + dt.timedelta(seconds=off())

        @classmethod
        def utcnow(cls) -> Any:
            return REAL.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(seconds=off())

    time.time = lambda: real_time() + off()
    dt.datetime = Wound  # type: ignore[misc]


if __name__ == "__main__":
    _, told, module, *arguments = sys.argv
    wind(Path(told))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
