"""An object arrived in the bucket: its file becomes uploaded, and owed to each PC of its owner.

What is decided is decided by `judge`, which is pure; one transaction then does all of it. Everything may come twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from chalicelib import log, metrics, moments
from chalicelib.cloud import Cloud
from chalicelib.debts import notices
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming import labels, objects, s3_events
from chalicelib.incoming.objects import Object
from chalicelib.incoming.s3_events import Arrival
from chalicelib.keeping import retention, returned
from chalicelib.keys import Original
from chalicelib.media import tasks
from chalicelib.metadata import copies, files, ledger, owners
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Operation
from chalicelib.upkeep import trouble


class Outcome(StrEnum):
    """What became of an arrival."""

    UPLOADED = "uploaded"
    REPEATED = "repeated"
    REFUSED = "refused"
    RETURNED = "returned"
    UNWANTED = "unwanted"
    UNHASHED = "unhashed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Known:
    """What the table knows when an object arrives."""

    file: File | None
    unwanted: bool = False
    closed: bool = False
    pcs: Mapping[str, str] = field(default_factory=dict)


def object_arrived(world: Cloud, event: Mapping[str, Any]) -> None:
    """Take in each object that an S3 event names; if some fail, the others are taken in before the event is retried."""
    failures = []
    for arrival in s3_events.parse(event, world.settings.bucket):
        try:
            take_in(world, arrival)
        except Exception as error:  # noqa: BLE001 (raised below; one object must not keep its neighbours waiting)
            failures.append(error)
    if failures:
        raise failures[0]


def take_in(world: Cloud, arrival: Arrival, *, most_hashed_bytes: int = objects.MOST_HASHED_BYTES) -> Outcome:
    """Take in one object: look, judge, do."""
    known = _look_up(world, arrival)
    if known.unwanted or known.closed:
        return _turn_away(world, arrival)
    if known.file and known.file.status != Status.PENDING and not returned.is_awaited(known.file):
        return _repeat(world, known.file, known.pcs, arrival)
    return _look_into(world, known, arrival, most_hashed_bytes)


def _look_into(world: Cloud, known: Known, arrival: Arrival, most_hashed_bytes: int) -> Outcome:
    found = objects.find(world, arrival.original.key, arrival.version_id)
    if not found:
        return Outcome.ABSENT
    found = objects.hashed(world, found, most_hashed_bytes)
    if not found.sha256:
        return _leave_for_later(world, arrival, found)
    reason = judge(known.file, found)
    if known.file and known.file.status != Status.PENDING:
        return _take_back(world, known.file, found, reason, arrival)
    if known.file and reason:
        return _refuse(world, known.file, reason)
    return _mark_uploaded(world, known, arrived(known, arrival, found, world.now_text()), arrival)


def judge(file: File | None, found: Object) -> str | None:
    """Say why an object is not what was declared, or `None` if it is. What nobody declared cannot differ."""
    if file is None:
        return None
    if file.size is not None and file.size != found.size:
        return f"{found.size} bytes came, {file.size} were declared"
    if file.sha256 is not None and file.sha256 != found.sha256:
        return f"sha256 {found.sha256} came, {file.sha256} was declared"
    return None


def arrived(known: Known, arrival: Arrival, found: Object, now: str) -> File:
    """Return the file as it is once its object is in: as begun, or rebuilt from the object if its item is lost."""
    return msgspec.structs.replace(
        known.file or rebuilt(arrival.original, found),
        status=Status.UPLOADED,
        version_id=found.version_id,
        size=found.size,
        sha256=found.sha256,
        uploaded_at=now if known.file else moments.to_text(found.stored_at),
        owed_to=frozenset(known.pcs),
        home={},
    )


def rebuilt(original: Original, found: Object) -> File:
    """Return the file that an object was begun as, from its key and its label; of one without, from its key alone."""
    told = labels.read(found.label)
    known = {"name": original.name, "created_at": moments.to_text(found.stored_at), **told}
    return File(
        owner_id=original.owner_id,
        file_id=original.file_id,
        type=found.type,
        status=Status.PENDING,
        key=found.key,
        **known,  # type: ignore[arg-type] # each of them a text
    )


def _look_up(world: Cloud, arrival: Arrival) -> Known:
    owner_id, file_id = arrival.original.owner_id, arrival.original.file_id
    at = files.file_key(owner_id, file_id), files.gone_key(owner_id, file_id), owners.profile(owner_id)
    found = world.table.find_many(at)
    profile = found.get(at[2], {})
    file = files.read(found[at[0]]) if at[0] in found else None
    # A file has one key; another key with its id is nobody's.
    forged = file is not None and file.key != arrival.original.key
    return Known(file, forged or at[1] in found, "closedAt" in profile, profile.get("pcs", {}))


def _turn_away(world: Cloud, arrival: Arrival) -> Outcome:
    """Leave an object that is no file's to the hourly sweep: this function may delete nothing."""
    log.logger.warning("unwanted object", extra=_about(arrival))
    _have_looked_at(world, arrival.original.owner_id, arrival.original.file_id)
    return Outcome.UNWANTED


def _mark_uploaded(world: Cloud, known: Known, file: File, arrival: Arrival) -> Outcome:
    notice = notices.of(file, world.settings.bucket)
    debts = [ledger.owe(device_id, notice, world.now_text()) for device_id in known.pcs]
    activity = ledger.remember(
        file.owner_id, "uploaded", world.now(), world.new_id(), fileId=file.file_id, deviceId=file.device_id
    )
    try:
        world.table.write(
            *files.uploaded(known.file, file), *debts, *_later_look(world, known), tasks.debt(file, world), activity
        )
    except ConditionFailedError as error:
        return _lost_race(world, error, known, arrival)
    log.logger.info(
        "uploaded", extra={**_about(arrival), "size": file.size, "pcs": len(known.pcs), "adopted": not known.file}
    )
    metrics.tell(world.settings.stage, world.now(), {"FilesArrived": 1, "ArrivedBytes": file.size or 0})
    _ring(world, file, known.pcs)
    _ask_for_media(world, file)
    return Outcome.UPLOADED


def _take_back(world: Cloud, file: File, found: Object, reason: str | None, arrival: Arrival) -> Outcome:
    """Take in what a PC was asked to send again; other bytes end the asking, and are put aside by the look."""
    if reason:
        returned.give_up(world, file, reason)
        return Outcome.REFUSED
    return Outcome.RETURNED if returned.take_back(world, file, found) else take_in(world, arrival)


def _later_look(world: Cloud, known: Known) -> list[Operation]:
    """Have a file looked at again whose link lets more be put: the event of a later version may be lost."""
    if known.file is None or known.file.size is not None:
        return []
    at = moments.to_text(world.now() + retention.LAST_LOOK)
    return [copies.look(known.file.owner_id, known.file.file_id, at, at)]


def _lost_race(world: Cloud, error: ConditionFailedError, known: Known, arrival: Arrival) -> Outcome:
    """Another event for the same object was first, or the upload was called off or released meanwhile."""
    now_there = error.found.get(0)
    if now_there is None:
        return take_in(world, arrival)
    return _repeat(world, files.read(now_there), known.pcs, arrival)


def _repeat(world: Cloud, file: File, pcs: Mapping[str, str], arrival: Arrival) -> Outcome:
    """Ring again, since the first run may have died before it rang; change nothing."""
    if arrival.version_id and arrival.version_id != file.version_id:
        log.logger.warning("later version ignored", extra={**_about(arrival), "version": arrival.version_id})
        _put_aside(world, file)
        return Outcome.REPEATED
    if file.status == Status.UPLOADED:
        _ring(world, file, {device_id: url for device_id, url in pcs.items() if device_id in file.owed_to})
    if file.status in (Status.UPLOADED, Status.DOWNLOADED) and not file.media_state:
        _ask_for_media(world, file)
    return Outcome.REPEATED


def _leave_for_later(world: Cloud, arrival: Arrival, found: Object) -> Outcome:
    """Leave an object to whoever has the time to hash it; what nobody has is trouble."""
    if found.size <= objects.MOST_PUT_BYTES:
        tasks.ask(world, [tasks.Hash(found.key, found.version_id)])
    else:
        trouble.report(world, "object too large to hash", size=found.size, **_about(arrival))
    return Outcome.UNHASHED


def _put_aside(world: Cloud, file: File) -> None:
    """Have the later version taken away, or the bucket would expire the one that PCs are told of as noncurrent."""
    if file.status not in (Status.PURGING, Status.PENDING):
        _have_looked_at(world, file.owner_id, file.file_id)


def _have_looked_at(world: Cloud, owner_id: str, file_id: str) -> None:
    last_at = moments.to_text(world.now() + retention.LAST_LOOK)
    world.table.put(copies.look(owner_id, file_id, world.now_text(), last_at))


def _refuse(world: Cloud, file: File, reason: str) -> Outcome:
    """Refuse a file for good; what came in its place is put aside by the look."""
    now = world.now_text()
    try:
        world.table.write(*files.refused(file, reason), copies.look(file.owner_id, file.file_id, now, now))
    except ConditionFailedError:
        return Outcome.REPEATED
    files.drop_pointer(world.table, file)
    metrics.tell(world.settings.stage, world.now(), {"FilesRefused": 1})
    trouble.report(world, "other bytes than declared", reason=reason, **log.about(file.owner_id, file.file_id))
    return Outcome.REFUSED


def _ring(world: Cloud, file: File, pcs: Mapping[str, str]) -> None:
    notice = notices.of(file, world.settings.bucket)
    for queue_url in pcs.values():
        notices.ring(world, queue_url, [notice])


def _ask_for_media(world: Cloud, file: File) -> None:
    tasks.ask(world, [tasks.Look(file.owner_id, file.file_id)])


def _about(arrival: Arrival) -> dict[str, str]:
    return log.about(arrival.original.owner_id, arrival.original.file_id)
