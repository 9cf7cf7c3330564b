"""Cloud copies: which is kept, which is leaving, which is gone; how one is let go and how one is held back.

    kept ──(the grace is over, a PC holds the file, nobody is owed it: `let_go`)──▶ leaving ──(S3 expired it)──▶ gone
      ▲                                                                              │                           │
      └──────────────────── `keep`: untagged, or brought back within thirty days ────┴───────────────────────────┘

Leaving is a mark in the table first (`taggedAt`), then a tag on the object's version; the bucket's lifecycle expires
what is tagged and nothing else. So what is tagged is marked, and nobody is owed what is marked: whoever owes a file
again calls `keep` first, and the write that owes it fails while the mark is there. Where a function died between the
two, or both were done at once, the looks that the mark and `keep` leave behind put it right (`sweeps`).
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

from chalicelib import log, moments
from chalicelib.cloud import Cloud
from chalicelib.debts import notices
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.incoming import objects, strays
from chalicelib.incoming.objects import Object
from chalicelib.metadata import copies, files, ledger, library, owners
from chalicelib.metadata.files import File, Status
from chalicelib.upkeep import trouble

TAG = {"Key": "backhaul:home", "Value": "yes"}
# S3 expires once a day, and takes its time; what it had begun when a tag was taken off is over by then.
LAST_LOOK = timedelta(days=2)
NEXT_LOOK = timedelta(days=1)
_TRIES = 6
_Listed = Mapping[str, Any]


class CloudCopy(StrEnum):
    """How the cloud copy of a file stands. One that is leaving may be gone within the hour."""

    KEPT = "kept"
    LEAVING = "leaving"
    GONE = "gone"


def cloud_copy(file: File | library.Listed) -> CloudCopy | None:
    """Say how the cloud copy of a file stands, as far as the table knows; `None` before there is one."""
    if file.status in (Status.PENDING, Status.REFUSED):
        return None
    if file.gone_at:
        return CloudCopy.GONE
    return CloudCopy.LEAVING if file.tagged_at or file.status == Status.PURGING else CloudCopy.KEPT


def keep(world: Cloud, file: File) -> bool:
    """Make sure that a file's cloud copy stays; `False` if there is none to be had any more.

    To be called before anybody is owed the file. Of a copy that is kept, that costs nothing: no call is made. A copy
    that was leaving is kept for another whole grace.
    """
    for _ in range(_TRIES):
        if file.status == Status.PURGING:
            return False
        if file.tagged_at is None:
            return True
        if not _find(world, file):
            note_gone(world, file)
            return False
        try:
            _mark_kept(world, file)
        except ConditionFailedError:
            now_there = files.find(world.table, file.owner_id, file.file_id)
            if now_there is None:
                return False
            file = now_there
            continue
        untag(world, file)
        log.logger.info("cloud copy kept", extra=log.about(file.owner_id, file.file_id))
        return True
    raise CrowdedError(f"the cloud copy of file {file.file_id!r} met other writers {_TRIES} times")


def _mark_kept(world: Cloud, file: File) -> None:
    """Write down that a copy stays, and owe it to the PCs that lack it: they were paired while there was none."""
    now, last_at = world.now_text(), moments.to_text(world.now() + LAST_LOOK)
    came_back = file.status in (Status.DOWNLOADED, Status.LOST) and file.gone_at is not None
    profile = (world.table.find(owners.profile(file.owner_id)) or {}) if came_back else {}
    lacking = {device_id: url for device_id, url in profile.get("pcs", {}).items() if device_id not in file.home}
    notice = notices.of(file, world.settings.bucket)
    world.table.write(
        *copies.kept(file, now, last_at, frozenset(lacking)),
        *(ledger.owe(device_id, notice, now) for device_id in lacking),
        *ledger.all_claim(file.owner_id, lacking),
    )
    for queue_url in lacking.values():
        notices.ring(world, queue_url, [notice])


def let_go(world: Cloud, file: File, holder: str) -> bool:
    """Mark a cloud copy as leaving, then tag it; `False` if the ledger says otherwise by now.

    Who dies in between leaves a mark without a tag: the copy stays for longer, and the look at what is leaving tags it.
    """
    now = world.now()
    marked = msgspec.structs.replace(file, tagged_at=moments.to_text(now))
    try:
        world.table.write(*copies.leaving(file, holder, moments.to_text(now), moments.to_text(now + LAST_LOOK)))
    except ConditionFailedError:
        return False
    _tag(world, marked)
    log.logger.info("cloud copy leaves", extra={**log.about(file.owner_id, file.file_id), "device_id": holder})
    return True


def see_off(world: Cloud, file: File) -> bool:
    """Look whether a copy that is leaving is gone; tag one that is not, since its mark may be all there is."""
    current = objects.find(world, file.key, None)
    if current is None:
        return note_gone(world, file)
    if current.version_id != file.version_id:
        make_current(world, file)
    _tag(world, file)
    world.table.put(copies.postponed(file, "leaving", moments.to_text(world.now() + NEXT_LOOK)))
    return False


def look_again(world: Cloud, file: File) -> None:
    """Make sure of a copy that is to stay: no tag, no marker or later version before it, and nothing beside it."""
    strays.clear(world, file)
    if file.tagged_at is not None or file.status not in (Status.UPLOADED, Status.DOWNLOADED, Status.TRASHED):
        return
    if not _find(world, file):
        trouble.report(world, "cloud copy lost", status=file.status, **log.about(file.owner_id, file.file_id))
        return
    # Untagged first: what is current and tagged may be expired again at any moment.
    untagged = untag(world, file)
    make_current(world, file)
    if not untagged:
        untag(world, file)


def make_current(world: Cloud, file: File) -> None:
    """Take away what lies before the version that PCs are told of: expiry's marker, or what a link brought later."""
    mine, later, markers = _listed(world, file)
    if mine is None or mine["IsLatest"]:
        return
    for one in later[: strays.MOST_AT_ONCE]:
        if strays.are_same(one, mine):
            _delete(world, file, one)
        elif strays.can_be_moved(one):
            strays.put_aside(world, file, file.key, one["VersionId"])
        else:
            trouble.report(world, "cloud copy hidden", size=one["Size"], **log.about(file.owner_id, file.file_id))
            return
    if len(later) > strays.MOST_AT_ONCE:
        raise objects.ManyVersionsError(file.key)
    for one in markers:
        _delete(world, file, one)
    log.logger.info("made current", extra=log.about(file.owner_id, file.file_id))


def _listed(world: Cloud, file: File) -> tuple[_Listed | None, list[_Listed], list[_Listed]]:
    """Find a file's own version among all of its key; return it, what is later, and the markers, as S3 lists them."""
    later: list[_Listed] = []
    markers: list[_Listed] = []
    for page in objects.pages_of_versions(world, file.key):
        markers += [one for one in page.get("DeleteMarkers", ()) if one["Key"] == file.key]
        for one in page.get("Versions", ()):
            if one["Key"] == file.key and one["VersionId"] == file.version_id:
                return one, later, markers
            later += [one] if one["Key"] == file.key else []
    return None, [], []


def _delete(world: Cloud, file: File, one: _Listed) -> None:
    world.s3.delete_object(Bucket=world.settings.bucket, Key=file.key, VersionId=one["VersionId"])


def note_gone(world: Cloud, file: File) -> bool:
    """Write down that a cloud copy that was leaving is gone; say whether that was news."""
    if file.gone_at:
        return False
    try:
        world.table.write(*copies.gone(file, world.now_text()))
    except ConditionFailedError:
        return False
    log.logger.info("cloud copy gone", extra=log.about(file.owner_id, file.file_id))
    return True


def untag(world: Cloud, file: File) -> bool:
    """Take the tag off a file's version; `False` if it cannot be reached, which the look at the copy makes good.

    S3 reaches a version that lies under a marker, the embedded cloud does not.
    """
    try:
        world.s3.delete_object_tagging(**_which(world, file))
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in objects.ABSENT:
            raise
        return False
    return True


def _tag(world: Cloud, file: File) -> None:
    """Tag a marked file's version; if the mark went meanwhile, whoever took it off may have come too early to untag."""
    try:
        world.s3.put_object_tagging(**_which(world, file), Tagging={"TagSet": [TAG]})
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in objects.ABSENT:
            raise
        if note_gone(world, file):
            trouble.report(world, "cloud copy lost", status=file.status, **log.about(file.owner_id, file.file_id))
        return
    now_there = files.find(world.table, file.owner_id, file.file_id)
    if now_there is None or now_there.tagged_at != file.tagged_at:
        untag(world, file)


def _find(world: Cloud, file: File) -> Object | None:
    """Look for the very version that PCs are told of; after its expiry S3 has it for thirty days more."""
    return objects.find(world, file.key, file.version_id)


def _which(world: Cloud, file: File) -> dict[str, str]:
    version = {"VersionId": file.version_id} if file.version_id else {}
    return {"Bucket": world.settings.bucket, "Key": file.key, **version}
