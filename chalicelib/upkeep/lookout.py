"""The lookout: every hour it tells what has stopped, and once that it is well again. Bounded; two at once tell once.

Devices are found by an index, not by a scan: each has a watch that says when it may first be in trouble. What is told
goes to the topic, and where it concerns an owner, into what their activity shows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib import log, metrics, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import files, ledger, watches
from chalicelib.metadata.devices import Device
from chalicelib.metadata.table import Key, Operation
from chalicelib.metadata.watches import Watch, Worry
from chalicelib.upkeep import trouble, worries
from chalicelib.upkeep.worries import Word

# Within the time of the function (300 s), with room for the page in hand.
RUN = timedelta(seconds=200)
DEAD_LETTERS = ("arrivals-dead", "media-dead", "notices-dead", "paired-dead")
# Four times as long as it should take until the next run. `watch` is looked at by `sweep_home`, as by itself.
SWEEPS = {"sweep_pending": timedelta(hours=1), "sweep_home": timedelta(hours=4), "watch": timedelta(hours=4)}
_MOST_AT_ONCE = 100
_FILES_IN_ONE_PAGE = 500
_MOST_PAGES = 10
# Of an id; the rest is random.
_TIME_DIGITS = 12

_SAID = {
    ("pc", Word.TROUBLE): ("PC behind", "pcBehind"),
    ("pc", Word.WELL): ("PC caught up", "pcCaughtUp"),
    ("phone", Word.TROUBLE): ("phone silent", "phoneSilent"),
    ("phone", Word.WELL): ("phone heard again", "phoneHeard"),
    ("queue", Word.TROUBLE): ("dead letters", ""),
    ("queue", Word.WELL): ("no dead letters any more", ""),
    ("sweep", Word.TROUBLE): ("sweep not run", ""),
    ("sweep", Word.WELL): ("sweep runs again", ""),
}


@dataclass
class _Run:
    """One run over the devices: until when, what was seen, what went wrong and is left to the next."""

    until: datetime
    seen: Counter[str] = field(default_factory=Counter)
    oldest: str | None = None
    failed: dict[str, Exception] = field(default_factory=dict)


@dataclass(frozen=True)
class _Seen:
    """What a look at a device found: since when it is in trouble, and its watch as it goes on."""

    bad_since: str | None
    watch: Watch


def devices(world: Cloud) -> None:
    """Look at the devices that may be in trouble."""
    run = _Run(world.now() + RUN)
    for shard in range(files.DUE_SHARDS):
        while world.now() < run.until and _look_at_some(world, run, shard):
            pass
    counts = {name: run.seen[name] for name in ("PcsBehind", "PhonesSilent", "FilesOwed")}
    hours = (world.now() - moments.from_text(run.oldest)) // timedelta(hours=1) if run.oldest else 0
    metrics.tell(world.settings.stage, world.now(), {"OldestOwedHours": hours, **counts})
    if run.failed:
        raise next(iter(run.failed.values()))


def dead_letters(world: Cloud) -> None:
    """Look whether messages lie where nobody reads them."""
    depths = {name: _depth(world, f"backhaul-{world.settings.stage}-{name}") for name in DEAD_LETTERS}
    kept = watches.standing(world.table, map(watches.queue_key, DEAD_LETTERS))
    for name, depth in depths.items():
        key = watches.queue_key(name)
        bad_since = world.now_text() if depth else None
        _tell_standing(world, key, watches.worry_of(kept.get(key, {})), bad_since, {"queue": name, "count": depth})


def sweeps(world: Cloud) -> None:
    """Look whether each sweep has run to its end lately; of one that never has, the time counts from the first look."""
    kept, late = watches.standing(world.table, map(watches.sweep_key, SWEEPS)), 0
    for name, patience in SWEEPS.items():
        key = watches.sweep_key(name)
        if key not in kept:
            watches.ran(world.table, name, world.now_text())
            continue
        bad_since = worries.overdue(kept[key]["ranAt"], patience, world.now())
        late += bad_since is not None
        about = {"sweep": name, "ranAt": kept[key]["ranAt"]}
        _tell_standing(world, key, watches.worry_of(kept[key]), bad_since, about)
    metrics.tell(world.settings.stage, world.now(), {"SweepsNotRun": late})


def _look_at_some(world: Cloud, run: _Run, shard: int) -> bool:
    """Look at a page of devices; say whether there may be more."""
    due = watches.due(world.table, shard, world.now_text(), limit=_MOST_AT_ONCE)
    left = [watch for watch in due if watch.device_id not in run.failed]
    found = kept_devices.find_many(world.table, [(watch.owner_id, watch.device_id) for watch in left])
    for watch in left:
        try:
            _look_at(world, run, watch, found.get(watch.device_id))
        except Exception as error:  # noqa: BLE001 (raised at the end; one device must not keep all behind it waiting)
            run.failed[watch.device_id] = error
    return bool(left)


def _look_at(world: Cloud, run: _Run, watch: Watch, device: Device | None) -> None:
    if device is None or device.revoked_at:
        _try(world, [watches.ended(watch)])
        return
    seen = _look_at_pc(world, run, watch, device) if device.kind == "pc" else _look_at_phone(world, watch, device)
    run.seen["PcsBehind" if device.kind == "pc" else "PhonesSilent"] += seen.bad_since is not None
    word = worries.next_word(watch.worry, seen.bad_since, world.now())
    after = worries.after(watch.worry, word, seen.bad_since, world.now())
    operations = [watches.looked(watch, msgspec.structs.replace(seen.watch, worry=after))]
    if not word:
        _try(world, operations)
        return
    what, activity = _SAID[(device.kind, word)]
    since = seen.bad_since or watch.worry.since
    told = ledger.remember(
        watch.owner_id, activity, world.now(), world.new_id(), deviceId=device.device_id, since=since
    )
    if _try(world, [*operations, told]):
        owner = log.owner_hash(watch.owner_id)
        _tell(world, word, what, {"owner_hash": owner, "device_id": device.device_id, "since": since})


def _look_at_pc(world: Cloud, run: _Run, watch: Watch, device: Device) -> _Seen:
    now, patience = world.now(), world.settings.patience("pc")
    oldest = ledger.oldest_since(world.table, device.device_id)
    if oldest:
        run.oldest = min(run.oldest or oldest, oldest)
        run.seen["FilesOwed"] += max(1, device.owed or 0)
    due_at = worries.next_look_at_pc(owes=oldest is not None, now=now)
    bad_since = worries.overdue(oldest, patience, now)
    return _Seen(bad_since, msgspec.structs.replace(watch, due_at=moments.to_text(due_at)))


def _look_at_phone(world: Cloud, watch: Watch, device: Device) -> _Seen:
    """Look for a phone's uploads among the files begun since the last look; judge once all of them are seen."""
    now, patience = world.now(), world.settings.patience("phone")
    watch, is_through = _looked_through(world, watch)
    sign_at = max(watch.sign_at or "", device.last_seen_at or "", device.created_at)
    if not is_through:
        due_at = now + worries.NEXT_RUN
        return _Seen(watch.worry.since, msgspec.structs.replace(watch, due_at=moments.to_text(due_at)))
    bad_since = worries.silent(device.last_seen_at, watch.sign_at, patience, now)
    due_at = worries.next_look_at_phone(sign_at, patience, now)
    if not watch.sign_at:
        due_at = now + worries.NEXT_DAY
    return _Seen(bad_since, msgspec.structs.replace(watch, due_at=moments.to_text(due_at)))


def _looked_through(world: Cloud, watch: Watch) -> tuple[Watch, bool]:
    """Go on through the owner's files in the order they were begun; say whether that is all there are."""
    for _ in range(_MOST_PAGES):
        # Ids sort by time: what was begun before the device was paired is not from it.
        begin = watch.after or watch.device_id[:_TIME_DIGITS]
        page = files.page(world.table, watch.owner_id, limit=_FILES_IN_ONE_PAGE, after=begin, newest_first=False)
        found = [file for file in map(files.read, page.items) if file.device_id == watch.device_id]
        sign_at = found[-1].created_at if found else watch.sign_at
        after = page.items[-1]["sk"].partition("#")[2] if page.items else watch.after
        watch = msgspec.structs.replace(watch, after=after, sign_at=sign_at)
        if page.last is None:
            return watch, True
    return watch, False


def _tell_standing(world: Cloud, key: Key, kept: Worry, bad_since: str | None, about: dict[str, Any]) -> None:
    """Tell of a queue or a sweep what is to be told."""
    word = worries.next_word(kept, bad_since, world.now())
    if word and _try(world, [watches.told(key, kept, worries.after(kept, word, bad_since, world.now()))]):
        what, _ = _SAID[(key.sk.partition("#")[0], word)]
        _tell(world, word, what, about)


def _tell(world: Cloud, word: Word, what: str, about: dict[str, Any]) -> None:
    if word is Word.TROUBLE:
        trouble.report(world, what, **about)
    else:
        trouble.relieve(world, what, **about)


def _try(world: Cloud, operations: Iterable[Operation]) -> bool:
    """Write, unless another run was quicker."""
    first, *rest = operations
    try:
        if rest:
            world.table.write(first, *rest)
        else:
            world.table.put(first)
    except ConditionFailedError:
        return False
    return True


def _depth(world: Cloud, queue: str) -> int:
    url = world.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = world.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
