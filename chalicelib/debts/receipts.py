"""Receipts: a PC's word that whole, verified files are on its disk. The last one owed makes a file downloaded.

`judge` decides about one receipt and is pure. A receipt that does not fit changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib import log, metrics
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import homes
from chalicelib.errors import ConditionFailedError, CrowdedError, NotFoundError
from chalicelib.incoming.parts import MOST_BYTES
from chalicelib.incoming.wanted import Sha256
from chalicelib.metadata import files, ledger, trash
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Operation

MOST_RECEIPTS = 100
TAKEN: Final = "taken"
REPEATED: Final = "repeated"
Reason = Literal["unknownFile", "otherSha256", "otherSize", "notOwed"]
# Nobody is owed these; but where they are at home all the same matters, should they be restored, or are they lost else.
_WANTED_UNASKED = (Status.TRASHED, Status.LOST)
_TRIES = 6
# A receipt is two operations; each write also looks at the profile, moves the counters and remembers what happened.
_RECEIPTS_IN_ONE_WRITE = 48


class Receipt(Request, frozen=True):
    """A file is at home. The path is for people; nothing is done with it here."""

    file_id: Id
    sha256: Sha256
    size: Annotated[int, Meta(ge=0, le=MOST_BYTES)]
    path: Annotated[str, Meta(max_length=4096)] | None = None


class Receipts(Request, frozen=True):
    """Receipts as a PC hands them in."""

    receipts: Annotated[list[Receipt], Meta(min_length=1, max_length=MOST_RECEIPTS)]


class Answer(Reply, frozen=True):
    """What became of one receipt."""

    file_id: str
    outcome: Literal["taken", "repeated", "refused"]
    reason: Reason | None = None


class Answers(Reply, frozen=True):
    """What became of each receipt, in the order sent."""

    receipts: list[Answer]


@dataclass
class _Desk:
    """One PC's receipts while they are worked on: the files as last seen, and the answers so far."""

    device_id: str
    seen: dict[str, File]
    answers: dict[int, Answer]


def take(world: Cloud, caller: Caller, device_id: str, batch: Receipts) -> Answers:
    """Take receipts from the PC itself, in as few writes as a batch can be."""
    caller.must_have(scopes.PC)
    caller.must_be(device_id)
    receipts = batch.receipts
    seen = files.find_many(world.table, caller.owner_id, (receipt.file_id for receipt in receipts))
    desk = _Desk(device_id, seen, {})
    for _ in range(_TRIES):
        due = _judge_all(desk, receipts)
        if not due:
            _tell(world, caller, desk)
            return Answers([desk.answers[place] for place in range(len(receipts))])
        for start in range(0, len(due), _RECEIPTS_IN_ONE_WRITE):
            _write(world, desk, dict(due[start : start + _RECEIPTS_IN_ONE_WRITE]))
    raise CrowdedError(f"{len(due)} of {len(receipts)} receipts met other writers {_TRIES} times")


def judge(receipt: Receipt, file: File | None, device_id: str) -> Answer | None:
    """Answer a receipt that changes nothing, or `None` for one that is due to be taken."""
    if file is None:
        return _refused(receipt, "unknownFile")
    if receipt.sha256 != file.sha256:
        return _refused(receipt, "otherSha256")
    if receipt.size != file.size:
        return _refused(receipt, "otherSize")
    if device_id in file.home and device_id not in file.owed_to:
        return Answer(receipt.file_id, REPEATED)
    is_owed = device_id in file.owed_to and file.status == Status.UPLOADED
    return None if is_owed or file.status in _WANTED_UNASKED else _refused(receipt, "notOwed")


def _refused(receipt: Receipt, reason: Reason) -> Answer:
    return Answer(receipt.file_id, "refused", reason)


def _judge_all(desk: _Desk, receipts: Sequence[Receipt]) -> list[tuple[int, File]]:
    """Answer what needs no write; name the rest, each file once: one write cannot change an item twice."""
    due: dict[str, tuple[int, File]] = {}
    for place, receipt in enumerate(receipts):
        if place in desk.answers or receipt.file_id in due:
            continue
        file = desk.seen.get(receipt.file_id)
        answer = judge(receipt, file, desk.device_id)
        if answer:
            desk.answers[place] = answer
        elif file:
            due[receipt.file_id] = (place, file)
    return list(due.values())


def _write(world: Cloud, desk: _Desk, due: Mapping[int, File]) -> None:
    """Take some receipts in one write; if the debts have changed meanwhile, see the files anew and take none."""
    now, owner_id = world.now_text(), next(iter(due.values())).owner_id
    changes = [(file, _taken(file, desk.device_id, now)) for file in due.values()]
    activity = ledger.remember(
        owner_id, "receipted", world.now(), world.new_id(), deviceId=desk.device_id, count=len(due)
    )
    try:
        world.table.write(
            ledger.still_claims(owner_id, desk.device_id),
            *(operation for before, after in changes for operation in _operations(before, after, desk.device_id, now)),
            *ledger.recounted(changes, home_at=now),
            activity,
        )
    except ConditionFailedError as error:
        if 0 in error.found:
            raise NotFoundError("device", desk.device_id) from error
        desk.seen |= files.find_many(world.table, owner_id, (file.file_id for file in due.values()))
        return
    for place, (before, after) in zip(due, changes, strict=True):
        desk.answers[place] = Answer(after.file_id, TAKEN)
        desk.seen[after.file_id] = after
        said = "receipted" if after.status == before.status else "downloaded"
        log.logger.info(said, extra={**log.about(owner_id, after.file_id), "device_id": desk.device_id})


def _operations(before: File, after: File, device_id: str, now: str) -> list[Operation]:
    """Strike a debt off; of a file thrown away, note only where it is: a restore must not send it there again."""
    if before.status == Status.TRASHED:
        return [trash.home_noted(before, device_id, now)]
    if before.status == Status.LOST:
        return ledger.restated(before, after)
    return [*files.receipted(before, device_id, now), ledger.settle(device_id, before.file_id)]


def _taken(file: File, device_id: str, now: str) -> File:
    """Return the file as the write leaves it."""
    if file.status == Status.LOST:
        return homes.found(file, device_id, now)
    left = file.owed_to - {device_id}
    status = file.status if left or file.status == Status.TRASHED else Status.DOWNLOADED
    return msgspec.structs.replace(file, owed_to=left, status=status, home={**file.home, device_id: now})


def _tell(world: Cloud, caller: Caller, desk: _Desk) -> None:
    outcomes = [answer.outcome for answer in desk.answers.values()]
    for answer in desk.answers.values():
        if answer.outcome == "refused":
            about = log.about(caller.owner_id, answer.file_id)
            log.logger.warning("receipt refused", extra={**about, "reason": answer.reason, "device_id": desk.device_id})
    counts = {
        "ReceiptsTaken": outcomes.count(TAKEN),
        "ReceiptsRepeated": outcomes.count(REPEATED),
        "ReceiptsRefused": outcomes.count("refused"),
    }
    metrics.tell(world.settings.stage, world.now(), counts)
