"""Uploads: the permission to bring files in. One hash is one file, however often and from wherever it is begun."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Literal

import msgspec

from chalicelib import keys, limits, log, moments
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply
from chalicelib.cloud import Cloud
from chalicelib.errors import BadInputError, ConditionFailedError, CrowdedError, NotFoundError, Refusal
from chalicelib.incoming import labels, multipart, parts, quota
from chalicelib.incoming.wanted import Batch, Reason, Refused, Simple, Wanted, as_fields, parse
from chalicelib.keeping import retention, trash
from chalicelib.metadata import albums, copies, files, owners
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Operation
from chalicelib.presign import Link

# A link lives 15 minutes; an object not in by then plus some, with its event, is worth a look.
FIRST_LOOK = timedelta(minutes=30)
TOMBSTONE = timedelta(days=30)
_TRIES = 6
# A file is two operations, and each write moves the counters once; a write holds a hundred.
_FILES_IN_ONE_WRITE = 49


class AlreadyUploadedError(Refusal):
    """Raised when an upload is called off whose file is in: that would be deleting the file."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"status": str}

    def __init__(self, file_id: str, status: str) -> None:
        super().__init__(f"file {file_id!r} must be pending to be called off, it is {status}", {"status": status})


class KnownContentsError(Refusal):
    """Raised when the simplest client begins contents that are in, or awaited in another size: no link would help."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"fileId": str, "status": str}

    def __init__(self, told: str, file_id: str, status: str) -> None:
        super().__init__(told, {"fileId": file_id, "status": status})


class Begun(Reply, frozen=True):
    """What became of one file of a batch."""

    outcome: Literal["upload", "multipart", "duplicate", "refused"]
    file_id: Id | None = None
    key: str | None = None
    link: Link | None = None
    part_size: int | None = None
    part_count: int | None = None
    status: Status | None = None
    reason: Reason | None = None
    message: str | None = None
    details: dict[str, int] | None = None


class Beginnings(Reply, frozen=True):
    """The answer to a batch, in the order asked."""

    files: list[Begun]


class SimpleLink(Reply, frozen=True):
    """The answer to the simplest client."""

    upload_url: str
    file_id: Id
    key: str
    headers: dict[str, str] | None = None


def begin(world: Cloud, caller: Caller, batch: Batch) -> Beginnings:
    """Begin a batch: each file gets a link, or is a duplicate, or is refused."""
    caller.must_have(scopes.UPLOAD)
    asked = parse(batch)
    wanted: dict[str, Wanted] = {}
    for file in asked:
        if isinstance(file, Wanted) and (file.restore or file.sha256 not in wanted):
            wanted[file.sha256] = file
    begun = _begin_all(world, caller, wanted) if wanted else {}
    answers, seen = [], set[str]()
    for one in asked:
        if isinstance(one, Refused):
            answers.append(_refuse(one))
            continue
        answers.append(_answer(world, one, begun[one.sha256], again=one.sha256 in seen))
        seen.add(one.sha256)
    return Beginnings(answers)


def begin_simple(world: Cloud, caller: Caller, asked: Simple) -> SimpleLink:
    """Begin one file of which nothing may be known but name and type. What is declared is signed into the link."""
    caller.must_have(scopes.UPLOAD)
    file = _begin_declared(world, caller, asked) if asked.sha256 else _begin_undeclared(world, caller, asked)
    link = world.signer.put(file.key, file.type, file.size, file.sha256, labels.of(file))
    return SimpleLink(link.url, file.file_id, file.key, link.headers if file.size is not None else None)


def abort(world: Cloud, caller: Caller, file_id: str) -> None:
    """Call an upload off; what arrives for it later is not wanted. Calling off twice is calling off."""
    caller.must_have(scopes.UPLOAD)
    at, gone = files.file_key(caller.owner_id, file_id), files.gone_key(caller.owner_id, file_id)
    found = world.table.find_many([at, gone]) if keys.is_id(file_id) else {}
    if gone in found and at not in found:
        return
    if at not in found:
        raise NotFoundError("file", file_id)
    file = files.read(found[at])
    if file.status != Status.PENDING:
        raise AlreadyUploadedError(file_id, file.status)
    try:
        called_off = files.aborted(file, int((world.now() + TOMBSTONE).timestamp()))
        world.table.write(*called_off, *albums.forgotten(file), _looks_left(world, file))
    except ConditionFailedError as error:
        raise CrowdedError("the upload went on while it was called off") from error
    files.drop_pointer(world.table, file)
    multipart.abort(world, file, file.upload_id)
    log.logger.info("called off", extra=log.about(file.owner_id, file.file_id))


def _looks_left(world: Cloud, file: File) -> Operation:
    """Have it looked after that nothing of a called off upload stays: it may be in, and its event over or lost."""
    last_at = moments.to_text(world.now() + retention.LAST_LOOK)
    return copies.look(file.owner_id, file.file_id, world.now_text(), last_at)


def _begin_undeclared(world: Cloud, caller: Caller, asked: Simple) -> File:
    """Begin a file that nobody can recognize before it is in."""
    quota_bytes = world.settings.quota_bytes
    if quota_bytes:
        room = quota.left(quota_bytes, owners.usage(world.table, [caller.owner_id])[caller.owner_id])
        if (asked.size or 1) > room:
            raise quota.QuotaExceededError(asked.size or 1, room)
    file = _new_file(world, caller, {"name": asked.file_name, "type": asked.file_type, "size": asked.size})
    _write_counted(world, [file], {})
    log.logger.info("begun", extra={**log.about(file.owner_id, file.file_id), "simple": True})
    return file


def _begin_declared(world: Cloud, caller: Caller, asked: Simple) -> File:
    if asked.size is None:
        raise BadInputError("size", "given along with sha256")
    wanted = Wanted(asked.file_name, asked.file_type, asked.size, asked.sha256 or "", restore=asked.restore)
    (file,) = _begin_all(world, caller, {wanted.sha256: wanted}).values()
    if isinstance(file, Refused):
        if file.reason == "trashed":
            raise KnownContentsError(file.message, file.file_id or "", file.status or "")
        raise quota.QuotaExceededError(wanted.size, (file.details or {}).get("left", 0))
    if file.status != Status.PENDING or file.size != wanted.size:
        told = f"these contents are file {file.file_id!r} of {file.size} bytes, which is {file.status}"
        raise KnownContentsError(told, file.file_id, file.status)
    return file


def _begin_all(world: Cloud, caller: Caller, wanted: Mapping[str, Wanted]) -> dict[str, File | Refused]:
    """Return the file of each hash, known or new. Who loses a race finds the winner's file in the next round."""
    begun: dict[str, File | Refused] = {}
    quota_bytes = world.settings.quota_bytes
    for _ in range(_TRIES):
        left = [file for sha256, file in wanted.items() if sha256 not in begun]
        hashes = [file.sha256 for file in left]
        found = files.find_by_hash(world.table, caller.owner_id, hashes, usage=quota_bytes > 0)
        known = _known(found, left)
        admitted, refused = quota.admit(quota_bytes, found.usage, [file for file in left if file.sha256 not in known])
        begun |= {**known, **refused}
        fresh = [_new_file(world, caller, as_fields(file)) for file in admitted]
        stale = found.stale | {sha256: gone.file_id for sha256, gone in found.purged.items()}
        begun |= {file.sha256: file for file in _write(world, fresh, stale) if file.sha256}
        if len(begun) == len(wanted):
            return _restored(world, caller, begun)
    raise CrowdedError(f"{len(wanted) - len(begun)} of {len(wanted)} files lost every race to begin")


def _known(found: files.Found, wanted: Sequence[Wanted]) -> dict[str, File | Refused]:
    """Return what is not to be begun: files that are there, and refusals of contents that were thrown away."""
    known: dict[str, File | Refused] = {**found.known}
    for one in wanted:
        file, gone = found.known.get(one.sha256), found.purged.get(one.sha256)
        if one.restore:
            continue
        if gone:
            told = f"these contents were purged at {gone.purged_at}; `restore: true` brings them in anew"
            known[one.sha256] = Refused("trashed", told, file_id=gone.file_id, status=Status.PURGED)
        elif file and file.status == Status.TRASHED:
            told = f"these contents were trashed at {file.trashed_at}; `restore: true` brings them back"
            known[one.sha256] = Refused("trashed", told, file_id=file.file_id, status=file.status)
    return known


def _restored(world: Cloud, caller: Caller, begun: Mapping[str, File | Refused]) -> dict[str, File | Refused]:
    """Have those back that are in the trash all the same: they were begun with the wish to."""
    ids = [file.file_id for file in begun.values() if isinstance(file, File) and file.status == Status.TRASHED]
    if not ids:
        return dict(begun)
    answers = {one.file_id: one for one in trash.restore_all(world, caller, trash.FileIds(ids)).files}
    return {sha256: _as_answered(file, answers) for sha256, file in begun.items()}


def _as_answered(file: File | Refused, answers: Mapping[str, trash.TrashAnswer]) -> File | Refused:
    if isinstance(file, Refused) or file.file_id not in answers:
        return file
    answer = answers[file.file_id]
    if answer.outcome == "refused" or answer.status == Status.LOST:
        told = "there is nothing left of these contents to be had back; the same again brings them in anew"
        return Refused("trashed", told, file_id=file.file_id, status=answer.status)
    return msgspec.structs.replace(file, status=answer.status)


def _write(world: Cloud, fresh: Sequence[File], stale: Mapping[str, str]) -> list[File]:
    """Write new files; return those that were, since another phone may have been quicker with some."""
    written: list[File] = []
    for start in range(0, len(fresh), _FILES_IN_ONE_WRITE):
        some = fresh[start : start + _FILES_IN_ONE_WRITE]
        try:
            _write_counted(world, some, stale)
        except ConditionFailedError:
            continue
        written += some
        for file in some:
            log.logger.info("begun", extra=log.about(file.owner_id, file.file_id))
    return written


def _write_counted(world: Cloud, some: Sequence[File], stale: Mapping[str, str]) -> None:
    counted = limits.riding(world, limits.BEGIN_BY_OWNER, some[0].owner_id, len(some))
    operations = [*files.begun(some, stale, _first_look(world)), counted]
    try:
        world.table.write(*operations)
    except ConditionFailedError as error:
        limits.check_ridden(world, limits.BEGIN_BY_OWNER, operations, error)
        raise


def _new_file(world: Cloud, caller: Caller, fields: Mapping[str, object]) -> File:
    file_id = world.new_id()
    return File(
        owner_id=caller.owner_id,
        file_id=file_id,
        status=Status.PENDING,
        key=keys.original(caller.owner_id, file_id, str(fields["name"])),
        created_at=world.now_text(),
        device_id=caller.device_id,
        device_name=caller.device_name,
        **fields,  # type: ignore[arg-type] # validated by wanted.parse
    )


def _refuse(why: Refused) -> Begun:
    return Begun(
        "refused",
        file_id=why.file_id,
        status=why.status,
        reason=why.reason,
        message=why.message,
        details=why.details,
    )


def _answer(world: Cloud, wanted: Wanted, file: File | Refused, *, again: bool) -> Begun:
    if isinstance(file, Refused):
        return _refuse(file)
    if file.status != Status.PENDING or again:
        return Begun("duplicate", file_id=file.file_id, status=file.status)
    if file.size != wanted.size:
        # One of the two sizes is wrong, and S3 would refuse the bytes without saying why.
        message = (
            f"size must be {file.size} as begun before with this sha256, got {wanted.size}; call that upload off first"
        )
        return Begun("refused", file_id=file.file_id, reason="otherSize", message=message)
    if parts.is_large(wanted.size):
        plan = parts.cut(wanted.size)
        return Begun("multipart", file_id=file.file_id, key=file.key, part_size=plan.part_size, part_count=plan.count)
    link = world.signer.put(file.key, file.type, wanted.size, wanted.sha256, labels.of(file))
    return Begun("upload", file_id=file.file_id, key=file.key, link=link)


def _first_look(world: Cloud) -> str:
    return moments.to_text(world.now() + FIRST_LOOK)
