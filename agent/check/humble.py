"""Work that gives way to all else on the PC, and reads from the drive itself, as far as the system lets it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

NICE = 15
IN_THE_BACKGROUND = 0x00100000


def give_way() -> None:
    """Let this process come after the others, for processor and, on Windows, drive."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - wanted on Windows alone
        from ctypes import wintypes  # noqa: PLC0415 - as above

        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.SetPriorityClass(wintypes.HANDLE(kernel.GetCurrentProcess()), IN_THE_BACKGROUND)
        return
    with contextlib.suppress(OSError):
        os.nice(NICE)


def from_the_drive(opened: FileIO) -> None:
    """Forget what memory holds of a file: a copy there says nothing about the drive."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
