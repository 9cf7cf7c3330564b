"""The first steps, asked for one by one: for a person who never opened a terminal. What is done, other commands do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import UnsafeAddressError
from agent.wire.api import safe_address
from agent.words import answer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    Ask = Callable[[str], str]
    Say = Callable[[str], None]

GREETING = "Backhaul brings your files home from your own cloud. Three questions, and it works."
ADDRESS = "1. What is the address of your cloud (https://...)? "
FOLDER = "2. Which folder shall your files come home to? [{usual}] "
START = "3. Shall it start by itself whenever you log on? [Y/n] "
BY_HAND = "Then start it when you want it: backhaul run --home {home}"
NOTHING = "Nothing was changed."


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    first = commands.add_parser("setup", help="ask for all it takes, pair, and let the agent start by itself")
    first.add_argument("--wait", action="store_true", help="keep the window open at the end")
    first.set_defaults(command=setup)


def setup(chosen: argparse.Namespace) -> int:
    """Take a person by the hand."""
    try:
        return set_up(answer, print, chosen.other, str(Path.home() / "Pictures" / "Backhaul"))
    finally:
        if chosen.wait:
            answer("Press Enter to close this window. ")


def set_up(ask: Ask, say: Say, run: Callable[[Sequence[str]], int], usual: str) -> int:
    """Ask, pair, install. Return the exit code of the first step that did not work."""
    say(GREETING)
    url = _address(ask, say)
    if url is None:
        say(NOTHING)
        return 1
    home = ask(FOLDER.format(usual=usual)).strip().strip('"') or usual
    failed = run(["pair", url, "--home", home])
    if failed:
        return failed
    if ask(START).strip().lower() in ("n", "no"):
        say(BY_HAND.format(home=home))
        return 0
    return run(["install", "--home", home])


def _address(ask: Ask, say: Say) -> str | None:
    """Ask until the address is one, or there is no answer."""
    while answer := ask(ADDRESS).strip():
        try:
            return safe_address(answer if "://" in answer else f"https://{answer}")
        except UnsafeAddressError as error:
            say(f"{error}.")
    return None
