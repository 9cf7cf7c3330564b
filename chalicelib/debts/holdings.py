"""Holdings: what a PC says it has at home. The table learns of files that it has lost and the bucket no longer holds.

    owed to this PC            ──▶ taken as a receipt is
    unknown, and not in S3     ──▶ written down anew: at home here, no cloud copy
    called off, purged, or its contents known under another id ──▶ refused

A PC may say so at any time; where nothing was lost, every answer is `repeated`. `judge` decides about one and is pure.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib import keys, log
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import receipts
from chalicelib.errors import ConditionFailedError, NotFoundError
from chalicelib.incoming import labels
from chalicelib.incoming.parts import MOST_BYTES
from chalicelib.incoming.wanted import Name, Sha256
from chalicelib.metadata import files, ledger
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Key

MOST_HOLDINGS = 100
Outcome = Literal["taken", "repeated", "restored", "refused"]
Reason = Literal["unknownFile", "otherSha256", "otherSize", "notOwed", "unwanted", "otherFile", "inCloud"]


class Holding(Request, frozen=True):
    """A file that is whole at home, as the PC's own record has it."""

    file_id: Id
    sha256: Sha256
    size: Annotated[int, Meta(ge=0, le=MOST_BYTES)]
    name: Name
    home_at: Moment | None = None
    taken_at: Moment | None = None


class Holdings(Request, frozen=True):
    """Files as a PC tells of them."""

    files: Annotated[list[Holding], Meta(min_length=1, max_length=MOST_HOLDINGS)]


class HoldingAnswer(Reply, frozen=True):
    """What became of one."""

    file_id: Id
    outcome: Outcome
    reason: Reason | None = None


class HoldingAnswers(Reply, frozen=True):
    """What became of each, in the order told."""

    files: list[HoldingAnswer]


def take(world: Cloud, caller: Caller, device_id: str, batch: Holdings) -> HoldingAnswers:
    """Take a PC's word for what it has: receipts for what is known, and new items for what was lost."""
    caller.must_have(scopes.PC)
    caller.must_be(device_id)
    told = {one.file_id: one for one in batch.files}
    known = _receipted(world, caller, device_id, told)
    lost = [one for one in told.values() if known[one.file_id].reason == "unknownFile"]
    seen = _look_up(world, caller.owner_id, lost)
    restored = {one.file_id: _restore(world, caller, device_id, one, seen) for one in lost}
    answers = known | restored
    return HoldingAnswers([answers[one.file_id] for one in batch.files])


def judge(told: Holding, owner_id: str, seen: Mapping[Key, Item]) -> Reason | None:
    """Say why a file that the table does not know is not written down again, or `None` if it is."""
    if files.gone_key(owner_id, told.file_id) in seen:
        return "unwanted"
    return _judge_pointer(seen.get(files.hash_key(owner_id, told.sha256), {}))


def _judge_pointer(pointer: Mapping[str, Any]) -> Reason | None:
    if "purgedAt" in pointer:
        return "unwanted"
    return "otherFile" if pointer.get("held") else None


def _receipted(world: Cloud, caller: Caller, device_id: str, told: Mapping[str, Holding]) -> dict[str, HoldingAnswer]:
    batch = receipts.Receipts([receipts.Receipt(one.file_id, one.sha256, one.size) for one in told.values()])
    answers = receipts.take(world, caller, device_id, batch).receipts
    return {one.file_id: HoldingAnswer(one.file_id, one.outcome, one.reason) for one in answers}


def _look_up(world: Cloud, owner_id: str, lost: list[Holding]) -> dict[Key, Item]:
    at = [files.gone_key(owner_id, one.file_id) for one in lost]
    return world.table.find_many([*at, *(files.hash_key(owner_id, one.sha256) for one in lost)]) if lost else {}


def _restore(world: Cloud, caller: Caller, device_id: str, told: Holding, seen: Mapping[Key, Item]) -> HoldingAnswer:
    """Write a file down that only this PC has. What the bucket still holds is for the rebuilding from there."""
    reason = judge(told, caller.owner_id, seen)
    file = _rebuilt(world, caller.owner_id, device_id, told)
    if reason is None and _is_in_bucket(world, file):
        reason = "inCloud"
    if reason is None:
        reason = _write(world, file, device_id)
    if reason:
        about = {**log.about(caller.owner_id, told.file_id), "reason": reason, "device_id": device_id}
        log.logger.warning("holding refused", extra=about)
        return HoldingAnswer(told.file_id, "refused", reason)
    log.logger.info("restored", extra={**log.about(caller.owner_id, told.file_id), "device_id": device_id})
    return HoldingAnswer(told.file_id, "restored")


def _is_in_bucket(world: Cloud, file: File) -> bool:
    """Whether anything lies under a file's id; the key may hold a name that the file was given before."""
    prefix = f"{keys.ORIGINALS}{file.owner_id}/{file.file_id}-"
    page = world.s3.list_objects_v2(Bucket=world.settings.bucket, Prefix=prefix, MaxKeys=1)
    return bool(page.get("Contents"))


def _write(world: Cloud, file: File, device_id: str) -> Reason | None:
    try:
        world.table.write(ledger.still_claims(file.owner_id, device_id), *ledger.known_from_home(file))
    except ConditionFailedError as error:
        if 0 in error.found:
            raise NotFoundError("device", device_id) from error
        # What was known or thrown away since we looked.
        return _judge_pointer(error.found.get(2) or {}) or "inCloud"
    return None


@cache
def _types() -> Any:
    """Return what names tell of types, without the machine's own list, which differs from one to the next."""
    import mimetypes  # noqa: PLC0415 (reads the machine's lists all the same, and no other request pays for it)

    return mimetypes.MimeTypes()


def _type_of(name: str) -> str:
    return _types().guess_type(name)[0] or "application/octet-stream"


def _rebuilt(world: Cloud, owner_id: str, device_id: str, told: Holding) -> File:
    """Return the file as it stands: at home on this PC alone, its cloud copy gone."""
    now = world.now_text()
    came = told.home_at if told.home_at and labels.is_moment(told.home_at) else now
    return File(
        owner_id=owner_id,
        file_id=told.file_id,
        name=told.name,
        type=_type_of(told.name),
        status=Status.DOWNLOADED,
        key=keys.original(owner_id, told.file_id, told.name),
        size=told.size,
        sha256=told.sha256,
        tagged_at=now,
        gone_at=now,
        created_at=came,
        uploaded_at=came,
        downloaded_at=came,
        taken_at=told.taken_at if told.taken_at and labels.is_moment(told.taken_at) else None,
        home={device_id: came},
    )
