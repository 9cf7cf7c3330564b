"""Run agents in processes that are killed on a given line. Started by the tests; jobs come on stdin, JSON lines.

A process that has imported everything forks one child a job. The child's agent is the real one but for a silent
doorbell; a trace function kills it with SIGKILL the moment it is about to execute the line. Without a line it runs
until its catalog says that all is home and receipted; with "record" it writes down which lines it executed.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from agent.drive import ahead, straight
from agent.drive.catalog import Catalog
from agent.drive.home import Home
from agent.drive.lock import only_one
from agent.fetch import download, ranges
from agent.fetch.delivery import Courier
from agent.fetch.memory import Memory
from agent.identity.keystore import KeyStore
from agent.loop import Loop
from agent.parts import Parts
from agent.wire.api import DeviceApi
from agent.wire.bucket import S3Bucket
from agent.wire.credentials import Wallet
from agent.wire.inbox import Message

PROJECT = Path(__file__).resolve().parents[2]
STEPS = {
    *("agent/fetch/delivery.py", "agent/fetch/download.py", "agent/fetch/ranges.py", "agent/fetch/receipts.py"),
    *("agent/drive/disk.py", "agent/drive/ahead.py", "agent/drive/straight.py", "agent/drive/letting.py"),
    "agent/drive/birth.py",
    *("agent/drive/catalog.py", "agent/drive/shelf.py", "agent/drive/folders.py"),
}
"""The modules whose lines change what the next start finds: on the drive, in the catalog, or told to the cloud."""
NO_STEPS = {
    *("agent/loop.py", "agent/rounds.py", "agent/parts.py", "agent/duty.py", "agent/config.py"),
    *("agent/surroundings.py", "agent/identity/keystore.py", "agent/identity/private.py"),
    *("agent/wire/api.py", "agent/wire/bucket.py", "agent/wire/credentials.py", "agent/wire/inbox.py"),
    *("agent/wire/proxies.py", "agent/wire/trust.py"),
    *("agent/drive/dates.py", "agent/drive/names.py", "agent/drive/paths.py"),
    *("agent/drive/home.py", "agent/drive/lock.py", "agent/drive/room.py", "agent/drive/nearby.py"),
    *("agent/fetch/intake.py", "agent/fetch/owed.py", "agent/fetch/crew.py", "agent/fetch/flights.py"),
    *("agent/fetch/plan.py", "agent/fetch/notices.py", "agent/fetch/memory.py", "agent/fetch/breadth.py"),
}
"""The others that have a part in it: they reckon, ask, or call the ones above. To be killed between two steps is to be
killed before the second of them."""


class FarAway:
    """A judge of distances for whom the bucket is far away."""

    far = True


class SilentInbox:
    """A doorbell that never rings."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def receive(self) -> list[Message]:
        self._stop.wait()
        return []

    def delete(self, handles: Sequence[str]) -> None:
        """Delete nothing."""

    def hide(self, handles: Sequence[str]) -> None:
        """Hide nothing."""


class Recorder:
    """Notes every first execution of a line in the modules of steps, and which other modules have a part in it."""

    def __init__(self) -> None:
        self.steps: dict[str, None] = {}
        self.others: dict[str, None] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        module = module_of(frame.f_code)
        if module not in STEPS:
            self.others.setdefault(module)
            return None
        if event == "line":
            self.steps.setdefault(f"{module}:{frame.f_lineno}")
        return self


class Killer:
    """Kills on one line, the moment it is about to be executed."""

    def __init__(self, fatal: str) -> None:
        self._module, _, line = fatal.partition(":")
        self._line = int(line)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and frame.f_lineno == self._line:
            os.kill(os.getpid(), signal.SIGKILL)
        return self if module_of(frame.f_code) == self._module else None


@functools.cache
def module_of(code: CodeType) -> str:
    """Name the module of the agent that code is from; nothing for all other code."""
    path = Path(code.co_filename)
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT / "agent") else ""


def work(home: Home, stop: threading.Event) -> None:
    """Run the agent of a home folder until it is stopped."""
    pairing = home.pairing()
    key = KeyStore(home, use_keyring=False).find(pairing.device_id)
    with only_one(home), Catalog(home.catalog) as catalog:
        api = DeviceApi(pairing.url, pairing.device_id, key)
        bucket = ranges.Ranged(S3Bucket(Wallet(api.credentials)), FarAway(), Memory())  # type: ignore[arg-type]
        courier = Courier(home, home.mark(), bucket, 0, stopping=stop.is_set)
        loop = Loop(Parts(home, home.config(), catalog, api, SilentInbox(stop), courier), stop)
        threading.Thread(target=lambda: (stop.wait(), loop.wake()), daemon=True).start()
        loop.run()


def all_done(home: Home) -> bool:
    """Tell whether the three files are home and their receipts taken."""
    query = "SELECT (SELECT count(*) FROM files WHERE home_at IS NOT NULL), (SELECT count(*) FROM receipts)"
    with contextlib.suppress(sqlite3.OperationalError):
        seen = sqlite3.connect(f"file:{home.catalog}?mode=ro", uri=True)
        with contextlib.closing(seen):
            return bool(seen.execute(query).fetchone() == (3, 0))
    return False


def child(job: dict[str, Any]) -> None:
    """Be one agent; never return."""
    stop, recorder = threading.Event(), Recorder()
    if job.get("record"):
        threading.settrace(recorder)
    if job.get("line"):
        threading.settrace(Killer(job["line"]))
    worker = threading.Thread(target=work, args=[Home(Path(job["home"])), stop])
    worker.start()
    while not all_done(Home(Path(job["home"]))):
        worker.join(0.01)
    stop.set()
    worker.join()
    if job.get("record"):
        seen = {"steps": list(recorder.steps), "others": sorted(filter(None, recorder.others))}
        Path(job["record"]).write_text(json.dumps(seen))
    os._exit(0)


def take_small_files_for_large() -> None:
    """Go the same ways for smaller files: with 64 MB a line this would take all day. For this process alone."""
    ahead.EVERY = download.RESUMED = ranges.LARGE = ranges.PIECE = 1024 * 1024
    straight.LARGE = 2 * 1024 * 1024


def main() -> None:
    """Fork a child a job, and say how it ended."""
    take_small_files_for_large()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            try:
                child(json.loads(line))
            finally:
                os._exit(1)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer to the job


if __name__ == "__main__":
    main()
