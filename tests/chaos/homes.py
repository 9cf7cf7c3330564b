"""Homes: agents on the PCs of one owner, killed with -9 and started again, without room for a while, their clock wrong.

All waiting is for what an agent says it did; seconds count only once it says nothing at all.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from local.api import Api, patiently
from local.pc import agent_environment

KILLED, NO_ROOM, JUMPED = "an agent is killed with -9", "a drive has no room", "a PC's clock jumps"
TROUBLES = (KILLED, KILLED, KILLED, NO_ROOM, JUMPED)
JUMPS = (-40 * 86_400, -7_200, -600, 600, 7_200, 400 * 86_400)
ROOM, NONE = "reserve_bytes = 1000000\nowed_seconds = 60\n", f"reserve_bytes = {1 << 60}\nowed_seconds = 60\n"
SIGNS = {
    "started": re.compile(r" agent of .* works for "),
    "home": re.compile(r" (?:came|is) home file_id="),
    "full": re.compile(r" disk is full: "),
    "surprised": re.compile(r"unexpected|^Traceback"),
}
LOGGED = re.compile(r"\d{4}-\d\d-\d\d ")
SILENT_SECONDS, DEAD_SECONDS = 3.0, 120.0
STOP_SECONDS, PAIR_SECONDS = 60, 300.0
MOST_WORDS = 4_000
"""How much is shown of what an agent says when it met what it did not expect."""


class Home:
    """One home folder and the agent that works for it."""

    def __init__(self, project: Path, folder: Path, name: str, api_url: str) -> None:
        self.folder, self.name = folder, name
        self._project, self._api_url = project, api_url
        self.said: Counter[str] = Counter()
        self.surprise = ""
        self.heard_at = time.monotonic()
        self._log, self._clock = folder.with_name(f"{folder.name}.log"), folder.with_name(f"{folder.name}.clock")
        self._read = 0
        self._process: subprocess.Popen[bytes] | None = None

    def pair(self, api: Api) -> None:
        """Pair with whoever is signed in; on a busy machine the API may not answer the first time."""
        self.folder.mkdir()
        while not self._pair_once(api):
            if time.monotonic() > self.heard_at + PAIR_SECONDS:
                raise SystemExit(f"{self.name} could not be paired:\n{self.last_words()}")
        self.has_room(yes=True)

    def _pair_once(self, api: Api) -> bool:
        asked = ["pair", self._api_url, "--home", str(self.folder), "--name", self.name, "--yes", "--json"]
        process = self._run(*asked, stdout=subprocess.PIPE)
        assert process.stdout is not None
        if told := process.stdout.readline():
            decided = {"userCode": json.loads(told)["userCode"], "approve": True}
            patiently(lambda: api.post("/pairings/approve", decided))
        process.communicate()
        return process.returncode == 0

    def has_room(self, *, yes: bool) -> None:
        """Decide whether the agent finds room on its drive when it is started next."""
        (self.folder / ".backhaul/config.toml").write_text(ROOM if yes else NONE, encoding="utf-8")

    def clock_is_off(self, seconds: float) -> None:
        """Set the clock of the PC wrong by so much, from this moment on."""
        self._clock.write_text(str(seconds), encoding="ascii")

    def start(self) -> None:
        """Start the agent, if it is not at work."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._run("run", "--home", str(self.folder))

    def end(self, how: signal.Signals) -> None:
        """End the agent."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(STOP_SECONDS)

    def begin_again(self, *, room: bool) -> None:
        """Kill the agent and start it, with or without room."""
        self.end(signal.SIGKILL)
        self.has_room(yes=room)
        self.start()

    def listen(self) -> Counter[str]:
        """Read on in what the agent says; return all it has said so far, by sign."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        if whole:
            self.heard_at = time.monotonic()
        for line in (lines := whole.decode("utf-8", errors="replace").splitlines()):
            self.said.update(name for name, sign in SIGNS.items() if sign.search(line))
        self.surprise = self.surprise or _surprise(lines)
        return self.said

    def silent_for(self) -> float:
        """Return for how long the agent has said nothing."""
        self.listen()
        return time.monotonic() - self.heard_at

    def last_words(self) -> str:
        """Return the end of what the agent said."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def _run(self, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.wound", str(self._clock), "agent", *arguments],
                cwd=self._project,
                env=agent_environment(),
                stdin=subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
            )


def _surprise(lines: list[str]) -> str:
    """Return the first surprise and what was said about it, up to the next line of the log."""
    first = next((at for at, line in enumerate(lines) if SIGNS["surprised"].search(line)), len(lines))
    about = itertools.takewhile(lambda line: not LOGGED.match(line) or SIGNS["surprised"].search(line), lines[first:])
    return "\n".join(about)[:MOST_WORDS]


def planned(seed: int, homes: int) -> Iterator[tuple[int, str, float]]:
    """Yield which home has which trouble after how much work, without end: each trouble once a round. Pure."""
    dice = random.Random(f"{seed} homes")
    while True:
        for trouble in dice.sample(TROUBLES, len(TROUBLES)):
            yield dice.randrange(homes), trouble, dice.uniform(0, 2)


class Trouble:
    """Gives homes their troubles, one after the other, until it is over."""

    def __init__(self, homes: list[Home], seed: int, files_between: float) -> None:
        self._homes, self._plan, self._between = homes, planned(seed, len(homes)), files_between
        self._dice = random.Random(f"{seed} jumps")
        self.counts: Counter[str] = Counter()
        self.calm_phones, self.over = threading.Event(), threading.Event()

    def rage(self) -> None:
        """Let each home work for a while, then trouble it."""
        for at, trouble, work in self._plan:
            home = self._homes[at]
            wanted = home.listen()["home"] + work * self._between
            self._let(home, lambda home=home, wanted=wanted: home.listen()["home"] >= wanted)
            if self.over.is_set():
                return
            self._befall(home, trouble)
            self.counts[trouble] += 1

    def _befall(self, home: Home, trouble: str) -> None:
        for one in self._homes:
            one.clock_is_off(0)
        if trouble == JUMPED:
            home.clock_is_off(self._dice.choice(JUMPS))
            return
        home.begin_again(room=trouble != NO_ROOM)
        if trouble == NO_ROOM:
            was = home.listen()["full"]
            self._let(home, lambda: home.listen()["full"] > was, even_if_silent=True)
            home.begin_again(room=True)
        was = home.listen()["started"]
        self._let(home, lambda: home.listen()["started"] > was, even_if_silent=True)

    def _let(self, home: Home, truth: Callable[[], bool], *, even_if_silent: bool = False) -> None:
        """Wait for a truth; not if all is told, or if nothing is heard any more."""
        home.heard_at = time.monotonic()
        while not truth() and not self.over.wait(0.1):
            may_be_all = self.calm_phones.is_set() and not even_if_silent
            if home.silent_for() > (SILENT_SECONDS if may_be_all else DEAD_SECONDS):
                return


def settle(homes: list[Home]) -> None:
    """Start every agent afresh, with room and the right clock."""
    for home in homes:
        home.clock_is_off(0)
        home.begin_again(room=True)
