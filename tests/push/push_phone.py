"""A folder with photos in it, and a phone that pushes it: in this process with a clock that jumps, or in its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from push_simulator import DEVICE, KEY, Simulator

from agent.drive.home import Home
from agent.identity.keystore import KeyStore
from agent.push import pairing
from agent.push.api import PushApi
from agent.push.arrivals import Arrivals
from agent.push.bucket import Bucket, pool
from agent.push.intake import Intake
from agent.push.ledger import Ledger
from agent.push.local import Outcome
from agent.push.pushing import Push
from agent.push.sending import PhoneCrew

PROJECT = Path(__file__).parents[2]


class Folder:
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def has(self, name: str, body: bytes | None = None, *, age: float = 60) -> Path:
        """Put a file in it, last changed a while ago."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() if body is None else body)
        changed = time.time() - age
        os.utime(path, (changed, changed))
        return path

    def has_film(self, name: str, size: int) -> Path:
        """Put a large file in it, mostly a hole, of which no two parts are the same."""
        path = self.has(name, b"film")
        with path.open("r+b") as opened:
            for start in range(0, size - 8, 1024**2):
                opened.seek(start)
                opened.write(b"%08d" % (start // 1024**2))
            opened.truncate(size)
        os.utime(path, (time.time() - 60,) * 2)
        return path

    def hashes(self) -> dict[str, str]:
        """Return the hash of every file, by its name."""
        files = [path for path in self.path.rglob("*") if path.is_file()]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class Clock:
    """Time that passes by pausing alone."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        if seconds:
            self.pauses.append(seconds)


class Phone:
    """A device paired with the simulator."""

    def __init__(self, sim: Simulator, state: Path) -> None:
        self.sim, self.state = sim, Home(state)
        self.clock = Clock()
        self.outcomes: list[Outcome] = []
        self.stop = threading.Event()
        pairing.keep(
            self.state, KeyStore(self.state, use_keyring=False), sim.url, "phone", {"deviceId": DEVICE, "key": KEY}
        )

    def push(self, folder: Folder, *, parallel: int = 4, dry_run: bool = False, **hooks: Any) -> dict[str, str]:
        """Push a folder; return each file's fate."""
        self.outcomes = []
        with Ledger(self.state.state / "ledger.sqlite") as ledger, pool(parallel) as http:
            api = PushApi(self.sim.url, KEY, http, self.clock.pause)
            crew = PhoneCrew(api, Bucket(http), self.clock.pause, self.stop.set, clock=self.clock, **hooks)
            with (
                contextlib.closing(Intake(folder.path, ledger, 2, crew.hashing)) as intake,
                contextlib.closing(Arrivals(api, self.clock)) as arrivals,
            ):
                Push(crew, intake, ledger, arrivals, self.outcomes.append).run(parallel, dry_run=dry_run)
        return {one.local_id: one.fate.value for one in self.outcomes}

    def reason(self, local_id: str) -> str:
        """Return why a file had its fate."""
        return next(one.reason for one in self.outcomes if one.local_id == local_id)

    def start(self, folder: Folder, *arguments: str) -> subprocess.Popen[str]:
        """Push in a process of its own."""
        command = [sys.executable, "-W", "error", "-m", "agent", "push", str(folder.path), "--state", str(self.state)]
        return subprocess.Popen(
            [*command, *arguments],
            cwd=PROJECT,
            env={**os.environ, "BACKHAUL_KEYRING": "file"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Folder, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        """Push in a process of its own, with JSON; return exit code, lines and what it complained about."""
        process = self.start(folder, "--json", *arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err


def noise(size: int, seed: int = 0) -> bytes:
    """Make bytes, others for each seed."""
    return random.Random(seed).randbytes(size)
