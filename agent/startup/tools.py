"""The system's own tools, run from one place: whoever tests us puts another `Run` in its place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.startup.errors import NoStarterError, StarterRefusedError

SECONDS = 60
NO_WINDOW = 0x08000000


@dataclass(frozen=True)
class Ran:
    """How a tool ended, and what it said."""

    code: int
    said: str = ""


Run = Callable[[Sequence[str]], Ran]


def run(command: Sequence[str]) -> Ran:
    """Run a tool; the window it would open on Windows stays shut."""
    try:
        ended = subprocess.run(  # noqa: S603 - the commands are ours, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
            creationflags=NO_WINDOW if os.name == "nt" else 0,
        )
    except FileNotFoundError as error:
        raise NoStarterError(command[0]) from error
    except subprocess.TimeoutExpired as error:
        raise StarterRefusedError(command, -1, f"no answer within {SECONDS} s") from error
    return Ran(ended.returncode, ended.stdout)


def must(run: Run, *command: str, also: Sequence[int] = ()) -> None:
    """Run a tool that has to succeed; `also` are exit codes that are as good."""
    ended = run(command)
    if ended.code != 0 and ended.code not in also:
        raise StarterRefusedError(command, ended.code, ended.said)
