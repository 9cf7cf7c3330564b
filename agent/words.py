"""What commands have in common: that they have a home folder, how they read what a person types, and how they count."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

    Deed = Callable[[argparse.Namespace, Home, KeyStore], int]

Read = TypeVar("Read")


def at_home(asked: argparse.ArgumentParser, deed: Deed, *, tells_json: bool = False) -> None:
    """Let a command have a home folder, and say what it does there with the folder and its key."""
    asked.add_argument("--home", type=Path, required=True, metavar="DIR", help="the folder that files come home to")
    if tells_json:
        asked.add_argument("--json", action="store_true", help="print JSON, one object a line")
    asked.set_defaults(deed=deed)


def checked(parse: Callable[[str], Read]) -> Callable[[str], Read]:
    """Let a person read why a value was refused, not what the function is called that refused it."""

    def read(text: str) -> Read:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def answer(question: str) -> str:
    """Ask the person at the terminal, if there is one; on Windows NUL calls itself a terminal, and ends at once."""
    try:
        return input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        return ""


def several(number: int, thing: str = "file") -> str:
    """Count things, as a person would: `1 file`, `2,000 files`."""
    return f"{number:,} {thing}" + "s" * (number != 1)
