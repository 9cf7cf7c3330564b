"""What can go wrong when the agent is to be started by itself.

PermanentError
└── StartupError
    ├── NoStarterError          this system has nothing that we know how to ask
    ├── NoSessionError          systemd keeps no session for this person
    ├── NotAdministratorError   a service may be made by an administrator alone
    ├── NotInstalledError       nothing is installed that could be started or stopped
    ├── StarterRefusedError     the system's own tool refused
    └── StillRunningError       the agent did not stop in time
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from agent.errors import PermanentError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class StartupError(PermanentError):
    """Raised when the agent cannot be installed, started or stopped; the message says why."""


class NoStarterError(StartupError):
    """Raised where there is nothing to ask."""

    hint = "Start the agent by hand instead: backhaul run --home DIR"

    def __init__(self, what: str) -> None:
        """Keep what is missing."""
        super().__init__(f"{what} is not there on this system, so the agent cannot be started by itself")


class NoSessionError(StartupError):
    """Raised where systemd runs nothing for this person: in a container, or after `su`."""

    hint = "Log in as this person at the PC or by SSH; to let the agent run without: sudo loginctl enable-linger NAME"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("systemd has no session of this person, so it can start nothing for them")


class NotAdministratorError(StartupError):
    """Raised when a service is to be made, changed or removed without the right to."""

    hint = "Open the terminal with 'Run as administrator', or leave out --service: the logon task needs no rights."

    def __init__(self) -> None:
        """Say so."""
        super().__init__("a Windows service may be installed, started and removed by an administrator alone")


class NotInstalledError(StartupError):
    """Raised when something that is not installed is to be started or stopped."""

    hint = "Install it: backhaul install --home DIR. An agent that was started by hand is stopped with Ctrl-C."

    def __init__(self, home: object) -> None:
        """Keep the home folder."""
        super().__init__(f"no agent is installed for home folder {shown(home)}")


class StarterRefusedError(StartupError):
    """Raised when the system's own tool ends with a failure."""

    def __init__(self, command: Sequence[str], code: int, said: str) -> None:
        """Keep the command, its exit code and what it said."""
        super().__init__(f"`{subprocess.list2cmdline(command)}` failed with {code}: {' '.join(said.split())}")
        self.code = code


class StillRunningError(StartupError):
    """Raised when the agent is there still after it was asked to stop."""

    def __init__(self, home: object, seconds: float) -> None:
        """Keep the home folder and how long we waited."""
        super().__init__(f"the agent of {shown(home)} is running still, {seconds:.0f} s after it was asked to stop")
