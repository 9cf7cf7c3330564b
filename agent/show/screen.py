"""The live display of `run` in a terminal: what is to come, how fast, how long yet. What to draw is pure.

Without a terminal nothing of this happens, and the log says one line a file.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.push.progress import amount, span
from agent.show import journal, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.fetch.flights import Left
    from agent.fetch.traffic import Under

DRAW_SECONDS = 0.5
MOST_FILES = 6
BAR = 20
A_LINE_A_FILE = "agent.loop"
"""Its lines below WARNING are one a file: what the display shows instead."""


@dataclass(frozen=True)
class View:
    """All there is to show at one moment."""

    left: Left
    under_way: tuple[Under, ...]
    speed: float
    today: int
    held_up: str = ""


def lines(view: View, width: int) -> list[str]:
    """Write the display, one line in all and one a file."""
    shown = sorted((one for one in view.under_way if one.got), key=lambda one: (-one.size, one.path))[:MOST_FILES]
    return [terminal.fitted(_in_all(view), width), *(_one_file(one, width) for one in shown)]


def bytes_left(view: View) -> int:
    """Estimate the bytes to come: files whose size is not known yet are taken for ordinary ones."""
    known = view.left.known_bytes - sum(one.got for one in view.under_way)
    unknown = max(0, view.left.files - view.left.known_files)
    return max(0, known + (view.left.known_bytes * unknown // view.left.known_files if view.left.known_files else 0))


def _in_all(view: View) -> str:
    words = [view.held_up] if view.held_up else []
    if view.left.files:
        to_come = bytes_left(view)
        words += [f"{view.left.files:,} to come", amount(to_come)]
        if view.speed >= 1 and not view.held_up:
            words += [f"{amount(view.speed)}/s", f"{span(to_come / view.speed)} left"]
    elif not view.held_up:
        words.append("Everything is home")
    return " · ".join([*words, f"{view.today:,} came today"])


def _one_file(one: Under, width: int) -> str:
    share = min(1.0, one.got / one.size) if one.size else 1.0
    full = int(BAR * share)
    bar = f" [{'#' * full}{'-' * (BAR - full)}] {int(100 * share):3} % of {amount(one.size)}"
    name = terminal.fitted(one.path, max(4, width - len(bar) - 2))
    return terminal.fitted(f"  {name}{bar}", width)


class Screen(logging.Handler):
    """Draws the display at the end of the terminal; what is worth saying goes above it."""

    def __init__(self, canvas: terminal.Canvas, look: Callable[[], View | None]) -> None:
        """Take where to draw, and how to see how it stands."""
        super().__init__(logging.INFO)
        self.setFormatter(journal.Form())
        self._canvas, self._look = canvas, look
        self._ended = threading.Event()
        self._drawer = threading.Thread(target=self._draw, name="screen", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self._drawer.start()

    def stop(self) -> None:
        """End, and leave the terminal tidy."""
        self._ended.set()
        self._drawer.join()
        self._canvas.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line above, unless the display says the same."""
        if record.name != A_LINE_A_FILE or record.levelno >= logging.WARNING:
            self._canvas.above(self.format(record))

    def _draw(self) -> None:
        while not self._ended.wait(DRAW_SECONDS):
            if view := self._look():
                self._canvas.draw(lines(view, terminal.columns() - 1))


@contextlib.contextmanager
def live(look: Callable[[], View | None], *, verbose: bool = False) -> Iterator[None]:
    """Show the display while the block runs, if there is a terminal and nobody wants to read every line."""
    if verbose or sys.stderr is None or not terminal.can_draw(sys.stderr):
        yield
        return
    root = logging.getLogger()
    plain = [one for one in root.handlers if isinstance(one, logging.StreamHandler) and one.stream is sys.stderr]
    screen = Screen(terminal.Canvas(sys.stderr), look)
    for handler in plain:
        root.removeHandler(handler)
    root.addHandler(screen)
    screen.start()
    try:
        yield
    finally:
        root.removeHandler(screen)
        screen.stop()
        for handler in plain:
            root.addHandler(handler)
