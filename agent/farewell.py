"""The ways in which an agent is asked to go: signals, and others, since Windows has none worth the name.

A console that closes, a logoff, a shutdown: Windows ends the process as soon as it was told, so whoever tells it has
to wait until all is settled. `backhaul stop` asks through a hidden window.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

from agent.startup.entry import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.drive.home import Home
    from agent.show.toasts import Show

LONGEST_SECONDS = 4.5
"""Windows gives five."""
ENDS = frozenset({2, 5, 6})
"""The console closes, the person logs off, the PC shuts down."""


def stop_on_signals(ask: Callable[..., None]) -> None:
    """Stop on Ctrl-C, on termination, and on a console that closes."""
    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, ask)


@contextlib.contextmanager
def heeded(home: Home, ask: Callable[[], None]) -> Iterator[Show | None]:
    """Call `ask` when it is time to go, and hold Windows up until the block is left; lend a way to show notices."""
    if sys.platform != "win32":
        yield None
        return
    import win32api  # noqa: PLC0415 - exists on Windows alone

    from agent.window import Window  # noqa: PLC0415 - as above

    settled = threading.Event()
    end = _ending(ask, settled)
    window = Window(name_of(str(home)), ask, lambda: end(max(ENDS)) and None)
    window.open()
    win32api.SetConsoleCtrlHandler(end, True)
    try:
        yield window.show
    finally:
        settled.set()
        win32api.SetConsoleCtrlHandler(end, False)
        window.close()


def ask(home: Home) -> bool:
    """Ask the agent of a home folder to stop; tell whether it was there to hear."""
    return ask_by_name(name_of(str(home)))


def ask_by_name(name: str) -> bool:
    """Do the same where no more than the home folder's name is known."""
    if sys.platform != "win32":
        return False
    from agent.window import ask_to_close  # noqa: PLC0415 - exists on Windows alone

    return ask_to_close(name)


def _ending(ask: Callable[[], None], settled: threading.Event) -> Callable[[int], bool]:
    """Make what is called with the kind of end; Ctrl-C is left to Python."""

    def end(kind: int) -> bool:
        if kind not in ENDS:
            return False
        ask()
        settled.wait(LONGEST_SECONDS)
        return True

    return end
