"""Notices on the person's screen: the first file of the day, and trouble. Each at most once a day; none ever hurts.

They follow the log: INFO `came home` is a file, ERROR means by definition that somebody must act.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.drive.home import write_whole
from agent.errors import AgentError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from agent.drive.home import Home

ARRIVED = "came home"
TITLE_OF_THE_FIRST = "The first files of today are home"
TITLE_OF_TROUBLE = "Backhaul needs you"
LONGEST = 200
SECONDS = 10
Show = Callable[[str, str], bool]
"""Shows a title and a text, and tells whether anybody can have seen them."""


@dataclass(frozen=True)
class Toast:
    """One notice, and what keeps it from being shown twice a day."""

    title: str
    text: str
    once: str


def toast_for(level: int, sentence: str, home: str) -> Toast | None:
    """Make a notice of a line of the log, where it is worth one. Pure."""
    if level >= logging.ERROR:
        return trouble(sentence)
    if sentence.startswith(ARRIVED):
        return Toast(TITLE_OF_THE_FIRST, f"Files come home to {home}."[:LONGEST], ARRIVED)
    return None


def trouble(sentence: str) -> Toast:
    """Make the notice of a trouble. Pure."""
    return Toast(TITLE_OF_TROUBLE, sentence[:LONGEST], sentence)


def is_news(toast: Toast, shown: Mapping[str, str], today: str) -> bool:
    """Whether a notice was not shown today. Pure."""
    return shown.get(toast.once) != today


def this_day() -> str:
    """Return today's date, as the person at the PC has it."""
    return time.strftime("%Y-%m-%d")


class Toaster(logging.Handler):
    """Shows what the log says. Remembers in a file what was shown, so that no agent repeats another."""

    def __init__(self, home: str, memory: Path, show: Show, today: Callable[[], str] = this_day) -> None:
        """Take what the home folder is called, where to remember, and how to show."""
        super().__init__(logging.INFO)
        self._home, self._memory, self._show, self._today = home, memory, show, today
        self._tried: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show a line of the log, if it is worth it."""
        with contextlib.suppress(Exception):
            toast = toast_for(record.levelno, record.getMessage(), self._home)
            if toast:
                self.tell(toast)

    def tell(self, toast: Toast) -> None:
        """Show a notice, unless it was shown today."""
        today = self._today()
        if self._tried.get(toast.once) == today:
            return  # Looked up once a day, not once a file: where nobody can show it, every file would try.
        self._tried = {once: day for once, day in self._tried.items() if day == today} | {toast.once: today}
        shown = self._shown()
        if is_news(toast, shown, today) and self._show(toast.title, toast.text):
            kept = {once: day for once, day in shown.items() if day == today}
            write_whole(self._memory, json.dumps({**kept, toast.once: today}))

    def _shown(self) -> dict[str, str]:
        try:
            told = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}


@contextlib.contextmanager
def following(home: Home, show: Show | None) -> Iterator[None]:
    """Show what the agent's log says while the block runs, and what ends it; unless the settings say no."""
    toaster = Toaster(str(home), home.state / "toasts.json", show or by_program)
    ours = logging.getLogger("agent")
    try:
        wanted = home.config().toasts
    except AgentError:
        wanted = True
    if wanted:
        ours.addHandler(toaster)
    try:
        yield
    except PermanentError as error:
        if wanted:
            toaster.tell(trouble(str(error)))
        raise
    finally:
        ours.removeHandler(toaster)


def command_for(title: str, text: str, platform: str = sys.platform) -> list[str]:
    """Write the command that shows a notice where a program does it. Pure. The words are arguments, never code."""
    if platform == "darwin":
        script = "on run told\ndisplay notification (item 2 of told) with title (item 1 of told)\nend run"
        return ["osascript", "-e", script, title, text]
    return ["notify-send", "--app-name=Backhaul", "--", title, text]


def by_program(title: str, text: str) -> bool:
    """Show a notice through the system's own program, if it is there."""
    command = command_for(title, text)
    program = shutil.which(command[0])
    if program is None:
        return False
    try:
        ended = subprocess.run(  # noqa: S603 - fixed words, without a shell
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ended.returncode == 0
