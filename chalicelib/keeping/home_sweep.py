"""What is put right every hour once files are home: copies leave, copies stay, trash goes. Bounded, resumable.

Four lists of the index `due` are worked off, each for as long as something on it moves and time is left. Two runs at
once do no harm: every step hangs on a conditional write.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib import log, metrics, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming import arrivals, objects, strays
from chalicelib.incoming.objects import Object
from chalicelib.keeping import grace, purges, retention, returned
from chalicelib.metadata import copies, dues, files, media, owners
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Key
from chalicelib.upkeep import trouble

# Within the time of the function (300 s), with room for the page in hand.
RUN = timedelta(seconds=200)
# So long does a file wait that could not be looked after, until the next run: it goes behind all that is due by then,
# so that a hundred such hide nobody for good.
STEP_BACK = timedelta(minutes=30)
_MOST_AT_ONCE = 100
_STILL = "still"


@dataclass
class _Run:
    """One run: what was done, what went wrong and is left to the next."""

    done: Counter[str] = field(default_factory=Counter)
    failed: dict[Key, Exception] = field(default_factory=dict)


@dataclass(frozen=True)
class _Due:
    """Something due: where, its own item, the file it is about, what is to be found out of it, the owner's profile."""

    owner_id: str
    file_id: str
    item: Item
    file: File | None
    debt: Item
    profile: Item


def sweep_home(world: Cloud) -> None:
    """Look after cloud copies and trash; copies that are to stay come first.

    Each list has its share of the time and what those before left of theirs: a library that came home in one day keeps
    the copies of all waiting to leave for days, and nobody's purge may wait for that.
    """
    run, began = _Run(), world.now()
    turns = [(kind, shard) for kind in _LISTS for shard in range(files.DUE_SHARDS)]
    for turn, (kind, shard) in enumerate(turns, start=1):
        _work_off(world, run, kind, shard, until=began + RUN * turn / len(turns))
    counts = {"CopiesLeaving": run.done["leaving"], "CopiesGone": run.done["gone"], "FilesPurged": run.done["purged"]}
    metrics.tell(world.settings.stage, world.now(), counts)
    if run.failed:
        raise next(iter(run.failed.values()))


def _work_off(world: Cloud, run: _Run, kind: str, shard: int, *, until: datetime) -> None:
    moved = True
    while moved and world.now() < until:
        moved = False
        for due in itertools.takewhile(lambda _: world.now() < until, _due(world, run, kind, shard)):
            moved |= _step(world, run, due, _LISTS[kind])


def _step(world: Cloud, run: _Run, due: _Due, look_after: "_LookAfter") -> bool:
    """Do one step; say whether anything moved, since the index may name again what was just done."""
    try:
        outcome = look_after(world, due)
    except ConditionFailedError:
        return False
    except Exception as error:  # noqa: BLE001 (raised at the end; one file must not keep all behind it waiting)
        run.failed[Key(due.item["pk"], due.item["sk"])] = error
        return _step_back(world, due)
    run.done[outcome] += 1
    return outcome != _STILL


def _step_back(world: Cloud, due: _Due) -> bool:
    """Have what failed wait behind the others; say whether it does. If not, its error is told all the same."""
    try:
        world.table.put(dues.put_off(due.item, moments.to_text(world.now() + STEP_BACK)))
    except Exception:  # noqa: BLE001 (what went wrong with the file is raised; this must not keep its neighbours waiting)
        log.logger.warning("not put off", exc_info=True, extra=log.about(due.owner_id, due.file_id))
        return False
    return True


def _due(world: Cloud, run: _Run, kind: str, shard: int) -> Sequence[_Due]:
    """Read what is due as it is now, with its file and profile: the index lags behind the table."""
    found = files.due(world.table, kind, shard, moments.to_text(world.now()), limit=_MOST_AT_ONCE)
    named = [one for one in found if _own_key(kind, *one) not in run.failed]
    own = {_own_key(kind, *one): one for one in named}
    at = {files.file_key(*one) for one in named} | {owners.profile(owner_id) for owner_id, _ in named}
    at |= {media.debt_key(*one) for one in named if kind == "grace"}
    items = world.table.find_many([*own, *at])
    now = moments.to_text(world.now())
    return [_read(items, key, one) for key, one in own.items() if _is_due(items.get(key), kind, now)]


def _own_key(kind: str, owner_id: str, file_id: str) -> Key:
    return copies.look_key(owner_id, file_id) if kind == "look" else files.file_key(owner_id, file_id)


def _is_due(item: Item | None, kind: str, now: str) -> bool:
    return item is not None and item.get("dueKind", "").partition("#")[0] == kind and item["dueAt"] <= now


def _read(items: dict[Key, Item], key: Key, one: tuple[str, str]) -> _Due:
    file = items.get(files.file_key(*one))
    debt, profile = items.get(media.debt_key(*one), {}), items.get(owners.profile(one[0]), {})
    return _Due(*one, items[key], files.read(file) if file else None, debt, profile)


def _look_again(world: Cloud, due: _Due) -> str:
    """Make sure of a copy that was held back; clear away what came for a file or an owner that is no more."""
    is_gone = not due.file and (
        "closedAt" in due.profile or world.table.find(files.gone_key(due.owner_id, due.file_id)) is not None
    )
    if due.file and due.file.gone_at:
        _look_where_none_is(world, due.file)
    elif due.file:
        retention.look_again(world, due.file)
    elif is_gone:
        strays.remove(world, due.owner_id, due.file_id)
        purges.remove_previews(world, due.owner_id, due.file_id)
    last_at = due.item["lastAt"]
    over = world.now() >= moments.from_text(last_at) or not (due.file or is_gone)
    world.table.put(copies.looked(due.owner_id, due.file_id, last_at, over=over))
    return "looked"


def _look_where_none_is(world: Cloud, file: File) -> None:
    """Take in what a PC sent back without our hearing of it; anything else does not belong under a copy that is gone.

    Were it left there, a PC asked for the file could not send it: S3 takes nothing where something is.
    """
    strays.clear(world, file)
    found = objects.find(world, file.key, None)
    # As it is by now: since the list was read, a PC may have been asked for the file, and have sent it back.
    now_there = files.find(world.table, file.owner_id, file.file_id)
    if found is None or now_there is None or not now_there.gone_at:
        return
    file = now_there
    if returned.is_awaited(file) and _take_back(world, file, found):
        return
    strays.take_away(world, file, {"Key": file.key, "VersionId": found.version_id or "", "Size": found.size})


def _take_back(world: Cloud, file: File, found: Object) -> bool:
    """Take in what a file's PC was asked for; `False` if it is something else.

    It is hashed right here, whatever the size: this function may ask nobody, and tell no PC; they ask by themselves.
    """
    found = objects.hashed(world, found, objects.MOST_PUT_BYTES)
    if not found.sha256:
        trouble.report(world, "object too large to hash", size=found.size, **log.about(file.owner_id, file.file_id))
        return True
    reason = arrivals.judge(file, found)
    if reason:
        returned.give_up(world, file, reason)
        return False
    # If the file has changed meanwhile, the next look finds it so.
    returned.take_back(world, file, found, rings=False)
    return True


def _end_grace(world: Cloud, due: _Due) -> str:
    """Let a copy go whose grace is over and which nobody has to look into any more."""
    assert due.file is not None
    pcs, days = due.profile.get("pcs", {}), owners.grace_of(due.profile)
    step = grace.next_step(due.file, pcs, days, world.now(), media_owed="dueAt" in due.debt)
    if isinstance(step, grace.Wait):
        world.table.put(copies.postponed(due.file, "grace", moments.to_text(step.until)))
        return "waiting"
    return "leaving" if retention.let_go(world, due.file, step.holder) else _STILL


def _see_off(world: Cloud, due: _Due) -> str:
    """Look whether a copy that was let go is gone."""
    assert due.file is not None
    return "gone" if retention.see_off(world, due.file) else "waiting"


def _purge(world: Cloud, due: _Due) -> str:
    """Throw away what has been in the trash for long enough, and finish what was thrown away before."""
    assert due.file is not None
    file = due.file
    if file.status == Status.TRASHED:
        marked = purges.begin_overdue(world, file)
        if marked is None:
            return _STILL
        file = marked
    return "purged" if purges.finish(world, file) else _STILL


_LookAfter = Callable[[Cloud, _Due], str]
_LISTS: dict[str, _LookAfter] = {"look": _look_again, "grace": _end_grace, "leaving": _see_off, "trash": _purge}
