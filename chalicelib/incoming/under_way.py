"""Uploads under way: what S3 has of a file, fresh links for the rest, and the putting together of parts.

S3's own upload is begun with the first links, so that beginning a hundred files costs no call to S3. Everything here
may be asked again at any time, from anywhere, by whoever holds the file's id and its owner's trust.
"""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from chalicelib import keys, log
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadInputError, ConditionFailedError, CrowdedError, NotFoundError, Refusal
from chalicelib.incoming import labels, multipart, objects, parts
from chalicelib.incoming.parts import Part, Plan
from chalicelib.incoming.wanted import Sha256
from chalicelib.metadata import files
from chalicelib.metadata.files import File, Status
from chalicelib.presign import Link

MOST_LINKS = 50
MOST_TOLD = 1000


class PartsMissingError(Refusal):
    """Raised when parts are to be put together of which some lack; the first thousand are named."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"missing": list[int]}

    def __init__(self, missing: list[int]) -> None:
        super().__init__(
            f"{len(missing)} parts lack or have another size than agreed, the first is part {missing[0]}",
            {"missing": missing[:MOST_TOLD]},
        )


class AskedPart(Request, frozen=True):
    """A part that a phone is about to send."""

    part: Annotated[int, Meta(ge=1, le=parts.MOST_PARTS)]
    sha256: Sha256 | None = None


class AskedParts(Request, frozen=True):
    """The parts that links are wanted for; none asks only what is there. A file sent in one PUT needs none."""

    parts: Annotated[list[AskedPart], Meta(max_length=MOST_LINKS)] = msgspec.field(default_factory=list)


class HavePart(Reply, frozen=True):
    """A part that S3 has."""

    part: int
    size: int
    sha256: Sha256 | None = None


class PartLink(Link, frozen=True, kw_only=True):
    """A permission to send one part."""

    part: int


class Standing(Reply, frozen=True):
    """How an upload stands: only its status once it has arrived."""

    status: Status
    part_size: int | None = None
    part_count: int | None = None
    have: list[HavePart] | None = None
    links: list[PartLink] | None = None
    link: Link | None = None


class Completed(Reply, frozen=True):
    """How far a file is whose parts are put together; it is `uploaded` once S3's event was taken in."""

    file_id: Id
    status: Status


def links(world: Cloud, caller: Caller, file_id: str, asked: AskedParts) -> Standing:
    """Tell what S3 has of a file, and hand out links for the parts asked for that it has not."""
    file = _find(world, caller, file_id)
    return standing(world, file, asked) if file.status == Status.PENDING else Standing(file.status)


def standing(world: Cloud, file: File, asked: AskedParts) -> Standing:
    """Tell how a file stands whose bytes may come, and hand out links for the parts asked for that S3 has not."""
    if file.size is None or not parts.is_large(file.size):
        link = world.signer.put(file.key, file.type, file.size, file.sha256, labels.of(file))
        return Standing(file.status, link=link)
    plan = parts.cut(file.size)
    _check(plan, asked)
    was, (file, have) = (file.status, file.gone_at), _look(world, file, plan, asked)
    if (file.status, file.gone_at) != was:
        return Standing(file.status)
    if have is None:
        told = [HavePart(number, plan.size_of(number)) for number in range(1, plan.count + 1)]
        return Standing(file.status, plan.part_size, plan.count, told, [])
    told = [HavePart(part.number, part.size, part.sha256) for part in have.values()]
    wanted = [one for one in asked.parts if not parts.is_there(have.get(one.part), one.sha256)]
    return Standing(file.status, plan.part_size, plan.count, told, _sign(world, file, plan, wanted))


def complete(world: Cloud, caller: Caller, file_id: str) -> Completed:
    """Put a file's parts together. Doing so again, even at once, even after a lost answer, changes nothing."""
    file = _find(world, caller, file_id)
    if file.status == Status.PENDING:
        put_together(world, file)
    return Completed(file_id, file.status)


def put_together(world: Cloud, file: File) -> None:
    """Put the parts together of a file whose bytes may come; one that comes whole has none."""
    if file.size is None or not parts.is_large(file.size):
        return
    plan = parts.cut(file.size)
    try:
        have = parts.sound(plan, multipart.listed(world, file)) if file.upload_id else {}
        lacking = parts.missing(plan, have)
        if lacking:
            raise PartsMissingError(lacking)
        _put_together(world, file, have)
    except multipart.UploadGoneError as error:
        if not _is_whole(world, file):
            raise PartsMissingError(parts.missing(plan, {})) from error


def _find(world: Cloud, caller: Caller, file_id: str) -> File:
    caller.must_have(scopes.UPLOAD)
    file = files.find(world.table, caller.owner_id, file_id) if keys.is_id(file_id) else None
    if not file:
        raise NotFoundError("file", file_id)
    return file


def _check(plan: Plan, asked: AskedParts) -> None:
    seen = set[int]()
    for at, one in enumerate(asked.parts):
        if one.part > plan.count:
            raise BadInputError(f"parts[{at}].part", f"a number from 1 to {plan.count}", one.part)
        if one.part in seen:
            raise BadInputError(f"parts[{at}].part", "asked for once", one.part)
        seen.add(one.part)


def _look(world: Cloud, file: File, plan: Plan, asked: AskedParts) -> tuple[File, dict[int, Part] | None]:
    """Return the file, with an upload that parts can go to if links are asked for, and the parts that S3 has.

    `None` if they are put together already: the event that makes the file `uploaded` is on its way, and there is
    nothing left that a part could be sent to.
    """
    if file.upload_id is not None:
        try:
            return file, parts.sound(plan, multipart.listed(world, file))
        except multipart.UploadGoneError:
            if _is_whole(world, file):
                return file, None
    return (_begin(world, file, asked) if asked.parts else file), {}


def _begin(world: Cloud, file: File, asked: AskedParts) -> File:
    """Begin S3's upload of a file. Of two who do so at once the loser throws his away and goes on with the other."""
    hashed = all(one.sha256 for one in asked.parts)
    upload_id = multipart.create(world, file, hashed=hashed)
    try:
        world.table.put(files.parts_begun(file, upload_id, hashed=hashed))
    except ConditionFailedError as error:
        multipart.abort(world, file, upload_id)
        now_there = error.found.get(0)
        if now_there is None:
            raise NotFoundError("file", file.file_id) from error
        return files.read(now_there)
    log.logger.info("parts begun", extra={**log.about(file.owner_id, file.file_id), "size": file.size})
    return files.with_parts(file, upload_id, hashed=hashed)


def _sign(world: Cloud, file: File, plan: Plan, wanted: list[AskedPart]) -> list[PartLink]:
    """Sign links. S3 wants a hash with each part of an upload begun with hashes, and with no part of another."""
    signed = []
    for one in wanted:
        if file.part_hashes and one.sha256 is None:
            raise BadInputError("sha256", f"given with part {one.part}: this upload was begun with hashes of its parts")
        sha256 = one.sha256 if file.part_hashes else None
        link = world.signer.put_part(file.key, file.upload_id or "", one.part, plan.size_of(one.part), sha256)
        signed.append(PartLink(link.url, link.method, link.headers, link.expires_at, part=one.part))
    return signed


def _put_together(world: Cloud, file: File, have: dict[int, Part]) -> None:
    told, expected = multipart.complete(world, file, have), parts.composite(have)
    if told is not None and expected is not None and told != expected:
        log.logger.error("S3 put other parts together", extra=log.about(file.owner_id, file.file_id))
        raise CrowdedError("the parts changed while they were put together")
    log.logger.info("put together", extra={**log.about(file.owner_id, file.file_id), "parts": len(have)})


def _is_whole(world: Cloud, file: File) -> bool:
    """Whether the object is there: who was quicker has put it together, or we have and never said so."""
    found = objects.find(world, file.key, None)
    return found is not None and found.size == file.size
