"""Writes a large file straight to the drive, past the system's own memory, where the system can (Linux, O_DIRECT).

Nothing is copied twice, little is left to flush, and nothing that the person works with is pushed out of memory. Such a
drive takes whole blocks from aligned memory alone: bytes are gathered in a buffer, and the last ones go the usual way.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

BLOCK = 4096
BUFFER = 1024 * 1024
LARGE = 32 * 1024 * 1024
"""Smaller files gain nothing."""
NOT_SO = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
"""How drives refuse the way, not the bytes: NTFS under Linux, say, in a folder that is compressed."""


class Straight:
    """Writes to one open file from where it stands; a multiple of the block's size, or it goes the usual way."""

    def __init__(self, opened: FileIO) -> None:
        """Take the file."""
        self._opened = opened
        self._buffer = mmap.mmap(-1, BUFFER)
        self._gathered = self._written = 0
        self.is_straight = opened.tell() % BLOCK == 0 and _switch(opened, on=True)
        """Whether it goes straight so far."""

    def write(self, chunk: memoryview) -> None:
        """Take bytes, and write what fills the buffer."""
        while chunk:
            taken = min(len(chunk), BUFFER - self._gathered)
            self._buffer[self._gathered : self._gathered + taken] = chunk[:taken]
            self._gathered += taken
            chunk = chunk[taken:]
            if self._gathered == BUFFER:
                self._write(BUFFER)
                self._gathered = self._written = 0

    def close(self) -> None:
        """Write what is left; after an error nothing twice: a partial is always the beginning of its file."""
        self._write(self._gathered // BLOCK * BLOCK)
        self._go_the_usual_way()
        self._write(self._gathered)

    def _write(self, end: int) -> None:
        """Write the buffer up to an end."""
        with memoryview(self._buffer) as whole:
            while self._written < end:
                try:
                    self._written += self._opened.write(whole[self._written : end]) or 0
                except OSError as error:
                    if error.errno not in NOT_SO or not self.is_straight:
                        raise
                    self._go_the_usual_way()  # larger blocks than these, or a drive that only said it could

    def _go_the_usual_way(self) -> None:
        if self.is_straight:
            self.is_straight = False
            _switch(self._opened, on=False)


def is_known() -> bool:
    """Whether this system has a way straight to the drive."""
    return sys.platform == "linux"


def _switch(opened: FileIO, *, on: bool) -> bool:
    """Begin or end to write straight; tell whether the system can."""
    if sys.platform != "linux":
        return False
    import fcntl  # noqa: PLC0415 - Windows has none

    flags = fcntl.fcntl(opened, fcntl.F_GETFL)
    try:
        fcntl.fcntl(opened, fcntl.F_SETFL, flags | os.O_DIRECT if on else flags & ~os.O_DIRECT)
    except OSError:
        return False
    return True
