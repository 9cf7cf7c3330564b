"""What is to be started for a home folder, and what that is called. Pure, but for asking where this program lies."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.drive.home import Home

LONGEST_WORD = 24
ID_DIGITS = 8


@dataclass(frozen=True)
class Entry:
    """One home folder's agent, as the operating system is told of it."""

    home: str
    program: tuple[str, ...]
    folder: str
    """Where it is started: `-m agent` finds us there, however we were installed."""
    reads: tuple[str, ...] = ()
    """The folders that the program lies in."""

    @property
    def name(self) -> str:
        """The home folder's own name, readable and unlike any other's."""
        return name_of(self.home)

    @property
    def title(self) -> str:
        """What people see in the system's own lists."""
        return f"Backhaul ({self.home})"

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command line."""
        return (*self.program, "run", "--home", self.home)


def name_of(home: str) -> str:
    """Name a home folder: its last word and a few digits of its path's hash, fit for every system's names."""
    word = re.sub(r"[^a-z0-9]+", "-", re.split(r"[\\/]", home.rstrip("\\/"))[-1].lower()).strip("-")
    digits = hashlib.sha256(os.path.normcase(home).encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]
    return f"{word[:LONGEST_WORD].strip('-') or 'home'}-{digits}"


def entry_for(home: Home, python: str = sys.executable, *, windows: bool = os.name == "nt") -> Entry:
    """Say how this very program is started for a home folder, without a window where there are any."""
    ours, shipped = str(Path(__file__).parents[2]), Path(python).parent.parent / "backhaulw.exe"
    if windows and shipped.exists():
        return Entry(str(home), (str(shipped),), ours, (str(shipped.parent),))
    quiet = Path(python).with_name("pythonw.exe")
    program = str(quiet if windows and quiet.exists() else python)
    return Entry(str(home), (program, "-m", "agent"), ours, tuple(sorted({sys.prefix, sys.base_prefix, ours})))
