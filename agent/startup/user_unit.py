"""A user unit on Linux, through `systemctl --user`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from agent.drive.home import write_whole
from agent.startup import unit
from agent.startup.errors import NoSessionError, StarterRefusedError, StartupError
from agent.startup.tools import must

if TYPE_CHECKING:
    from pathlib import Path

    from agent.startup.entry import Entry
    from agent.startup.tools import Run

TOOL = ("systemctl", "--user")
NO_BUS = "Failed to connect to bus"


class UserUnit:
    """The unit of one home folder."""

    what = "systemd user unit"

    def __init__(self, entry: Entry, run: Run, folder: Path) -> None:
        """Take how tools are run, and the folder that has the person's units."""
        self._entry, self._run = entry, run
        self._name = unit.unit_name(entry)
        self._path = folder / self._name

    def is_installed(self) -> bool:
        """Whether the unit is there."""
        return self._path.exists()

    def install(self) -> None:
        """Write the unit, or replace it, and have it start at every login. Where that fails nothing new stays."""
        was_there = self.is_installed()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, unit.render(self._entry))
        try:
            self._must("daemon-reload")
            self._must("enable", self._name)
        except StartupError:
            if not was_there:
                self._remove()
            raise

    def uninstall(self) -> None:
        """Remove the unit, whether or not systemd is there to hear of it."""
        with contextlib.suppress(StartupError):
            self._must("disable", self._name)
        self._remove()
        with contextlib.suppress(StartupError):
            self._must("daemon-reload")

    def start(self) -> None:
        """Start the agent; one that runs is started anew, so that it is the one that was just installed."""
        self._must("restart", self._name)

    def stop(self) -> None:
        """Stop the agent until it is started, or the person logs in again."""
        self._must("stop", self._name)

    def _remove(self) -> None:
        for path in (self._path.parent / "default.target.wants" / self._name, self._path):
            path.unlink(missing_ok=True)

    def _must(self, *words: str) -> None:
        try:
            must(self._run, *TOOL, *words)
        except StarterRefusedError as error:
            if NO_BUS in str(error):
                raise NoSessionError from error
            raise
