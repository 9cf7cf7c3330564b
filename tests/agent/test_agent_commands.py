"""Each command lives in a room of its own, and only the one that is wanted is loaded."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib import import_module

import pytest

from agent.cli import COMMANDS, _parser, main

OTHERS = ("agent.push.command", "agent.check", "agent.recall", "agent.startup.command", "boto3")
EVERY = [name for names in COMMANDS.values() for name in names]


def offered(parser: argparse.ArgumentParser) -> list[str]:
    found = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return list(found.choices)


def loaded_for(command: str) -> set[str]:
    """Return what a process of its own loads to read one command."""
    program = f"import sys; from agent.cli import _parser; _parser({command!r}); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(told.stdout.split())


@pytest.mark.parametrize("room", COMMANDS)
def test_a_room_has_the_commands_that_it_is_said_to_have(room: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()

    import_module(room).add_to(commands)

    assert tuple(commands.choices) == COMMANDS[room]


@pytest.mark.parametrize("wanted", EVERY)
def test_who_wants_a_command_can_have_it(wanted: str) -> None:
    assert wanted in offered(_parser(wanted))


@pytest.mark.parametrize("wanted", ["", "frobnicate"])
def test_who_wants_none_that_we_know_is_offered_all(wanted: str) -> None:
    assert offered(_parser(wanted)) == EVERY


def test_a_wrong_command_is_answered_with_all_that_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--verbose", "frobnicate", "run"])

    told = re.findall(r"\w+", capsys.readouterr().err)
    assert [name for name in EVERY if name not in told] == []


def test_the_agent_loads_no_other_command() -> None:
    there = loaded_for("run")

    assert "agent.session" in there
    assert [name for name in there if name.startswith(OTHERS)] == []


def test_the_status_loads_nothing_that_fetches_or_sends() -> None:
    there = loaded_for("status")

    assert (
        there & {"urllib3", "obstore", "boto3", "agent.session", "agent.push.command", "agent.recall.recaller"} == set()
    )
