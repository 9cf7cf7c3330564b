"""What table and bucket hold of an owner, each in the order of file ids, side by side: a page of each in memory.

The three lists are read one after the other while the stage works, so a difference may be no more than that. What looks
wrong is to be looked at `afresh` before anybody is told.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from chalicelib import keys
from chalicelib.cloud import Cloud
from chalicelib.metadata import devices, files, ledger, owners
from chalicelib.metadata import postings as kept_postings
from chalicelib.metadata.devices import Device
from chalicelib.metadata.files import File

_PAGE = 500


@dataclass(frozen=True)
class Version:
    """One version of an object, or a marker that hides those before it."""

    key: str
    version_id: str
    size: int
    is_latest: bool
    is_marker: bool


@dataclass(frozen=True)
class Household:
    """An owner and the PCs; `settled` are those that no lap is under way for."""

    owner_id: str
    pcs: Mapping[str, Device]
    is_closed: bool = False

    @property
    def settled(self) -> frozenset[str]:
        """The paired PCs that should be owed whatever they have not got."""
        return frozenset(one.device_id for one in self.pcs.values() if not one.revoked_at and not one.lap)


@dataclass(frozen=True)
class Seen:
    """All that is known of one file id."""

    file_id: str
    file: File | None = None
    versions: tuple[Version, ...] = ()
    debts: frozenset[str] = frozenset()
    is_unwanted: bool = field(default=False)


def household(world: Cloud, owner_id: str) -> Household | None:
    """Read who is to be owed what; `None` of an owner without a profile."""
    profile = world.table.find(owners.profile(owner_id))
    if profile is None:
        return None
    pcs = {one.device_id: one for one in devices.every(world.table, owner_id) if one.kind == "pc"}
    return Household(owner_id, pcs, "closedAt" in profile)


def owner_ids(world: Cloud) -> Iterator[str]:
    """Name every owner of whom the list or the bucket knows, each once."""
    for owner_id, _ in groupby(heapq.merge(_listed(world), in_bucket(world))):
        yield owner_id


def side_by_side(world: Cloud, home: Household) -> Iterator[Seen]:
    """Yield what is known of each file id, in order."""
    streams: list[Iterable[tuple[str, object]]] = [_files(world, home.owner_id), _versions(world, home.owner_id)]
    streams += [_debts(world, device_id) for device_id in home.pcs]
    for file_id, group in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        yield _seen(file_id, (found for _, found in group))


def afresh(world: Cloud, home: Household, file_id: str) -> Seen:
    """Look at one file id as it is now, its tombstone too."""
    at = files.file_key(home.owner_id, file_id), files.gone_key(home.owner_id, file_id)
    debts = {ledger.owed_key(device_id, file_id): device_id for device_id in home.pcs}
    items = world.table.find_many([*at, *debts])
    prefix = f"{keys.ORIGINALS}{home.owner_id}/{file_id}-"
    return Seen(
        file_id,
        files.read(items[at[0]]) if at[0] in items else None,
        tuple(_listed_versions(world, prefix)),
        frozenset(device_id for key, device_id in debts.items() if key in items),
        at[1] in items,
    )


def pointers(world: Cloud, owner_id: str) -> Iterator[dict[str, Any]]:
    """Yield the items that lead from contents to files."""
    return _pages(world, owners.partition(owner_id), "hash#")


def all_files(world: Cloud, owner_id: str) -> Iterator[File]:
    """Yield an owner's files in the order of their ids."""
    return (files.read(item) for item in _pages(world, owners.partition(owner_id), "file#"))


def everything(world: Cloud, owner_id: str) -> Iterator[dict[str, Any]]:
    """Yield all that the table holds of an owner, but for debts: those lie with the PCs."""
    return _pages(world, owners.partition(owner_id), "")


def versions(world: Cloud, prefix: str) -> Iterator[Version]:
    """Yield every version and marker under a prefix."""
    return _listed_versions(world, prefix)


def postings(world: Cloud, owner_id: str) -> Iterator[dict[str, Any]]:
    """Yield the items by which an owner's files are found."""
    after = None
    while True:
        page = kept_postings.every(world.table, owner_id, limit=_PAGE, after=after)
        yield from page.items
        after = page.last
        if after is None:
            return


def batches(found: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Part a list into pieces."""
    left = iter(found)
    while batch := list(islice(left, size)):
        yield batch


def _seen(file_id: str, parts: Iterable[object]) -> Seen:
    file, versions, debts = None, [], set()
    for part in parts:
        if isinstance(part, File):
            file = part
        elif isinstance(part, Version):
            versions.append(part)
        else:
            debts.add(str(part))
    return Seen(file_id, file, tuple(versions), frozenset(debts))


def _files(world: Cloud, owner_id: str) -> Iterator[tuple[str, object]]:
    return ((file.file_id, file) for file in all_files(world, owner_id))


def _debts(world: Cloud, device_id: str) -> Iterator[tuple[str, object]]:
    return ((item["sk"].removeprefix("owed#"), device_id) for item in _pages(world, f"pc#{device_id}", "owed#"))


def _versions(world: Cloud, owner_id: str) -> Iterator[tuple[str, object]]:
    for version in _listed_versions(world, f"{keys.ORIGINALS}{owner_id}/"):
        original = keys.parse(version.key)
        name = version.key.rpartition("/")[2]
        yield (original.file_id if original else name), version


def _listed_versions(world: Cloud, prefix: str) -> Iterator[Version]:
    marker: dict[str, str] = {}
    while True:
        page = world.s3.list_object_versions(Bucket=world.settings.bucket, Prefix=prefix, **marker)
        found = [_version(one, is_marker=False) for one in page.get("Versions", ())]
        found += [_version(one, is_marker=True) for one in page.get("DeleteMarkers", ())]
        yield from sorted(found, key=lambda one: one.key)
        if not page.get("IsTruncated"):
            return
        marker = {"KeyMarker": page["NextKeyMarker"]}
        if page.get("NextVersionIdMarker"):
            marker["VersionIdMarker"] = page["NextVersionIdMarker"]


def _version(one: Mapping[str, Any], *, is_marker: bool) -> Version:
    return Version(one["Key"], one["VersionId"], one.get("Size", 0), one["IsLatest"], is_marker)


def _listed(world: Cloud) -> Iterator[str]:
    return (item["sk"].removeprefix("owner#") for item in _pages(world, "owners", "owner#"))


def in_bucket(world: Cloud) -> Iterator[str]:
    """Name every owner of whom the bucket holds a file, in order; also where markers hide all of them."""
    within = {"Bucket": world.settings.bucket, "Prefix": keys.ORIGINALS, "Delimiter": "/"}
    after: dict[str, str] = {}
    while True:
        page = world.s3.list_object_versions(**within, **after)
        yield from (one["Prefix"].split("/")[1] for one in page.get("CommonPrefixes", ()))
        if not page.get("IsTruncated"):
            return
        after = {"KeyMarker": page["NextKeyMarker"]}


def _pages(world: Cloud, partition: str, prefix: str) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = world.table.page(partition, prefix, limit=_PAGE, after=after)
        yield from page.items
        if page.last is None:
            return
        after = page.last
