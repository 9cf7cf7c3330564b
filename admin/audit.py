"""The audit: table and bucket side by side, owner by owner. Changes nothing unless it is to mend.

A page of each list is in memory, however much an owner has. The stage works on meanwhile, so whatever looks wrong is
looked at once more, as it is by then, before it counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from admin import counters, damage, listings
from admin.damage import Damage, Finding
from admin.errors import UnknownOwnerError
from admin.listings import Household, Seen
from admin.mend import Case, drop_pointer, mend, mend_pointer
from chalicelib import keys
from chalicelib.cloud import Cloud
from chalicelib.keeping import retention
from chalicelib.metadata import files
from chalicelib.metadata.files import File, Status

_BATCH = 100
_RECOUNTS = 3


@dataclass(frozen=True)
class Orders:
    """What is wanted: whether to mend, and whether to ask for the tag of every object, which costs a call each."""

    mend: bool = False
    tags: bool = False


class Told(NamedTuple):
    """One finding, and what was done about it; nothing, if nothing was."""

    owner_id: str
    finding: Finding
    done: str = ""


def audit(world: Cloud, orders: Orders, owner_id: str | None = None) -> Iterator[Told]:
    """Look at one owner, or at all of them."""
    for one in [owner_id] if owner_id else listings.owner_ids(world):
        home = listings.household(world, one)
        if owner_id and home is None and next(_sides(world, Household(one, {})), None) is None:
            raise UnknownOwnerError(one)
        if home is None or not home.is_closed:
            yield from audit_owner(world, orders, home or Household(one, {}))


def audit_owner(world: Cloud, orders: Orders, home: Household) -> Iterator[Told]:
    """Look at all that one owner has."""
    for seen in _sides(world, home):
        if damage.judge(seen, home.settled) or _asks_for_tag(seen, orders):
            yield from _look_afresh(world, orders, home, seen)
    told: set[str] = set()
    for batch in _batches(listings.all_files(world, home.owner_id)):
        yield from _judge_pointers(world, orders, told, [file for file in batch if _holds(file)])
    for batch in _batches(listings.pointers(world, home.owner_id)):
        yield from _judge_strays(world, orders, home, [one for one in batch if one["sk"] not in told])
    yield from _judge_counters(world, orders, home)


def _look_afresh(world: Cloud, orders: Orders, home: Household, before: Seen) -> Iterator[Told]:
    """Look once more before anything counts; what has no key of ours is no file, and never will be."""
    file_id = before.file_id
    seen = listings.afresh(world, home, file_id) if keys.is_id(file_id) else before
    found = damage.judge(seen, home.settled)
    if _asks_for_tag(seen, orders) and _is_tagged(world, seen):
        found.append(Finding(Damage.TAGGED, file_id, "S3 will expire it"))
    for finding in found:
        yield Told(home.owner_id, finding, mend(world, Case(home, seen, finding)) if orders.mend else "")


def _asks_for_tag(seen: Seen, orders: Orders) -> bool:
    """Whether to look at an object's tag: none but a copy that was held back once may have been tagged by us."""
    file = seen.file
    return file is not None and damage.stays(file) and (orders.tags or file.kept_at is not None)


def _is_tagged(world: Cloud, seen: Seen) -> bool:
    own = damage.own_version(seen.file, seen.versions) if seen.file else None
    if own is None:
        return False
    which = {"Bucket": world.settings.bucket, "Key": own.key, "VersionId": own.version_id}
    return retention.TAG in world.s3.get_object_tagging(**which)["TagSet"]


def _holds(file: File) -> bool:
    return file.sha256 is not None and file.status in damage.HOLDING


def _judge_pointers(world: Cloud, orders: Orders, told: set[str], found: Iterable[File]) -> Iterator[Told]:
    """Look whether contents that are here lead to a file that holds them; note those that do not in `told`."""
    by_key = {files.hash_key(file.owner_id, file.sha256 or ""): file for file in found}
    kept = world.table.find_many(by_key)
    leads = {files.file_key(by_key[key].owner_id, item["fileId"]) for key, item in kept.items()}
    targets = {file.file_id: file for file in map(files.read, world.table.find_many(leads).values())}
    for key, file in by_key.items():
        item = kept.get(key, {})
        target = targets.get(item.get("fileId", ""))
        if "purgedAt" in item or (item.get("held") and target is not None and _holds(target)):
            continue
        leads_to = item.get("fileId")
        told.add(key.sk)
        finding = Finding(Damage.POINTER, file.file_id, f"its contents lead to {leads_to or 'nothing'}")
        yield Told(file.owner_id, finding, mend_pointer(world, file, leads_to) if orders.mend else "")


def _judge_strays(world: Cloud, orders: Orders, home: Household, found: Iterable[Mapping[str, Any]]) -> Iterator[Told]:
    """Look for contents that lead to no file at all: they would be taken for known."""
    leads = {item["sk"].removeprefix("hash#"): item["fileId"] for item in found if "purgedAt" not in item}
    there = files.find_many(world.table, home.owner_id, leads.values())
    for sha256, file_id in leads.items():
        if file_id in there and there[file_id].status != Status.REFUSED:
            continue
        finding = Finding(Damage.POINTER, file_id, f"{sha256} leads to it, and it holds nothing")
        yield Told(home.owner_id, finding, drop_pointer(world, home.owner_id, sha256, file_id) if orders.mend else "")


def _judge_counters(world: Cloud, orders: Orders, home: Household) -> Iterator[Told]:
    """Recount; an owner whose files do not stand still for three recounts is left for another time."""
    for _ in range(_RECOUNTS):
        found = counters.drift(world, home.owner_id)
        if found is None:
            continue
        off, before = found
        if off:
            told = ", ".join(f"{name} {by:+}" for name, by in off.items())
            is_right = orders.mend and counters.set_right(world, home.owner_id, off, before)
            yield Told(home.owner_id, Finding(Damage.COUNTER, "", told), "set right" if is_right else "")
        return


def _sides(world: Cloud, home: Household) -> Iterator[Seen]:
    return listings.side_by_side(world, home)


def _batches(found: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(found)
    while batch := list(islice(left, _BATCH)):
        yield batch
