"""Other programs on the PC: one that has a file open, one that writes the catalog, and the agent itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).parent
SECONDS = 120
"""So long nothing takes, on the slowest PC; nobody waits for it to be over."""
NO_WINDOW = 0x08000000
"""A console of its own that nobody sees."""
HOLD = "import sys; held = open(sys.argv[1], 'rb'); print('open', flush=True); sys.stdin.read()"


class Program:
    """A program of its own process; killed, as by the Task Manager, if it is still there in the end."""

    def __init__(self, *command: str, flags: int = 0) -> None:
        self._command, self._flags = command, flags

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=os.environ | {"BACKHAUL_KEYRING": "file", "PYTHONUTF8": "1"},
            creationflags=self._flags,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def line(self) -> str:
        """Wait for the next line it prints."""
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def lines_until(self, words: str) -> list[str]:
        """Collect what it prints until a line has the words in it."""
        said = [self.line()]
        while words not in said[-1]:
            assert self.process.poll() is None or said[-1], said
            said.append(self.line())
        return said

    def kill(self) -> None:
        """End it at once; it cannot do anything about it."""
        self.process.kill()
        self.process.communicate(timeout=SECONDS)

    def end(self) -> tuple[int, str]:
        """Close its input, wait until it ends, and return its exit code and what else it said."""
        said, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said


def holder(path: Path) -> Program:
    """Be a program that has a file open, as antivirus and indexers do."""
    return Program(sys.executable, "-c", HOLD, str(path))


def agent(*arguments: str, program: Sequence[str] = (sys.executable, "-m", "agent")) -> Program:
    """Be the agent in a console of its own, in which Ctrl-C is pressed when its input ends."""
    console = [sys.executable, str(HERE / "console.py"), *program]
    return Program(*console, *arguments, flags=NO_WINDOW)


def until(true: Callable[[], object], seconds: float = SECONDS) -> None:
    """Look again and again until something is true of another process."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        pause.wait(0.05)
    message = f"not so after {seconds} s"
    raise AssertionError(message)
