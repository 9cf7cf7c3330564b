"""The settings a person may change, from `config.toml`. Pure: text in, a `Config` out, or all that is wrong with it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from typing import Any

from agent import paths
from agent.errors import SettingsError

DOCUMENTED = """\
# Settings of the Backhaul agent for this home folder. Every key has a default; remove the # to change one.

# Where new files go. Words: {year} {month} {day} {kind} {name}. Changing it never moves files that are home already.
# template = "{year}/{year}-{month}/{name}"

# Files fetched at the same time (1 to 64). 16 suits a home line.
# fetchers = 16

# Bytes to leave free on the drive.
# reserve_bytes = 500_000_000

# Ask what is owed at least this often, in seconds (60 to 86400). The doorbell usually rings long before.
# owed_seconds = 900

# Tell the cloud that this PC is alive this often, in seconds (60 to 3600).
# heartbeat_seconds = 300
"""


@dataclass(frozen=True)
class Config:
    """How the agent of one home folder works."""

    template: str = paths.DEFAULT_TEMPLATE
    fetchers: int = 16
    reserve_bytes: int = 500_000_000
    owed_seconds: int = 900
    heartbeat_seconds: int = 300


RANGES = {
    "fetchers": (1, 64),
    "reserve_bytes": (0, 2**63 - 1),
    "owed_seconds": (60, 86_400),
    "heartbeat_seconds": (60, 3_600),
}


def parse(text: str, where: object = "config.toml") -> Config:
    """Read the settings; unknown keys and bad values are all reported at once."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(where, [f"not TOML ({error})"]) from error
    wrong = [problem for key, value in told.items() if (problem := _problem(key, value))]
    if wrong:
        raise SettingsError(where, wrong)
    return Config(**told)


def _problem(key: str, value: Any) -> str | None:
    known = [field.name for field in fields(Config)]
    if key not in known:
        return f"{key} is unknown, expected one of {', '.join(known)}"
    if key == "template":
        return paths.template_problem(value) if isinstance(value, str) else f"template must be text, got {value!r}"
    low, high = RANGES[key]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        return f"{key} must be a whole number from {low} to {high}, got {value!r}"
    return None
