"""A launch agent on macOS, through `launchctl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.startup import plist
from agent.startup.tools import must

if TYPE_CHECKING:
    from pathlib import Path

    from agent.startup.entry import Entry
    from agent.startup.tools import Run

TOOL = "launchctl"


class LaunchAgent:
    """The launch agent of one home folder."""

    what = "launch agent"

    def __init__(self, entry: Entry, run: Run, library: Path, uid: int) -> None:
        """Take how tools are run, the person's Library folder, and the person's number."""
        self._entry, self._run = entry, run
        self._path = library / "LaunchAgents" / f"{plist.label(entry)}.plist"
        self._log = library / "Logs" / "Backhaul" / f"{entry.name}.log"
        self._domain = f"gui/{uid}"
        self._target = f"{self._domain}/{plist.label(entry)}"

    def is_installed(self) -> bool:
        """Whether the launch agent is there."""
        return self._path.exists()

    def install(self) -> None:
        """Write the launch agent, or replace it; launchd reads it when it is started."""
        for folder in (self._path.parent, self._log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._forget()
        self._path.write_bytes(plist.render(self._entry, str(self._log)))

    def uninstall(self) -> None:
        """Remove the launch agent."""
        self._forget()
        self._path.unlink()

    def start(self) -> None:
        """Start the agent, which launchd may or may not know yet."""
        if self._run([TOOL, "print", self._target]).code:
            must(self._run, TOOL, "bootstrap", self._domain, str(self._path))
        must(self._run, TOOL, "kickstart", self._target)

    def stop(self) -> None:
        """Stop the agent until it is started, or the person logs in again. One that does not run is stopped already."""
        self._run([TOOL, "kill", "SIGTERM", self._target])

    def _forget(self) -> None:
        """Make launchd forget what it knew, which ends the agent; it says no when it knew nothing."""
        self._run([TOOL, "bootout", self._target])
