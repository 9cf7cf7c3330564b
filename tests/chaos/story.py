"""The story of a run: all comes in through the storm, it calms down, something stops for days; then judgement."""

from __future__ import annotations

import secrets
import shutil
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from admin.stage import Stage
from chalicelib.metadata import ledger
from chalicelib.upkeep import lookout
from local.api import Api, patiently
from local.owner import Owner, sign_in
from local.samples import Sample
from tests.chaos import album, homes, looking, phones, place, stops, verdict, weather
from tests.chaos.forgiving import forgive
from tests.chaos.homes import Home, Trouble
from tests.chaos.phones import Phone
from tests.chaos.place import Place
from tests.chaos.stops import Ears, later
from tests.chaos.sweeper import FIRST, Sweeper
from tests.chaos.verdict import Found, Stop, Verdict

WAVE = 1000
"""So many files at once, for an owner of their own: the emulator reads all an owner has for each page of it."""
PHONES = 3
HOMES = ("study", "attic")
FEWEST_TROUBLES, FILES_A_TROUBLE = 6, 100
STUCK_SECONDS = 180.0
SENT = "files on the phones"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """How much chaos."""

    files: int
    seed: int
    share: float
    deadline: float
    """The moment, by the clock that nobody sets, at which all patience ends."""
    last_wave_at: float = float("inf")
    """The moment from which on no more waves begin."""

    def waves(self) -> list[Asked]:
        """Divide it among owners, each with dice of their own."""
        counts = [min(WAVE, self.files - at) for at in range(0, self.files, WAVE)]
        return [replace(self, files=files, seed=self.seed + 1_000_003 * at) for at, files in enumerate(counts)]


@dataclass
class Scene:
    """One owner's phones and PCs, and what is counted."""

    asked: Asked
    place: Place
    api: Api
    owner_id: str
    homes: list[Home]
    tell: Tell
    counts: Counter[str] = field(default_factory=Counter)
    unsent: list[str] = field(default_factory=list)
    stopped: frozenset[Stop] = frozenset()
    told: frozenset[Stop] = frozenset()

    @property
    def here(self) -> Stage:
        """The stage as its admin reaches it."""
        return self.place.here


def run(asked: Asked, folder: Path, tell: Tell) -> tuple[Counter[str], Verdict]:
    """Tell the story, and judge."""
    counts: Counter[str] = Counter()
    verdicts = []
    with place.up(folder, asked.seed, asked.share) as here:
        tell("the cloud is up")
        ears = Ears(here.here)
        lookout.sweeps(here.here.world)
        for number, wave in enumerate(asked.waves()):
            if number and time.monotonic() > asked.last_wave_at:
                tell("there is no time for more")
                break
            part = folder / f"wave {number}"
            try:
                verdicts.append(live(wave, here, part, ears if number == 0 else None, counts, tell))
            except Exception as error:  # noqa: BLE001 (the other waves are worth their verdict)
                tell(traceback.format_exc())
                verdicts.append(Verdict({verdict.UNENDED: [f"wave {number}: {error!r}"]}))
            shutil.rmtree(part)
            counts[SENT] += wave.files
        counts.update(here.faults())
    tell("the cloud is gone")
    tried = verdict.judge_trials(counts, weather.names() | {*homes.TROUBLES, *phones.FAULTS})
    return counts, verdict.merged([*verdicts, tried])


def live(asked: Asked, here: Place, folder: Path, ears: Ears | None, counts: Counter[str], tell: Tell) -> Verdict:
    """Live through one wave: a storm, a calm and, if somebody listens, a stop."""
    (folder / "phones").mkdir(parents=True)
    rolls = album.rolls(folder / "phones", PHONES, asked.files, asked.seed)
    wanted = {one.sha256 for roll in rolls for one in roll}
    forgive(here.here.world)
    with peopled(asked, here, folder, tell) as scene:
        storm(scene, rolls)
        calm(scene)
        if ears:
            late = album.a_sample(folder / "phones", asked.files, asked.seed)
            stop(scene, ears, late)
            wanted.add(late.sha256)
        for home in scene.homes:
            home.end(signal.SIGTERM)
        found = verdict.judge(look(scene, frozenset(wanted)))
        counts.update(scene.counts)
    tell(f"{asked.files} files: {'all promises kept' if found.is_good else 'promises broken'}")
    return found


@contextmanager
def peopled(asked: Asked, here: Place, folder: Path, tell: Tell) -> Iterator[Scene]:
    """Sign an owner up and pair two PCs, whose agents end with the block."""
    owner = Owner(f"chaos-{secrets.token_hex(4)}@backhaul.example", f"chaos-Aa1-{secrets.token_hex(8)}")
    api = sign_in(Api(here.api_url), owner)
    pcs = [Home(here.project, folder / name, name, here.api_url) for name in HOMES]
    with ExitStack() as stack:
        with ThreadPoolExecutor(len(pcs)) as pool:
            list(pool.map(lambda home: home.pair(api), pcs))
        for home in pcs:
            stack.callback(home.end, signal.SIGKILL)
            home.start()
        tell("two PCs are paired, the storm begins")
        yield Scene(asked, here, api, patiently(lambda: api.get("/me"))["ownerId"], pcs, tell)


def storm(scene: Scene, rolls: list[list[Sample]]) -> None:
    """Let it rage until the phones are done and the homes have had their troubles."""
    asked = scene.asked
    troubles = FEWEST_TROUBLES + asked.files // FILES_A_TROUBLE
    crew = [Phone(scene.api, f"phone {at}", roll, asked.seed, asked.deadline) for at, roll in enumerate(rolls)]
    trouble = Trouble(scene.homes, asked.seed, asked.files / troubles)
    sweeper = Sweeper(scene.here.world)
    scene.place.storm(rages=True)
    with ThreadPoolExecutor(len(crew) + 2) as pool:
        beside = [pool.submit(trouble.rage), pool.submit(sweeper.rage)]
        try:
            sending = [pool.submit(phone.live) for phone in crew]
            scene.unsent += [one.name for done in sending for one in done.result()]
            scene.tell(f"the phones are done, {len(scene.unsent)} files not sent")
            trouble.calm_phones.set()
            await_truth(scene, lambda: trouble.counts.total() >= troubles or any(one.done() for one in beside))
        finally:
            for one in (trouble, sweeper, *crew):
                one.over.set()
        for one in beside:
            one.result()
    scene.place.storm(rages=False)
    scene.unsent += [f"{name} ({why})" for phone in crew for name, why in phone.refused.items()]
    scene.counts.update(sum((phone.told for phone in crew), trouble.counts + sweeper.counts))
    scene.tell("the storm is over")


def calm(scene: Scene) -> None:
    """Do nothing but what runs by itself, until all is home, or nothing moves any more."""
    homes.settle(scene.homes)
    if await_home(scene):
        scene.tell("all is home")


def await_home(scene: Scene) -> bool:
    """Wait until nothing is on the way, as long as it becomes less; say if so. The cloud's sweeps see time fly."""
    sweeper, flown, fewest, moved_at = Sweeper(scene.here.world), FIRST, 1 << 60, time.monotonic()
    while time.monotonic() < min(moved_at + STUCK_SECONDS, scene.asked.deadline):
        sweeper.sweep(flown)
        left = looking.on_the_way(scene.here.world, scene.owner_id)
        if not left:
            return True
        if left < fewest:
            fewest, moved_at = left, time.monotonic()
        flown *= 2 if flown < timedelta(days=2) else 1
        time.sleep(1)
    scene.tell(f"{fewest} files are on the way and none of them moves")
    return False


def stop(scene: Scene, ears: Ears, late: Sample) -> None:
    """Leave one PC without room for days, phones silent and sweeps at rest; note what stopped and what was told.

    Then let the PC have room: what was owed comes home, and that is told as well.
    """
    study, attic = scene.homes
    world, full, came = scene.here.world, attic.listen()["full"], study.listen()["home"]
    ids = {one["name"]: one["deviceId"] for one in patiently(lambda: scene.api.get("/devices"))["devices"]}
    silent = {file.device_id for file in looking.every(world, scene.owner_id) if file.device_id}
    attic.begin_again(room=False)
    Phone(scene.api, "a late phone", [late], scene.asked.seed, scene.asked.deadline).send(scene.api, [late])
    await_truth(scene, lambda: study.listen()["home"] > came, "the late file at one home")
    await_truth(scene, lambda: not ledger.oldest_since(world.table, ids[study.name]), "its receipt")
    await_truth(scene, lambda: attic.listen()["full"] > full, "the word that a drive is full")
    dead = stops.dead_queues(scene.here)
    stops.look_out(later(world, stops.AFTER))
    attic.begin_again(room=True)
    await_home(scene)
    stops.look_out(later(world, stops.AFTER + timedelta(hours=1)))
    expected = stops.expected([ids[attic.name]], silent, dead) | {(stops.PC_WELL, ids[attic.name])}
    # What went to the dead letters meanwhile may be told or not.
    meanwhile = {(stops.DEAD, one) for one in stops.dead_queues(scene.here) if one not in dead}
    scene.stopped = expected | stops.shown(expected)
    scene.told = (ears.heard() - meanwhile) | stops.in_activity(scene.api)
    scene.counts["a stop is told"] = len(scene.told)


def await_truth(scene: Scene, truth: Callable[[], bool], what: str = "") -> None:
    """Wait for something that cannot but come; the verdict says what is missing if it does not."""
    began = time.monotonic()
    until = min(began + STUCK_SECONDS, scene.asked.deadline) if what else scene.asked.deadline
    while not truth():
        if time.monotonic() > until:
            scene.tell(f"{what or 'the last trouble'} did not come in {time.monotonic() - began:.0f} s")
            return
        time.sleep(0.2)


def look(scene: Scene, wanted: frozenset[str]) -> Found:
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
        stopped=scene.stopped,
        told=scene.told,
        surprised=[f"{home.name}: {home.surprise}" for home in scene.homes if home.listen()["surprised"]],
    )
