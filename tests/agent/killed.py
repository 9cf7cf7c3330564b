"""Run agents in processes that are killed on a given line. Started by the tests; jobs come on stdin, JSON lines.

A process that has imported everything forks one child a job. The child's agent is the real one but for a silent
doorbell; a trace function kills it with SIGKILL the moment it is about to execute the line. Without a line it runs
until its catalog says that all is home and receipted; with "record" it writes down which lines it executed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from agent.drive import ahead
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

TRACED = {
    *("delivery.py", "disk.py", "download.py", "catalog.py"),
    *("shelf.py", "receipts.py", "folders.py", "ranges.py", "ahead.py"),
}


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


class Tracer:
    """Notes every first execution of a line in the traced modules, and kills on one of them."""

    def __init__(self, fatal: str | None) -> None:
        self.seen: dict[str, None] = {}
        self._fatal = fatal

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        path = Path(frame.f_code.co_filename)
        if "agent" not in path.parts[-3:-1] or path.name not in TRACED:
            return None
        if event == "line":
            self._on(f"{path.name}:{frame.f_lineno}")
        return self

    def _on(self, line: str) -> None:
        self.seen.setdefault(line)
        if line == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


ahead.EVERY = download.RESUMED = ranges.LARGE = ranges.PIECE = 1024 * 1024
"""The same ways for smaller files: with 64 MB a line this would take all day."""


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
    """Tell whether the two files are home and their receipts taken."""
    query = "SELECT (SELECT count(*) FROM files WHERE home_at IS NOT NULL), (SELECT count(*) FROM receipts)"
    with contextlib.suppress(sqlite3.OperationalError):
        seen = sqlite3.connect(f"file:{home.catalog}?mode=ro", uri=True)
        with contextlib.closing(seen):
            return bool(seen.execute(query).fetchone() == (2, 0))
    return False


def child(job: dict[str, Any]) -> None:
    """Be one agent; never return."""
    stop = threading.Event()
    tracer = Tracer(job.get("line"))
    if job.get("line") or job.get("record"):
        threading.settrace(tracer)
    worker = threading.Thread(target=work, args=[Home(Path(job["home"])), stop])
    worker.start()
    while not all_done(Home(Path(job["home"]))):
        worker.join(0.01)
    stop.set()
    worker.join()
    if job.get("record"):
        Path(job["record"]).write_text("\n".join(tracer.seen))
    os._exit(0)


def main() -> None:
    """Fork a child a job, and say how it ended."""
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
