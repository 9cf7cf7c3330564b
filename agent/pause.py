"""`pause` and `resume`: a small file in the state folder, which a running agent looks at every second.

A paused agent fetches nothing: what it is owed stays owed, receipts and signs of life go on.
"""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.drive import lock
from agent.drive.home import write_whole
from agent.words import at_home, checked

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
LONGEST_SECONDS = 31 * 86_400.0
SPAN = re.compile(r"(\d{1,6})([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True)
class Pause:
    """A pause, until a moment in seconds since 1970, or until somebody ends it."""

    until: float | None

    def __str__(self) -> str:
        """Say until when, by this PC's clock."""
        if self.until is None:
            return "until you resume"
        return f"until {datetime.fromtimestamp(self.until, UTC).astimezone():%Y-%m-%d %H:%M}"


def parse_span(text: str) -> float:
    """Read a span of time like `90s`, `30m`, `2h` or `1d`."""
    found = SPAN.fullmatch(text)
    seconds = int(found[1]) * SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"must be a span like 30m, 2h or 1d, a month at most, got {text!r}")
    return float(seconds)


def read(text: str | None, now: float) -> Pause | None:
    """Understand a pause file; one that only a wrong clock can have written is over. Pure."""
    if text is None:
        return None
    try:
        until = json.loads(text).get("until")
    except (ValueError, AttributeError, RecursionError):
        return Pause(None)
    if not isinstance(until, int | float) or isinstance(until, bool):
        return Pause(None)
    return Pause(until) if now < until <= now + LONGEST_SECONDS else None


def find(home: Home, now: float | None = None) -> Pause | None:
    """Return the pause that holds now, if there is one."""
    try:
        text = home.pause.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = None
    return read(text, time.time() if now is None else now)


class Watch:
    """Knows in a running agent whether there is a pause: looks every second at most, and says once when it changes."""

    def __init__(self, home: Home, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the home folder."""
        self._home, self._clock = home, clock
        self._looked_at = float("-inf")
        self.pause: Pause | None = None
        self._said: Pause | None = None

    def paused(self) -> bool:
        """Tell whether nothing is to be fetched now. From any thread."""
        if self._clock() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = self._clock()
            self.pause = find(self._home)
        return self.pause is not None

    def may_fetch(self) -> bool:
        """Tell whether files may be begun, and log when that changes. From the loop's thread alone."""
        free, pause = not self.paused(), self.pause
        if pause != self._said:
            LOG.info("paused %s", pause) if pause else LOG.info("resumed; fetching goes on")
            self._said = pause
        return free


def add_to(commands: Any) -> None:
    """Add both commands to the others."""
    asked = commands.add_parser("pause", help="let the agent fetch nothing for a while")
    asked.add_argument(
        "--for", dest="span", type=checked(parse_span), metavar="SPAN", help="end by itself, after 30m, 2h, 1d"
    )
    at_home(asked, pause)
    at_home(commands.add_parser("resume", help="end a pause"), resume)


def pause(chosen: argparse.Namespace, home: Home, _keys: KeyStore) -> int:
    """Begin a pause, or set another end to it."""
    home.mark()
    home.pairing()
    made = Pause(time.time() + chosen.span if chosen.span else None)
    write_whole(home.pause, json.dumps({"until": made.until}) + "\n")
    print(f"Paused {made}." + ("" if lock.is_held(home) else " The agent is not running; it holds for the next start."))
    return 0


def resume(_chosen: argparse.Namespace, home: Home, _keys: KeyStore) -> int:
    """End a pause."""
    home.mark()
    held = find(home)
    home.pause.unlink(missing_ok=True)
    print("Resumed." if held else "There was no pause.")
    return 0
