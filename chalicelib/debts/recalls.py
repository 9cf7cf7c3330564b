"""Recalls: a file whose cloud copy is gone is asked of the PCs that have it, and one of them sends it again.

    gone ─▶ asked ─▶ link ─▶ sent ─▶ kept again, for thirty days     each step may come twice, or break off

A PC's key may send nothing else: a link is bound to the key, size and hash of a file that waits for this very PC. Which
of several PCs is quicker does not matter; S3 takes the bytes once, and parts from whoever brings them.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from chalicelib import cursors, keys, limits, log, moments
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import notices
from chalicelib.errors import ConditionFailedError, CrowdedError, NotFoundError, Refusal
from chalicelib.incoming import quota, under_way
from chalicelib.incoming.wanted import Sha256
from chalicelib.keeping import retention
from chalicelib.library.files import read_cursor
from chalicelib.metadata import copies, files, ledger, owners
from chalicelib.metadata import recalls as kept
from chalicelib.metadata.files import File, Status

# Later than a link is good for: what came without its event being heard is found then.
FIRST_LOOK = timedelta(minutes=30)
_TRIES = 6


class Asked(Request, frozen=True):
    """Which page of the list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    next: str | None = None


class Recalled(Reply, frozen=True):
    """Whether a file is in the cloud, or asked of the PCs that have it, or on none."""

    file_id: Id
    outcome: Literal["asked", "here", "nobodyHasIt"]
    device_ids: list[Id] | None = None


class Recall(Reply, frozen=True):
    """A file that this PC is asked to send back."""

    file_id: Id
    size: int
    sha256: Sha256
    asked_at: Moment


class Recalls(Reply, frozen=True):
    """A page of what a PC is asked for. A page may be short, even empty, and still have a `next`."""

    files: list[Recall]
    next: str | None = None


class NotToRecallError(Refusal):
    """Raised when a file is to be brought back that has not arrived, or that was thrown away: that is restored."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"status": str}

    def __init__(self, file: File) -> None:
        told = f"file {file.file_id!r} must have arrived, and not be thrown away, to be recalled; it is {file.status}"
        super().__init__(told, {"status": str(file.status)})


def ask(world: Cloud, caller: Caller, file_id: str) -> Recalled:
    """See that a file is in the cloud again: held back if that can be, else asked of the PCs that have it."""
    caller.must_have(scopes.OWNER)
    for _ in range(_TRIES):
        file, pcs = _see(world, caller.owner_id, file_id)
        if file.status not in (Status.UPLOADED, Status.DOWNLOADED, Status.LOST):
            raise NotToRecallError(file)
        if retention.keep(world, file):
            return Recalled(file_id, "here")
        file, pcs = _see(world, caller.owner_id, file_id)
        holders = sorted(file.home.keys() & pcs.keys())
        if not holders:
            return Recalled(file_id, "nobodyHasIt")
        if _write(world, file, holders):
            notices.ring_for_recall(world, [pcs[device_id] for device_id in holders], file_id)
            return Recalled(file_id, "asked", holders)
    raise CrowdedError(f"the recall of file {file_id!r} met other writers {_TRIES} times")


def page(world: Cloud, caller: Caller, device_id: str, asked: Asked) -> Recalls:
    """Show a PC what it is asked for; what is over is struck off on the way."""
    after = read_cursor(asked.next)
    caller.must_have(scopes.PC)
    caller.must_be(device_id)
    found = kept.page(world.table, device_id, limit=asked.limit, after=after)
    known = files.find_many(world.table, caller.owner_id, [one.file_id for one in found.recalls])
    _strike_off(world, device_id, found.recalls, known)
    waiting = [one for one in found.recalls if one.file_id in known and _waits(known[one.file_id], device_id)]
    shown = [_show(known[one.file_id], one.asked_at) for one in waiting]
    return Recalls(shown, cursors.encode(found.last) if found.last else None)


def links(
    world: Cloud, caller: Caller, device_id: str, file_id: str, asked: under_way.AskedParts
) -> under_way.Standing:
    """Hand out links for what the bucket has not of a file that this PC is asked for."""
    file = _awaited(world, caller, device_id, file_id)
    looks = (moments.to_text(world.now() + after) for after in (FIRST_LOOK, retention.LAST_LOOK))
    world.table.put(copies.look(file.owner_id, file.file_id, *looks))
    return under_way.standing(world, file, asked)


def complete(world: Cloud, caller: Caller, device_id: str, file_id: str) -> under_way.Completed:
    """Put the parts together of a file that this PC is asked for."""
    file = _awaited(world, caller, device_id, file_id)
    under_way.put_together(world, file)
    return under_way.Completed(file_id, file.status)


def _see(world: Cloud, owner_id: str, file_id: str) -> tuple[File, Mapping[str, str]]:
    at, profile = files.file_key(owner_id, file_id), owners.profile(owner_id)
    found = world.table.find_many([at, profile]) if keys.is_id(file_id) else {}
    if at not in found:
        raise NotFoundError("file", file_id)
    return files.read(found[at]), found.get(profile, {}).get("pcs", {})


def _write(world: Cloud, file: File, holders: Sequence[str]) -> bool:
    """Write down who is asked; `False` if the file has changed meanwhile."""
    _check_room(world, file)
    operations = [
        *kept.asked(file, holders, world.now_text()),
        *ledger.all_claim(file.owner_id, holders),
        ledger.remember(file.owner_id, "recalled", world.now(), world.new_id(), fileId=file.file_id),
        limits.riding(world, limits.RECALL_BY_OWNER, file.owner_id, 1),
    ]
    try:
        world.table.write(*operations)
    except ConditionFailedError as error:
        limits.check_ridden(world, limits.RECALL_BY_OWNER, operations, error)
        return False
    log.logger.info("recalled", extra={**log.about(file.owner_id, file.file_id), "pcs": len(holders)})
    return True


def _check_room(world: Cloud, file: File) -> None:
    """Refuse what would not fit: a copy that is gone takes no room, one that came back does."""
    most = world.settings.quota_bytes
    if not most:
        return
    room = quota.left(most, owners.usage(world.table, [file.owner_id])[file.owner_id])
    if (file.size or 0) > room:
        raise quota.QuotaExceededError(file.size or 0, room)


def _waits(file: File, device_id: str) -> bool:
    return device_id in kept.awaited_from(file)


def _strike_off(world: Cloud, device_id: str, found: Sequence[kept.Recall], known: Mapping[str, File]) -> None:
    """Strike off what cannot be awaited from this PC any more; what lies in the trash may be had back."""
    for one in found:
        file = known.get(one.file_id)
        if file and file.gone_at and device_id in file.recalled_from.intersection(file.home):
            continue
        with suppress(ConditionFailedError):
            world.table.put(kept.struck(device_id, one))


def _show(file: File, asked_at: str) -> Recall:
    return Recall(file.file_id, file.size or 0, file.sha256 or "", asked_at)


def _awaited(world: Cloud, caller: Caller, device_id: str, file_id: str) -> File:
    """Return a file that this PC is asked for, or refuse alike whatever it is that is not so."""
    caller.must_have(scopes.PC)
    caller.must_be(device_id)
    at, profile = files.file_key(caller.owner_id, file_id), owners.profile(caller.owner_id)
    asked = kept.key(device_id, file_id)
    found = world.table.find_many([at, asked, profile]) if keys.is_id(file_id) else {}
    if at in found and asked in found and device_id in found.get(profile, {}).get("pcs", {}):
        file = files.read(found[at])
        if _waits(file, device_id):
            return file
    raise NotFoundError("recall", file_id)
