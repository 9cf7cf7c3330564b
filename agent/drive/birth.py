"""When a file was made, as Windows shows it beside when it was changed. Other systems keep no such date to set."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TICKS_A_SECOND = 10_000_000
SECONDS_TO_1970 = 11_644_473_600
"""Windows counts ticks from 1601 on."""
LATEST_TICKS = 2**63 - 1


def ticks(seconds: float) -> int | None:
    """Turn seconds since 1970 into what Windows counts, or `None` where it cannot. Pure."""
    counted = int((seconds + SECONDS_TO_1970) * TICKS_A_SECOND)
    return counted if 0 < counted <= LATEST_TICKS else None


def set_date(path: Path, seconds: float) -> None:
    """Set when a file was made, where the system can; OSError if it will not."""
    counted = ticks(seconds)
    if sys.platform != "win32" or counted is None:
        return
    import ctypes  # noqa: PLC0415 - wanted on Windows alone
    import msvcrt  # noqa: PLC0415 - exists on Windows alone
    from ctypes import wintypes  # noqa: PLC0415 - as above

    told = wintypes.FILETIME(counted & 0xFFFFFFFF, counted >> 32)
    with path.open("r+b", buffering=0) as opened:
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(opened.fileno()))
        if not ctypes.windll.kernel32.SetFileTime(handle, ctypes.byref(told), None, None):
            raise ctypes.WinError()
