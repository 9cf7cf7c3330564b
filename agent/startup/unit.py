"""A user unit, as systemd reads it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.startup.entry import Entry

ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "%": "%%"})
NEVER_AGAIN = "2 3"
"""The exit codes that trying again does not mend: wrong usage, and a PC that was revoked."""


def unit_name(entry: Entry) -> str:
    """Return the unit's file name."""
    return f"backhaul-{entry.name}.service"


def render(entry: Entry) -> str:
    """Render the unit."""
    return f"""\
[Unit]
Description={_plain(entry.title)}
StartLimitIntervalSec=0

[Service]
ExecStart={quoted(entry.command)}
WorkingDirectory={_plain(entry.folder)}
Restart=on-failure
RestartSec=60
RestartPreventExitStatus={NEVER_AGAIN}
TimeoutStopSec=15
Nice=5

[Install]
WantedBy=default.target
"""


def quoted(command: Sequence[str]) -> str:
    """Write a command line so that systemd takes each word as it is. The program's own name knows no variables."""
    program, *arguments = (f'"{word.translate(ESCAPED)}"' for word in command)
    return " ".join([program, *(word.replace("$", "$$") for word in arguments)])


def _plain(text: str) -> str:
    """Write a text that is taken to the end of its line."""
    return " ".join(text.replace("%", "%%").splitlines())
