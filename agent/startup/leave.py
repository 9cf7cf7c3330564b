"""`leave`, for the installer alone: every agent of this person lets go of the program's files. Windows alone."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING

from agent.startup import task
from agent.startup.logon_task import TOOL

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.startup.tools import Run

LOOKS = 100
LOOK_SECONDS = 0.1


def leave(
    run: Run, close: Callable[[str], bool], *, for_good: bool, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Ask every agent with a logon task to stop, and wait. Its task starts it again, unless it is for good."""
    for name in task_names(run([TOOL, "/query", "/fo", "csv", "/nh"]).said):
        if for_good:
            run([TOOL, "/delete", "/tn", name, "/f"])
        _close(name.removeprefix(task.FOLDER), close, sleep)


def task_names(listed: str) -> list[str]:
    """Pick our tasks from a list, where each begins a line. Pure."""
    names = [row[0] for row in csv.reader(listed.splitlines()) if row]
    return sorted({name for name in names if name.startswith(task.FOLDER)})


def _close(title: str, close: Callable[[str], bool], sleep: Callable[[float], None]) -> None:
    for _ in range(LOOKS):
        if not close(title):
            return
        sleep(LOOK_SECONDS)
