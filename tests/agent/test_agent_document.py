"""docs/AGENT.md names every command, every setting with its default, and everything that `status --json` tells."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from fake_pc import Pc

from agent import config
from agent.cli import _parser
from agent.show import status

DOCUMENT = (Path(__file__).parent.parent.parent / "docs/AGENT.md").read_text(encoding="utf-8")
OF_NO_INTEREST = {"home", "url", "deviceId", "name", "version"}


@pytest.mark.parametrize("key", [*config.RULES, *config.LIMIT_RULES])
def test_every_setting_is_described_with_its_default(key: str) -> None:
    documented = next(line for line in config.DOCUMENTED.splitlines() if line.startswith(f"# {key} = "))
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("|") and f"`{key}`" in line)

    assert f"`{documented.partition(' = ')[2]}`" in row


def test_every_command_is_described() -> None:
    commands = next(action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    meant_for_people = [shown.dest for shown in commands._choices_actions]

    assert [name for name in meant_for_people if f"`{name}" not in DOCUMENT] == []


def test_what_status_tells_is_described(pc: Pc) -> None:
    assert [word for word in status.of(pc.home) if word not in OF_NO_INTEREST and f"`{word}`" not in DOCUMENT] == []
