"""`push`: its words on the command line, and the wiring of its parts.

Exit codes: 0 every file is safe · 1 some failed, each with its reason · 3 the key may not upload, pair again ·
4 the state folder is not paired · 5 another push runs with it · 6 a dry run found files to send.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.drive.home import Home, Pairing, long_path
from agent.drive.lock import only_one
from agent.errors import NotPairedError, StoppedError
from agent.farewell import stop_on_signals
from agent.fetch import limits
from agent.push.abreast import FEW, MOST
from agent.push.api import PushApi
from agent.push.arrivals import Arrivals
from agent.push.bucket import Bucket, pool
from agent.push.errors import NoPhoneKeyError, NotAFolderError
from agent.push.intake import Intake
from agent.push.ledger import Ledger
from agent.push.local import LocalFile
from agent.push.progress import Meter
from agent.push.pushing import Push
from agent.push.report import Manner, Report
from agent.push.sending import PhoneCrew
from agent.push.walk import walk
from agent.show import terminal
from agent.wire.api import safe_address
from agent.words import checked

if TYPE_CHECKING:
    import argparse

    from agent.identity.keystore import KeyStore

MOST_PARALLEL = 64
HASHERS = min(4, os.cpu_count() or 1)


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("push", help="bring a folder's files into the cloud")
    asked.add_argument("folder", type=Path, metavar="FOLDER", help="an old phone's files, a Takeout, any folder")
    state = "the folder paired with --kind phone"
    asked.add_argument("--state", dest="home", type=Path, required=True, metavar="DIR", help=state)
    asked.add_argument("--api", metavar="URL", help="address of the API, if it is no more the one paired with")
    files = "files sent at a time (default: 4; up to 16 small ones where each is on its way for long)"
    asked.add_argument("--parallel", type=_parallel, metavar="N", help=files)
    asked.add_argument(
        "--limit",
        type=checked(limits.parse_amount),
        default=0,
        metavar="RATE",
        help="bytes a second at most, as 2M or 750k (default: no limit)",
    )
    asked.add_argument("--dry-run", action="store_true", help="only say what would be sent")
    asked.add_argument("--json", action="store_true", help="print JSON, one object a line")
    asked.set_defaults(deed=push)


def push(chosen: argparse.Namespace, state: Home, keys: KeyStore) -> int:
    """Push a folder, and return the exit code."""
    root = folder_of(chosen.folder)
    pairing, key = paired(state, keys)
    stop, meter = threading.Event(), Meter()
    stop_on_signals(stopper(stop))
    manner = Manner(sys.stdout, as_json=chosen.json, terminal=terminal.can_draw(sys.stdout))
    with (
        only_one(state),
        Ledger(state.state / "ledger.sqlite") as ledger,
        pool(chosen.parallel or MOST, chosen.api or pairing.url) as http,
        Report(manner, meter) as report,
    ):
        api = PushApi(safe_address(chosen.api or pairing.url), key, http, pauses(stop))
        line = limits.Bucket(lambda: chosen.limit, time.monotonic, pauses(stop))
        crew = crew_of(api, Bucket(http), stop, meter, line)
        if manner.terminal:
            threading.Thread(target=survey, args=[root, meter, stop], name="survey", daemon=True).start()
        with (
            contextlib.closing(Intake(root, ledger, HASHERS, crew.hashing)) as intake,
            contextlib.closing(Arrivals(api, crew.clock)) as arrivals,
        ):
            parallel = limits.abreast(chosen.limit, chosen.parallel or FEW) if chosen.limit else chosen.parallel
            Push(crew, intake, ledger, arrivals, report.tell).run(parallel, dry_run=chosen.dry_run)
    report.sum_up()
    return report.exit_code()


def stopper(stop: threading.Event) -> Any:
    """Make what a signal calls: the first asks to stop, the second ends us at once, as safe as a power cut."""

    def ask(*_: object) -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    return ask


def folder_of(folder: Path) -> Path:
    """Return the folder to push, which may itself be named by a link."""
    if not folder.is_dir():
        raise NotAFolderError(folder)
    return Path(long_path(os.path.realpath(folder)))


def paired(state: Home, keys: KeyStore) -> tuple[Pairing, str]:
    """Return the pairing of the state folder and its key."""
    try:
        pairing = state.pairing()
        return pairing, keys.find(pairing.device_id)
    except NotPairedError as error:
        raise NoPhoneKeyError(state) from error


def pauses(stop: threading.Event) -> Any:
    """Make a pause that ends at once when asked to stop."""

    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise StoppedError

    return pause


def crew_of(api: PushApi, bucket: Bucket, stop: threading.Event, meter: Meter, line: limits.Bucket) -> PhoneCrew:
    """Wire who sends: hashing and sending end in the middle of a file when asked to stop; the line lets through."""

    def go_on(_count: int) -> None:
        if stop.is_set():
            raise StoppedError

    def sent(count: int) -> None:
        go_on(count)
        line.take(count)
        meter.sent(count)

    return PhoneCrew(api, bucket, pauses(stop), stop.set, sent, go_on)


def survey(root: Path, meter: Meter, stop: threading.Event) -> None:
    """Count the folder's bytes, for the time left."""
    total = 0
    for step in walk(root):
        if stop.is_set():
            return
        if isinstance(step, list):
            total += sum(file.size for file in step if isinstance(file, LocalFile))
    meter.counted(total)


def _parallel(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_PARALLEL:
        raise ValueError
    return number
