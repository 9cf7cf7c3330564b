"""The story of a run: all comes in through the storm, it calms down, something stops for days; then judgement."""

from __future__ import annotations

import secrets
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from admin.stage import Stage
from chalicelib.upkeep import lookout
from local.api import Api
from local.owner import Owner, sign_in
from local.samples import Sample
from tests.chaos import album, homes, looking, phones, place, stops, verdict, weather
from tests.chaos.homes import Home, Trouble
from tests.chaos.phones import Phone
from tests.chaos.place import Place
from tests.chaos.stops import Ears, later
from tests.chaos.sweeper import FIRST, Sweeper
from tests.chaos.verdict import Found, Stop, Verdict

PHONES = 3
HOMES = ("study", "attic")
FEWEST_TROUBLES, FILES_A_TROUBLE = 6, 50
STUCK_SECONDS = 180.0
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """How much chaos."""

    files: int
    seed: int
    share: float


@dataclass
class Scene:
    """Everybody who takes part, and what is counted."""

    asked: Asked
    place: Place
    api: Api
    owner_id: str
    homes: list[Home]
    tell: Tell
    counts: Counter[str] = field(default_factory=Counter)
    unsent: list[str] = field(default_factory=list)

    @property
    def here(self) -> Stage:
        """The stage as its admin reaches it."""
        return self.place.here


def run(asked: Asked, folder: Path, tell: Tell) -> tuple[Counter[str], Verdict]:
    """Tell the story, and judge."""
    (folder / "phones").mkdir()
    rolls = album.rolls(folder / "phones", PHONES, asked.files, asked.seed)
    late = album.a_sample(folder / "phones", asked.files, asked.seed)
    with place.up(folder, asked.seed, asked.share) as here, peopled(asked, here, tell) as scene:
        ears = Ears(scene.here)
        lookout.sweeps(scene.here.world)
        storm(scene, rolls)
        calm(scene)
        stopped, told = stop(scene, ears, late)
        for home in scene.homes:
            home.end(signal.SIGTERM)
        wanted = frozenset(one.sha256 for one in [*(one for roll in rolls for one in roll), late])
        scene.counts.update(here.faults())
        return scene.counts, verdict.judge(look(scene, wanted, stopped, told))


@contextmanager
def peopled(asked: Asked, here: Place, tell: Tell) -> Iterator[Scene]:
    """Sign the owner in and pair two PCs, whose agents end with the block."""
    tell("the cloud is up")
    owner = Owner("chaos@backhaul.example", f"chaos-Aa1-{secrets.token_hex(8)}")
    api = sign_in(Api(here.api_url), owner)
    pcs = [Home(here.project, here.folder / name, name, here.api_url) for name in HOMES]
    with ExitStack() as stack:
        for home in pcs:
            home.folder.mkdir()
            home.pair(api)
            home.start()
            stack.callback(home.end, signal.SIGKILL)
        yield Scene(asked, here, api, api.get("/me")["ownerId"], pcs, tell)


def storm(scene: Scene, rolls: list[list[Sample]]) -> None:
    """Let it rage until the phones are done and the homes have had their troubles."""
    asked, began = scene.asked, time.monotonic()
    troubles = FEWEST_TROUBLES + asked.files // FILES_A_TROUBLE
    crew = [Phone(scene.api, f"phone {at}", roll, asked.seed) for at, roll in enumerate(rolls)]
    trouble = Trouble(scene.homes, asked.seed, asked.files / troubles)
    sweeper = Sweeper(scene.here.world)
    scene.place.storm(rages=True)
    with ThreadPoolExecutor(len(crew) + 2) as pool:
        beside = [pool.submit(trouble.rage), pool.submit(sweeper.rage)]
        try:
            sending = [pool.submit(phone.live) for phone in crew]
            scene.unsent += [one.name for done in sending for one in done.result()]
            scene.tell(f"phones done after {time.monotonic() - began:.0f} s, {len(scene.unsent)} files not sent")
            trouble.calm_phones.set()
            while trouble.counts.total() < troubles and not any(one.done() for one in beside):
                time.sleep(0.2)
        finally:
            trouble.over.set()
            sweeper.over.set()
        for one in beside:
            one.result()
    scene.place.storm(rages=False)
    scene.unsent += [f"{name} ({why})" for phone in crew for name, why in phone.refused.items()]
    scene.counts.update(sum((phone.told for phone in crew), trouble.counts + sweeper.counts))
    scene.tell(f"storm over after {time.monotonic() - began:.0f} s")


def calm(scene: Scene) -> None:
    """Do nothing but what runs by itself, until all is home, or nothing moves any more."""
    began = time.monotonic()
    homes.settle(scene.homes)
    await_home(scene)
    scene.tell(f"all home after {time.monotonic() - began:.0f} s of calm")


def await_home(scene: Scene) -> None:
    """Wait until nothing is on the way, as long as it becomes less. The cloud's sweeps see time fly."""
    sweeper, flown, fewest, moved_at = Sweeper(scene.here.world), FIRST, 1 << 60, time.monotonic()
    while time.monotonic() < moved_at + STUCK_SECONDS:
        sweeper.sweep(flown)
        left = looking.on_the_way(scene.here.world, scene.owner_id)
        if not left:
            return
        if left < fewest:
            fewest, moved_at = left, time.monotonic()
        flown *= 2 if flown < timedelta(days=2) else 1
        time.sleep(1)
    scene.tell(f"{left} files are on the way and none of them moves")


def stop(scene: Scene, ears: Ears, late: Sample) -> tuple[frozenset[Stop], frozenset[Stop]]:
    """Leave one PC without room for days, phones silent and sweeps at rest; return what stopped and what was told.

    Then let the PC have room: what was owed comes home, and that is told as well.
    """
    study, attic = scene.homes
    device_ids = {one["name"]: one["deviceId"] for one in scene.api.get("/devices")["devices"]}
    world, long_after = scene.here.world, later(scene.here.world, stops.AFTER)
    silent = {file.device_id for file in looking.every(world, scene.owner_id) if file.device_id}
    before = ears.heard()
    full = attic.listen()["full"]
    attic.begin_again(room=False)
    Phone(scene.api, "a late phone", [late], scene.asked.seed).send(scene.api, [late])
    await_truth(scene, lambda: late.sha256 in looking.contents(study.folder), "the late file at one home")
    await_truth(scene, lambda: attic.listen()["full"] > full, "the word that a drive is full")
    stops.look_out(long_after)
    expected = stops.expected([device_ids[attic.name]], silent, stops.dead_queues(scene.here))
    told = ears.heard()
    attic.begin_again(room=True)
    await_home(scene)
    stops.look_out(later(world, stops.AFTER + timedelta(hours=1)))
    stopped = expected | {(stops.PC_WELL, device_ids[attic.name])}
    shown = frozenset(one for one in stopped if one[0] in stops.IN_ACTIVITY.values()) - stops.in_activity(scene.api)
    scene.counts["a stop is told"] = len(told)
    return stopped | {(f"{what}, in the activity", which) for what, which in shown}, frozenset(
        before | told | ears.heard()
    )


def await_truth(scene: Scene, truth: Callable[[], bool], what: str) -> None:
    """Wait for something that cannot but come; the verdict says what is missing if it does not."""
    deadline = time.monotonic() + STUCK_SECONDS
    while not truth():
        if time.monotonic() > deadline:
            scene.tell(f"{what} did not come in {STUCK_SECONDS:.0f} s")
            return
        time.sleep(0.2)


def look(scene: Scene, wanted: frozenset[str], stopped: frozenset[Stop], told: frozenset[Stop]) -> Found:
    """Look at everything there is."""
    world, folders = scene.here.world, [home.folder for home in scene.homes]
    return Found(
        wanted=wanted,
        at_home={folder.name: looking.contents(folder) for folder in folders},
        unsent=scene.unsent,
        partials=looking.partials(folders),
        kept=looking.kept(world, scene.owner_id),
        owed=looking.owed(world, scene.owner_id),
        audited=looking.audited(world, scene.owner_id),
        stopped=stopped,
        told=told,
        faults=scene.counts,
        possible=frozenset({*weather.names(), *homes.TROUBLES, phones.AGAIN, phones.ANEW, phones.GAVE_UP}),
    )
