"""Homes: agents on the PCs of one owner, killed with -9 and started again, for a while without room on the drive."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from local.api import Api, patiently
from local.pc import agent_environment

PAUSES = (0.0, 2.0)
WORK = (1, 30)
PATIENCE = 30
NO_ROOM = f"reserve_bytes = {1 << 60}\n"
ROOM = "reserve_bytes = 1000000\nowed_seconds = 60\n"
STOP_SECONDS = 20


class Home:
    """One home folder and the agent that works for it."""

    def __init__(self, folder: Path, name: str, api_url: str) -> None:
        self.folder, self._name, self._api_url = folder, name, api_url
        self._log = folder.with_name(f"{folder.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def pair(self, api: Api) -> None:
        """Pair with whoever is signed in."""
        asked = ["pair", self._api_url, "--home", str(self.folder), "--name", self._name, "--yes", "--json"]
        process = self._run(*asked, stdout=subprocess.PIPE)
        assert process.stdout is not None
        code = json.loads(process.stdout.readline())["userCode"]
        patiently(lambda: api.post("/pairings/approve", {"userCode": code, "approve": True}))
        process.communicate()
        assert process.returncode == 0, self.said()
        self.has_room(yes=True)

    def has_room(self, *, yes: bool) -> None:
        """Decide whether the agent finds room on its drive when it is started next."""
        (self.folder / ".backhaul/config.toml").write_text(ROOM if yes else NO_ROOM, encoding="utf-8")

    def start(self) -> None:
        """Start the agent, if it is not at work."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._run("run", "--home", str(self.folder))

    def let_work(self, over: threading.Event, files: float) -> None:
        """Let so many files come home first, for an agent killed at once learns nothing; or half a minute pass."""
        before, until = self._count(), time.monotonic() + PATIENCE
        while self._count() < before + files and time.monotonic() < until and not over.wait(0.1):
            pass

    def _count(self) -> int:
        return sum(len(names) for folder, _, names in os.walk(self.folder) if ".backhaul" not in folder)

    def end(self, how: signal.Signals) -> None:
        """End the agent."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_SECONDS)

    def said(self) -> str:
        """Return the end of what the agent said."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def _run(self, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "agent", *arguments],
                env=agent_environment(),
                stdin=subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
            )


def trouble(homes: list[Home], dice: random.Random, over: threading.Event, counts: Counter[str]) -> None:
    """Kill agents at random, and start them again, until it is over."""
    while not over.wait(dice.uniform(*PAUSES)):
        home = dice.choice(homes)
        home.let_work(over, dice.uniform(*WORK))
        home.end(signal.SIGKILL)
        counts["an agent is killed with -9"] += 1
        is_full = dice.random() < 1 / 5
        counts["a drive has no room"] += is_full
        home.has_room(yes=not is_full)
        home.start()


def settle(homes: list[Home]) -> None:
    """Start every agent afresh, with room."""
    for home in homes:
        home.end(signal.SIGKILL)
        home.has_room(yes=True)
        home.start()
