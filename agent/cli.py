"""The command line, and the only reader of the environment.

Exit codes: 0 all is well · 1 did not work, the sentence on stderr says why · 2 wrong usage · 3 revoked, pair again ·
4 not paired (or the drive is not there) · 5 another agent is running · 6 `status`, `doctor`, `verify`: something to
look at, `push --dry-run`: something to send.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from agent import VERSION
from agent.drive.home import Home
from agent.errors import AgentError, AlreadyRunningError, HomeMissingError, NotPairedError, RevokedError, plain
from agent.identity.keystore import KeyStore
from agent.show import journal

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "agent.identity.command": ("pair",),
    "agent.running": ("run", "serve"),
    "agent.show.status": ("status",),
    "agent.check.verify": ("verify",),
    "agent.check.doctor": ("doctor",),
    "agent.pause": ("pause", "resume"),
    "agent.show.logs": ("logs",),
    "agent.identity.unpair": ("unpair",),
    "agent.push.command": ("push",),
    "agent.startup.command": ("install", "uninstall", "start", "stop"),
    "agent.startup.leave": ("leave",),
    "agent.identity.welcome": ("setup",),
}
"""Which room of the program has which commands, as `--help` lists them."""

CODES: list[tuple[type[AgentError], int]] = [
    (RevokedError, 3),
    (NotPairedError, 4),
    (HomeMissingError, 4),
    (AlreadyRunningError, 5),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    told = sys.argv[1:] if arguments is None else arguments
    chosen = _parser(next((word for word in told if not word.startswith("-")), "")).parse_args(told)
    _speak(verbose=chosen.verbose)
    try:
        return _obey(chosen)
    except AgentError as error:
        journal.complain(f"{error}" + (f"\n{error.hint}" if error.hint else ""))
        return next((code for kind, code in CODES if isinstance(error, kind)), 1)
    except BrokenPipeError:
        # Whoever reads us has enough, as `head` does. Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        journal.complain(f"{plain(error.filename or 'a file')}: {error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        return 1


def _obey(chosen: argparse.Namespace) -> int:
    """Carry out the command, down to the last word that it prints."""
    if "command" in chosen:
        code: int = chosen.command(chosen)
    else:
        home = Home(chosen.home)
        code = chosen.deed(chosen, home, _keys(home))
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def _speak(*, verbose: bool) -> None:
    """Log to the terminal, if there is one: `backhaulw.exe` has none, and its journal is all that tells of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # As Python's own documentation advises: what no line tells is not looked up for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    if sys.stderr is not None and not root.handlers:
        told = logging.StreamHandler(sys.stderr)
        told.setFormatter(journal.Form())
        root.addHandler(told)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # It warns of a cut-off answer with the whole address, and a signed link is a secret. We tell of it in our words.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _parser(wanted: str = "") -> argparse.ArgumentParser:
    """Make the parser, with the command that is wanted or with all: the others' programs are not even loaded."""
    parser = argparse.ArgumentParser(prog="backhaul", description="Brings your files home from your own cloud.")
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--verbose", action="store_true", help="log what a developer would want to know")
    parser.set_defaults(other=main)  # for a command that others do the work of
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    all_of_them = not any(wanted in names for names in COMMANDS.values())
    for room, names in COMMANDS.items():
        if all_of_them or wanted in names:
            import_module(room).add_to(commands)
    return parser


def _keys(home: Home) -> KeyStore:
    return KeyStore(home, use_keyring=os.environ.get("BACKHAUL_KEYRING") != "file")
