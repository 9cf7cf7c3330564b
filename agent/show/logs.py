"""`logs`: the last lines of the agent's log files, and those that come."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from agent.errors import NotPairedError
from agent.show import journal
from agent.words import at_home

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

LOOK_SECONDS = 0.5
PIECE = 64 * 1024


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("logs", help="show what the agent wrote into its log files")
    asked.add_argument("-n", type=int, default=50, metavar="LINES", help="how many of the last lines (default: 50)")
    asked.add_argument("-f", action="store_true", help="go on with every line that comes, until Ctrl-C")
    at_home(asked, logs)


def logs(chosen: argparse.Namespace, home: Home, _keys: KeyStore) -> int:
    """Print the last lines; with `-f` also those that come."""
    if home.folder.exists() and not home.marker.exists():
        raise NotPairedError(home, "marker")
    home.mark()
    tail = Tail(home.logs)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        for line in last(tail.more(), chosen.n):
            print(line)
        while chosen.f:
            for line in tail.more():
                print(line)
            sys.stdout.flush()
            time.sleep(LOOK_SECONDS)
        sys.stdout.flush()
        return 0
    _let_go_of_stdout()
    return 0


class Tail:
    """Reads log files from the oldest on, as far as they go; asked again, it goes on where it ended."""

    def __init__(self, folder: Path, open_: Callable[[Path], Any] = lambda path: path.open("rb")) -> None:
        """Take the folder."""
        self._folder, self._open = folder, open_
        self._page, self._offset, self._begun = 0, 0, b""

    def more(self) -> Iterator[str]:
        """Yield the whole lines that are there and were not yet read; no file stays open in between."""
        for page in journal.pages(self._folder):
            if journal.number(page) < self._page:
                continue
            if journal.number(page) > self._page:
                yield from self._remainder()
                self._page, self._offset = journal.number(page), 0
            with contextlib.suppress(FileNotFoundError):
                yield from self._lines(page)

    def _lines(self, page: Path) -> Iterator[str]:
        with self._open(page) as opened:
            opened.seek(self._offset)
            while piece := opened.read(PIECE):
                self._offset += len(piece)
                *whole, self._begun = (self._begun + piece).split(b"\n")
                for line in whole:
                    yield _text(line)

    def _remainder(self) -> Iterator[str]:
        """Yield a line that was never ended: its agent was killed in the middle of it."""
        if self._begun:
            begun, self._begun = self._begun, b""
            yield _text(begun)


def last(lines: Iterator[str], count: int) -> list[str]:
    """Return the last so many lines."""
    return list(deque(lines, maxlen=max(0, count)))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def _let_go_of_stdout() -> None:
    """Whoever read us went away: let Python not complain about that when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
