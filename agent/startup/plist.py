"""A launch agent, as macOS reads it. Pure."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.startup.entry import Entry


def label(entry: Entry) -> str:
    """Return what launchd calls it."""
    return f"backhaul.{entry.name}"


def render(entry: Entry, log: str) -> bytes:
    """Render the launch agent. It starts again after a failure, not after it was asked to stop."""
    return plistlib.dumps(
        {
            "Label": label(entry),
            "ProgramArguments": list(entry.command),
            "WorkingDirectory": entry.folder,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 60,
            "ExitTimeOut": 15,
            "ProcessType": "Background",
            "StandardOutPath": log,
            "StandardErrorPath": log,
        }
    )
