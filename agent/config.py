"""The settings a person may change, from `config.toml`. Pure: text in, a `Config` out, or all that is wrong with it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.drive import paths
from agent.errors import SettingsError
from agent.fetch import limits
from agent.fetch.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[Any], Any]

DOCUMENTED = """\
# Settings of the Backhaul agent for this home folder. Every key has a default; remove the # to change one.
# The agent reads them when it starts.

# Where new files go. Words: {year} {month} {day} of the capture date, {kind} (photos, videos, sounds, others),
# {device} (the phone's name), {album}, and {name}, which comes last.
# Changing it never moves files that are home already.
# template = "{year}/{year}-{month}/{name}"

# Files fetched at the same time at most (1 to 64). Near the cloud, fewer are by themselves.
# fetchers = 64

# Bytes to leave free on the drive.
# reserve_bytes = 500_000_000

# Ask what is owed at least this often, in seconds (60 to 86400). The doorbell usually rings long before.
# owed_seconds = 900

# Tell the cloud that this PC is alive this often, in seconds (60 to 3600).
# heartbeat_seconds = 300

# The log in .backhaul/logs: how many files (2 to 100), and how many bytes each.
# log_files = 5
# log_bytes = 2_000_000

# Notices on the screen: the first file of the day, and trouble.
# toasts = true

# Bytes a second that may come home, like "2M" or "750k"; "0" is no limit. `run --limit 2M` goes before both.
# The same amount may go back to the cloud, of files that are asked for there.
[limit]
# day = "0"
# night = "0"
# night_from = "23:00"
# night_to = "07:00"
"""


@dataclass(frozen=True)
class Config:
    """How the agent of one home folder works."""

    template: str = paths.DEFAULT_TEMPLATE
    fetchers: int = 64
    reserve_bytes: int = 500_000_000
    owed_seconds: int = 900
    heartbeat_seconds: int = 300
    log_files: int = 5
    log_bytes: int = 2_000_000
    toasts: bool = True
    limit: Limit = field(default_factory=Limit)


def parse(text: str, where: object = "config.toml") -> Config:
    """Read the settings; unknown keys and bad values are all reported at once."""
    try:
        told = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(where, [f"not TOML ({error})"]) from error
    wrong: list[str] = []
    limit = told.pop("limit", {})
    read = _read(told, RULES, "", wrong)
    if isinstance(limit, dict):
        read["limit"] = Limit(**_read(limit, LIMIT_RULES, "limit.", wrong))
    else:
        wrong.append(f"limit must be a table, [limit] on a line of its own, got {limit!r}")
    if wrong:
        raise SettingsError(where, wrong)
    return Config(**read)


def _read(told: dict[str, Any], rules: dict[str, Rule], prefix: str, wrong: list[str]) -> dict[str, Any]:
    """Read one table by its rules; what is wrong is added to the list."""
    read = {}
    for key, value in told.items():
        if key not in rules:
            wrong.append(f"{prefix}{key} is unknown, expected one of {', '.join(prefix + known for known in rules)}")
            continue
        try:
            read[key] = rules[key](value)
        except ValueError as error:
            wrong.append(f"{prefix}{key} {error}")
    return read


def _whole(low: int, high: int) -> Rule:
    """Make the rule for a whole number."""

    def rule(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, got {value!r}")
        return value

    return rule


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {value!r}")  # noqa: TRY004 - all that is wrong is told in one way
    return value


def _template(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, got {value!r}")  # noqa: TRY004 - all that is wrong is told in one way
    if problems := paths.template_problems(value):
        raise ValueError(f"{' and '.join(problems)}, got {value!r}")
    return value


RULES: dict[str, Rule] = {
    "template": _template,
    "fetchers": _whole(1, 64),
    "reserve_bytes": _whole(0, 2**63 - 1),
    "owed_seconds": _whole(60, 86_400),
    "heartbeat_seconds": _whole(60, 3_600),
    "log_files": _whole(2, 100),
    "log_bytes": _whole(10_000, 1_000_000_000),
    "toasts": _switch,
}
LIMIT_RULES: dict[str, Rule] = {
    "day": limits.parse_amount,
    "night": limits.parse_amount,
    "night_from": limits.parse_hour,
    "night_to": limits.parse_hour,
}
