"""`python -m tests.chaos [FILES] [SEED]`: everything at once, and what came of it."""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from admin import stage
from chalicelib import log
from chalicelib.cloud import Cloud
from chalicelib.upkeep import sweeps
from local.api import Api
from local.owner import Owner, sign_in
from local.samples import Sample
from tests.chaos import cloud as stormy_cloud
from tests.chaos import homes, phones, verdict
from tests.chaos.events import Events
from tests.chaos.homes import Home
from tests.chaos.phones import Phone
from tests.chaos.verdict import Verdict
from tests.ports import a_free_port

ROOT = Path(__file__).parents[2]
COPIED = (
    "app.py",
    "admin",
    "chalicelib",
    "infra",
    "local",
    "agent",
    "tests",
    "requirements.txt",
    ".chalice/config.json",
    ".chalice/policies",
)
START_SECONDS = 300
CALM_SECONDS = 300
SHARE = 0.04
PHONES = 3
PASSWORD = "chaos-Aa1-" + secrets.token_hex(8)


@dataclass(frozen=True)
class Asked:
    """How much chaos."""

    files: int
    seed: int
    share: float
    seconds: int


def main() -> int:
    """Run, tell, and return whether the promises were kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--share", type=float, default=SHARE, help="of all requests, how many fail")
    parser.add_argument("--seconds", type=int, default=None, help="how long phones may try")
    told = parser.parse_args()
    seed = told.seed if told.seed is not None else random.SystemRandom().randrange(1 << 32)
    asked = Asked(told.files, seed, told.share, told.seconds or 300 + told.files * 3)
    _tell(f"seed {asked.seed}, {asked.files} files, {asked.share:.0%} of all requests fail")
    with tempfile.TemporaryDirectory(prefix="backhaul-chaos-") as folder:
        counts, found = run(asked, Path(folder))
    _tell("\n".join(f"{count:>8}  {what}" for what, count in sorted(counts.items())))
    _tell("\n".join(["", "verdict", *found.told()]))
    _tell("All promises were kept." if found.is_good else f"PROMISES WERE BROKEN; seed {asked.seed}")
    return 0 if found.is_good else 1


def run(asked: Asked, folder: Path) -> tuple[Counter[str], Verdict]:
    """Bring everything in through the storm, let it calm down, and judge."""
    counts: Counter[str] = Counter()
    rolls = phones.rolls(_made(folder / "phones"), PHONES, asked.files, asked.seed)
    with the_cloud(asked, folder, counts) as (api, world, events), ExitStack() as stack:
        owner_id = api.get("/me")["ownerId"]
        places = [Home(_made(folder / name), name, api.url) for name in ("study", "attic")]
        for home in places:
            home.pair(api)
            home.start()
            stack.callback(home.end, signal.SIGKILL)
        unsent = _storm(asked, folder, api, rolls, places, events, counts)
        wanted = {one.sha256 for roll in rolls for one in roll}
        seconds = _calm(world, owner_id, places, events, wanted)
        counts["seconds until all was home, once it was calm"] = round(seconds)
        for home in places:
            home.end(signal.SIGTERM)
        return counts, verdict.judge(world, owner_id, [home.folder for home in places], wanted, unsent)


def _storm(  # noqa: PLR0913, PLR0917 (everything there is takes part)
    asked: Asked,
    folder: Path,
    api: Api,
    rolls: list[list[Sample]],
    places: list[Home],
    events: Events,
    counts: Counter[str],
) -> list[str]:
    """Let it rage until the phones are done; return what they could not send."""
    dice, over = random.Random(asked.seed), threading.Event()
    raging = folder / stormy_cloud.RAGING
    raging.touch()
    until = time.monotonic() + asked.seconds
    crew = [Phone(api, roll, random.Random(asked.seed + at)) for at, roll in enumerate(rolls)]
    with ThreadPoolExecutor(len(crew) + 2) as pool:
        beside = [
            pool.submit(homes.trouble, places, random.Random(dice.random()), over, counts),
            pool.submit(events.be_unreliable, random.Random(dice.random()), over, counts),
        ]
        sending = [pool.submit(_send_twice, phone, until) for phone in crew]
        unsent = [one.name for done in sending for one in done.result()]
        over.set()
        for one in beside:
            one.result()
    raging.unlink()
    _tell(f"storm over, {len(unsent)} not sent")
    counts.update(sum((phone.told for phone in crew), Counter()))
    return [*unsent, *(f"{name} ({why})" for phone in crew for name, why in phone.refused.items())]


def _send_twice(phone: Phone, until: float) -> list[Sample]:
    """Send all; then be installed anew, and send all again."""
    return (phone.send_all(until) and phone.send_all(until)) or phone.send_all(until)


def _calm(world: Cloud, owner_id: str, places: list[Home], events: Events, wanted: set[str]) -> float:
    """Do nothing but what runs by itself, until all is home or patience ends. The cloud's sweeps see time fly."""
    began = time.monotonic()
    events.be_reliable()
    homes.settle(places)
    flown = timedelta()
    while time.monotonic() < began + CALM_SECONDS:
        flown += timedelta(minutes=40)
        with log.only_errors():
            sweeps.sweep_pending(replace_clock(world, flown))
        if verdict.all_home(world, owner_id, wanted):
            break
        time.sleep(2)
    return time.monotonic() - began


def replace_clock(world: Cloud, flown: timedelta) -> Cloud:
    """Return the same world, later."""
    return Cloud(world.settings, world._make_client, lambda: datetime.now(UTC) + flown)


@contextmanager
def the_cloud(asked: Asked, folder: Path, counts: Counter[str]) -> Iterator[tuple[Api, Cloud, Events]]:
    """Run the embedded cloud with the weather before it; at the end add up what the weather did."""
    project = _made(folder / "project")
    for name in COPIED:
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(target)], check=True)
    ports = [a_free_port(), a_free_port()]
    words = [folder / "state", folder / "demo", *ports, asked.seed, asked.share]
    command = [sys.executable, "-m", "tests.chaos.cloud", *map(str, words)]
    said = folder / "cloud.log"
    with said.open("wb") as story:
        process = subprocess.Popen(command, cwd=project, stdout=story, stderr=subprocess.STDOUT)
    try:
        _await_up(process, said)
        _tell("the cloud is up")
        here = stage.find(project, stage.LOCAL)
        api = sign_in(Api(f"http://127.0.0.1:{ports[1]}"), Owner("chaos@backhaul.example", PASSWORD))
        yield api, here.world, Events(here.client("s3"), here.client("lambda"), here.world.settings.bucket)
    finally:
        process.terminate()
        process.wait(60)
        if (folder / stormy_cloud.FAULTS).exists():
            counts.update(json.loads((folder / stormy_cloud.FAULTS).read_text()))
        if keep := os.environ.get("CHAOS_KEEP"):
            subprocess.run(["cp", "-r", str(folder), keep], check=False)


def _await_up(process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Backhaul is up" not in said.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the embedded cloud did not come up:\n{said.read_text(encoding='utf-8')[-3000:]}")
        time.sleep(0.2)


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (for the person who runs it)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
