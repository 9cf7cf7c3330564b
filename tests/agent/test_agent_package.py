"""`pip install .` brings every module of the agent, and a command that starts it."""

from __future__ import annotations

import fnmatch
import importlib
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_room_of_the_agent_is_installed() -> None:
    wanted = PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    rooms = {path.parent for path in (PROJECT / "agent").rglob("*.py")}

    for room in rooms:
        assert (room / "__init__.py").exists(), room
        name = ".".join(room.relative_to(PROJECT).parts)
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in wanted), name


def test_nothing_but_the_agent_is_installed() -> None:
    assert PYPROJECT["tool"]["setuptools"]["packages"]["find"] == {"include": ["agent", "agent.*"], "namespaces": False}


def test_the_command_is_there() -> None:
    module, _, name = PYPROJECT["project"]["scripts"]["backhaul"].partition(":")

    assert callable(getattr(importlib.import_module(module), name))
