"""Whether a stream is a terminal that can be drawn on, and drawing a few lines there over and over.

Knows the Windows console, which understands escape sequences only when asked to.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

UNDERSTAND_ESCAPES = 0x0004
STDOUT, STDERR = -11, -12


def can_draw(stream: TextIO | None) -> bool:
    """Tell whether escape sequences may be written to a stream."""
    if stream is None or not stream.isatty():
        return False
    return sys.platform != "win32" or _windows_understands(STDERR if stream is sys.stderr else STDOUT)


def columns() -> int:
    """Return how wide the terminal is."""
    return shutil.get_terminal_size().columns


def cells(text: str) -> int:
    """Return how many columns a text takes: letters of East Asia take two, accents none."""
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def fitted(text: str, width: int) -> str:
    """Cut a text to a width, so that no line ever wraps; the end of a long name is what tells names apart."""
    plain = "".join(one if one.isprintable() else "?" for one in text)
    if cells(plain) <= width:
        return plain
    kept = plain
    while kept and cells(kept) > width - 3:
        kept = kept[1:]
    return "..." + kept


class Canvas:
    """A few lines at the end of a terminal, drawn over again and again; ordinary lines go above them."""

    def __init__(self, stream: TextIO) -> None:
        """Take the terminal."""
        self._stream, self._lock = stream, threading.RLock()
        self._lines: Sequence[str] = ()

    def draw(self, lines: Sequence[str]) -> None:
        """Draw these lines in place of the ones before."""
        with self._lock:
            self._write(self._erasing() + "".join(line + "\n" for line in lines))
            self._lines = lines

    def above(self, text: str) -> None:
        """Write an ordinary line above."""
        with self._lock:
            self._write(self._erasing() + text + "\n" + "".join(line + "\n" for line in self._lines))

    def clear(self) -> None:
        """Leave nothing behind."""
        self.draw(())

    def _erasing(self) -> str:
        return f"\x1b[{len(self._lines)}A\r\x1b[J" if self._lines else ""

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def _windows_understands(handle: int) -> bool:
    if sys.platform != "win32":
        return False
    import ctypes  # noqa: PLC0415 - wanted on Windows alone
    from ctypes import wintypes  # noqa: PLC0415 - as above

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.GetStdHandle.restype = wintypes.HANDLE
    console, mode = wintypes.HANDLE(kernel.GetStdHandle(handle)), wintypes.DWORD()
    if not kernel.GetConsoleMode(console, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(console, mode.value | UNDERSTAND_ESCAPES))
