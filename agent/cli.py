"""The command line, and the only reader of the environment.

Exit codes: 0 all is well · 1 did not work, the sentence on stderr says why · 2 wrong usage · 3 revoked, pair again ·
4 not paired (or the drive is not there) · 5 another agent is running · 6 `status`, `doctor`, `verify`: something to
look at, `push --dry-run`: something to send.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import VERSION, farewell, pause
from agent.check import doctor, verify
from agent.drive.home import Home, Pairing
from agent.errors import (
    AgentError,
    AlreadyRunningError,
    HomeMissingError,
    NotPairedError,
    PairingError,
    RevokedError,
    plain,
    shown,
)
from agent.fetch import limits
from agent.fetch.limits import Limit
from agent.identity import pairing, qr, unpair, welcome
from agent.identity.keystore import KeyStore
from agent.push import command as pushing
from agent.push import pairing as phone
from agent.push.api import PhoneApi
from agent.show import journal, logs, screen, status, toasts
from agent.startup import command as starting
from agent.startup import host, leave, tools
from agent.wire.api import Api, safe_address
from agent.words import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.session import Session
    from agent.wire.api import Answer

CODES: list[tuple[type[AgentError], int]] = [
    (RevokedError, 3),
    (NotPairedError, 4),
    (HomeMissingError, 4),
    (AlreadyRunningError, 5),
]

TELL_JSON = {"pair", "status", "verify", "doctor"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    chosen = _parser().parse_args(arguments)
    _speak(verbose=chosen.verbose)
    try:
        return _obey(chosen)
    except AgentError as error:
        _complain(f"{error}" + (f"\n{error.hint}" if error.hint else ""))
        return next((code for kind, code in CODES if isinstance(error, kind)), 1)
    except BrokenPipeError:
        # Whoever reads us has enough, as `head` does. Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        _complain(f"{plain(error.filename or 'a file')}: {error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        return 1


def _obey(chosen: argparse.Namespace) -> int:
    """Carry out the command, down to the last word that it prints."""
    command: Callable[[argparse.Namespace], int] = chosen.command
    code = command(chosen)
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


def _complain(sentence: str) -> None:
    print(f"backhaul: {sentence}", file=sys.stderr)
    journal.write_down(sentence)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="backhaul", description="Brings your files home from your own cloud.")
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--verbose", action="store_true", help="log what a developer would want to know")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_pair(commands)
    _add_run(commands)
    stands = commands.add_parser("status", help="say how things stand")
    stands.add_argument("--web", action="store_true", help="as a page for this PC's browser, until stopped")
    stands.set_defaults(command=_status)
    for module in (verify, doctor, pause, logs, unpair):
        module.add_to(commands, _at_home)
    for name, command in commands.choices.items():
        command.add_argument(
            "--home", type=Path, required=True, metavar="DIR", help="the folder that files come home to"
        )
        if name in TELL_JSON:
            command.add_argument("--json", action="store_true", help="print JSON, one object a line")
    pushing.add_to(commands).set_defaults(command=_push)
    starting.add_to(commands, _install_or_so)
    _add_first_and_last(commands)
    return parser


def _add_first_and_last(commands: Any) -> None:
    """Add what a person begins with, and what only Windows and the installer call."""
    first = commands.add_parser("setup", help="ask for all it takes, pair, and let the agent start by itself")
    first.add_argument("--wait", action="store_true", help="keep the window open at the end")
    first.set_defaults(command=_set_up)
    left = commands.add_parser("leave")
    left.add_argument("--for-good", action="store_true")
    left.set_defaults(command=_leave)
    served = commands.add_parser("serve")
    served.add_argument("--home", type=Path, required=True)
    served.set_defaults(command=_serve)


def _add_pair(commands: Any) -> None:
    asked = commands.add_parser("pair", help="pair this PC with your cloud")
    asked.add_argument("url", metavar="URL", help="address of the API, https://...")
    asked.add_argument("--name", default=platform.node() or "PC", help="how this PC is called (default: %(default)s)")
    asked.add_argument("--yes", action="store_true", help="replace an earlier pairing without asking")
    asked.add_argument(
        "--kind", choices=("pc", "phone"), default="pc", help="a phone's key may `push`, a PC's may `run`"
    )
    asked.set_defaults(command=_pair)


def _add_run(commands: Any) -> None:
    going = commands.add_parser("run", help="bring files home until stopped")
    going.add_argument(
        "--limit",
        type=checked(limits.parse_amount),
        metavar="RATE",
        help="bytes a second at most, as 2M or 750k; 0: no limit",
    )
    going.set_defaults(command=_run)


def _keys(home: Home) -> KeyStore:
    return KeyStore(home, use_keyring=os.environ.get("BACKHAUL_KEYRING") != "file")


def _at_home(chosen: argparse.Namespace) -> int:
    """Run a command that needs no more than a home folder and its key."""
    home = Home(chosen.home)
    code: int = chosen.deed(chosen, home, _keys(home))
    return code


def _pair(chosen: argparse.Namespace) -> int:
    home, url = Home(chosen.home), safe_address(chosen.url)
    # Before anybody agrees: a PC that cannot keep its key would be owed every file for ever.
    home.require_possible()
    before = _agree_to_replace(home, yes=chosen.yes)
    is_phone = chosen.kind == "phone"
    api, keep = (PhoneApi(url), phone.keep) if is_phone else (Api(url), pairing.keep)
    claimed = pairing.pair(api, chosen.name, _print_json if chosen.json else _show_code)
    keep(home, _keys(home), url, chosen.name, claimed)
    if before and before.device_id != claimed["deviceId"]:
        _tell_of_the_earlier(before)
    if chosen.json:
        _print_json({"deviceId": claimed["deviceId"]})
    elif is_phone:
        print(f"Paired as a phone. Next: backhaul push FOLDER --state {home}")
    else:
        print(f"Paired. Files will come home to {home}. Next: {starting.after_pairing(home)}")
    return 0


def _agree_to_replace(home: Home, *, yes: bool) -> Pairing | None:
    """Ask before an earlier pairing is replaced, and return it; without a person to ask, refuse."""
    try:
        before = home.pairing()
    except AgentError:
        return None
    if yes:
        return before
    if _answer(f"{home} is paired with {before.url} already. Replace it? [y/N] ").lower() not in ("y", "yes"):
        why = f"{shown(home)} is paired with {before.url!r} already; say --yes to replace it"
        raise PairingError(why)
    return before


def _tell_of_the_earlier(before: Pairing) -> None:
    """Say what nobody else can know: the device this folder was before counts as a PC still, and is owed every file."""
    told = f"this folder was device {before.device_id} at {before.url} before, to which every file stays owed"
    print(f"backhaul: {told}; revoke that device unless it is revoked already", file=sys.stderr)


def _answer(question: str) -> str:
    """Ask the person at the terminal, if there is one; on Windows NUL calls itself a terminal, and ends at once."""
    try:
        return input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        return ""


def _print_json(told: Answer) -> None:
    print(json.dumps(told), flush=True)


def _show_code(told: Answer) -> None:
    address = told.get("verificationUriComplete") or told.get("verificationUri")
    minutes = int(told.get("expiresIn", 0)) // 60
    if code := qr.shown(str(address), sys.stdout):
        print(code)
    print(f"Open  {address}\nand check that it shows the code  {told.get('userCode')}", flush=True)
    print(f"Waiting for you to agree (the code lasts {minutes} minutes) ...", flush=True)


def _run(chosen: argparse.Namespace) -> int:
    home = Home(chosen.home)
    if home.folder.exists() and not home.marker.exists():
        raise NotPairedError(home, "marker")
    limit = None if chosen.limit is None else Limit(day=chosen.limit, night=chosen.limit)
    session = _session(home, limit)
    farewell.stop_on_signals(session.ask_to_stop)
    journal.begin(home)
    with (
        farewell.heeded(home, session.ask_to_stop) as show,
        toasts.following(home, show),
        screen.live(session.view, verbose=chosen.verbose),
    ):
        session.run()
    logging.getLogger(__name__).info("stopped")
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    """Do the same as `run`, for Windows' service control. Not for people, so `--help` says nothing of it."""
    home = Home(chosen.home)
    journal.begin(home)
    session = _session(home)
    host.serve(lambda: _until_revoked(session), session.ask_to_stop)
    return 0


def _session(home: Home, limit: Limit | None = None) -> Session:
    """Wire the agent of a home folder. What it fetches and listens with takes a while to import, and no other does."""
    from agent.session import Session  # noqa: PLC0415 - as said

    return Session(home, _keys(home), limit=limit)


def _until_revoked(session: Session) -> None:
    """Work; Windows starts a service again that failed, which does not help one whose PC was revoked."""
    try:
        session.run()
    except RevokedError as error:
        _complain(str(error))


def _leave(chosen: argparse.Namespace) -> int:
    """Let the installer have the program's files. Not for people either."""
    leave.leave(tools.run, farewell.ask_by_name, for_good=chosen.for_good)
    return 0


def _set_up(chosen: argparse.Namespace) -> int:
    """Take a person by the hand."""
    try:
        return welcome.set_up(_answer, print, main, str(Path.home() / "Pictures" / "Backhaul"))
    finally:
        if chosen.wait:
            _answer("Press Enter to close this window. ")


def _install_or_so(chosen: argparse.Namespace) -> int:
    """Install, uninstall, start or stop."""
    home = Home(chosen.home)
    print(chosen.deed(chosen, home, _keys(home), starting.starters(home)))
    return 0


def _push(chosen: argparse.Namespace) -> int:
    state = Home(chosen.state)
    return pushing.push(chosen, state, _keys(state))


def _status(chosen: argparse.Namespace) -> int:
    told = status.of(Home(chosen.home))
    if chosen.web:
        from agent.show import web  # noqa: PLC0415 - wanted here alone

        web.serve(Home(chosen.home))
    elif chosen.json:
        _print_json(told)
    else:
        print(status.text(told))
    return 6 if told["worries"] else 0
