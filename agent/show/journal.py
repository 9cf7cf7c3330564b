"""The agent's log files: bounded in size, never renamed, so that whoever reads one never stands in the way.

    .backhaul/logs/agent-000001.log, agent-000002.log, ... the highest number is written, the lowest goes first

Windows renames no file that another program has open: so a full file is left, and the next number begun.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import time
from typing import TYPE_CHECKING, BinaryIO

from agent.config import Config
from agent.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.drive.home import Home

FORM = "%(asctime)s %(levelname)-7s %(message)s"
NAME = re.compile(r"agent-(\d{6,})\.log")
RETRY_SECONDS = 5.0


class Form(logging.Formatter):
    """How a line reads: made once a record, however many write it."""

    def __init__(self) -> None:
        """Take the form that all lines have."""
        super().__init__(FORM)

    def format(self, record: logging.LogRecord) -> str:
        """Make the line, or return the one that was made."""
        line: str = getattr(record, "line", "") or super().format(record)
        record.line = line
        return line


class Journal(logging.Handler):
    """Writes what is logged into numbered files. A drive that is full or gone costs lines, never the agent."""

    def __init__(
        self, home: Home, files: int, size: int, clock: Callable[[], float] = time.monotonic, level: int = logging.INFO
    ) -> None:
        """Take the home folder, and how many files of which size to keep; nothing is opened yet."""
        super().__init__(level)
        self.setFormatter(Form())
        self._home, self._files, self._size, self._clock = home, files, size, clock
        self._open: BinaryIO | None = None
        self._room = 0
        self._again_at = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        try:
            self._write(line)
        except OSError:
            self._shut()
            self._again_at = self._clock() + RETRY_SECONDS

    def close(self) -> None:
        """Close the file."""
        with self.lock or contextlib.nullcontext():
            self._shut()
        super().close()

    def _write(self, line: bytes) -> None:
        if self._open is None and not self._begin(resume=True):
            return
        if self._room < len(line):
            self._begin(resume=False)
        if self._open is not None:
            self._open.write(line)
            self._room -= len(line)

    def _begin(self, *, resume: bool) -> bool:
        """Open the newest file if it has room, or the next one. Where the home folder is not, nothing is made."""
        self._shut()
        if self._clock() < self._again_at or not self._home.marker.exists():
            return False
        self._home.logs.mkdir(exist_ok=True)
        there = pages(self._home.logs)
        newest = there[-1] if there else None
        used = newest.stat().st_size if newest else 0
        if newest is None or not resume or used >= self._size:
            newest, used = self._home.logs / name(number(newest) + 1 if newest else 1), 0
        self._open = newest.open("ab", buffering=0)
        self._room = self._size - used
        self._tidy()
        return True

    def _tidy(self) -> None:
        """Remove the oldest files; one that is being read on Windows goes next time."""
        for old in pages(self._home.logs)[: -self._files]:
            with contextlib.suppress(OSError):
                old.unlink()

    def _shut(self) -> None:
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.close()
        self._open = None


def begin(home: Home) -> None:
    """Write down from now on what is logged. Settings that are wrong are somebody else's to tell."""
    try:
        settings = home.config()
    except AgentError:
        settings = Config()
    logging.getLogger().addHandler(Journal(home, settings.log_files, settings.log_bytes))


def pages(folder: Path) -> list[Path]:
    """List the log files, the oldest first."""
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=number)


def number(page: Path) -> int:
    """Return which file it is."""
    found = NAME.fullmatch(page.name)
    return int(found[1]) if found else 0


def name(which: int) -> str:
    """Return the name of a file."""
    return f"agent-{which:06}.log"


def write_down(sentence: str) -> None:
    """Write an end that stands on stderr already, or would if there were one, into the journals alone."""
    record = logging.LogRecord(__name__, logging.ERROR, __file__, 0, sentence, None, None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Journal):
            handler.handle(record)


def complain(sentence: str) -> None:
    """Say why it ended, to whoever reads stderr and in the journal."""
    print(f"backhaul: {sentence}", file=sys.stderr)
    write_down(sentence)
