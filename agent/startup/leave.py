"""`leave`, for the installer alone: every agent of this person lets go of the program's files. Windows alone."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING, Any

from agent import farewell
from agent.startup import task, tools
from agent.startup.logon_task import TOOL

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from agent.startup.tools import Run

LOOKS = 100
LOOK_SECONDS = 0.1


def add_to(commands: Any) -> None:
    """Add the command to the others; `--help` says nothing of it."""
    left = commands.add_parser("leave")
    left.add_argument("--for-good", action="store_true")
    left.set_defaults(command=_leave)


def _leave(chosen: argparse.Namespace) -> int:
    leave(tools.run, farewell.ask_by_name, for_good=chosen.for_good)
    return 0


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
