"""A user unit on Linux, through `systemctl --user`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.drive.home import write_whole
from agent.startup import unit
from agent.startup.tools import must

if TYPE_CHECKING:
    from pathlib import Path

    from agent.startup.entry import Entry
    from agent.startup.tools import Run

TOOL = ("systemctl", "--user")


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
        """Write the unit, or replace it, and have it start at every login."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, unit.render(self._entry))
        must(self._run, *TOOL, "daemon-reload")
        must(self._run, *TOOL, "enable", self._name)

    def uninstall(self) -> None:
        """Remove the unit."""
        must(self._run, *TOOL, "disable", self._name)
        self._path.unlink()
        must(self._run, *TOOL, "daemon-reload")

    def start(self) -> None:
        """Start the agent; one that runs is started anew, so that it is the one that was just installed."""
        must(self._run, *TOOL, "restart", self._name)

    def stop(self) -> None:
        """Stop the agent until it is started, or the person logs in again."""
        must(self._run, *TOOL, "stop", self._name)
