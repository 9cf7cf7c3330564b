"""docs/AGENT.md names every command, every setting with its default, and everything that `status --json` tells."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from fake_pc import Pc

from agent import config
from agent.cli import _parser
from agent.show import status

DOCUMENT = (Path(__file__).parent.parent.parent / "docs/AGENT.md").read_text(encoding="utf-8")
UNDERSTOOD = ("-h", "--home")
FOR_LAUNCHERS = ("--wait",)
OF_NO_INTEREST = {"home", "url", "deviceId", "name", "version"}


@pytest.mark.parametrize("key", [*config.RULES, *config.LIMIT_RULES])
def test_every_setting_is_described_with_its_default(key: str) -> None:
    documented = next(line for line in config.DOCUMENTED.splitlines() if line.startswith(f"# {key} = "))
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("|") and f"`{key}`" in line)

    assert f"`{documented.partition(' = ')[2]}`" in row


def commands() -> dict[str, argparse.ArgumentParser]:
    """Return the commands that are meant for people."""
    found = next(action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    return {shown.dest: found.choices[shown.dest] for shown in found._choices_actions}


def row_of(command: str) -> str:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]
    return next(row for row in rows if re.search(rf"`{command}\b", row.split(" | ")[0]))


@pytest.mark.parametrize("command", commands())
def test_every_command_is_described_with_all_it_can_be_told(command: str) -> None:
    told = [option for action in commands()[command]._actions for option in action.option_strings[:1]]

    assert [
        option for option in told if option not in {*UNDERSTOOD, *FOR_LAUNCHERS} and option not in row_of(command)
    ] == []


def test_what_status_tells_is_described(pc: Pc) -> None:
    assert [word for word in status.of(pc.home) if word not in OF_NO_INTEREST and f"`{word}`" not in DOCUMENT] == []
