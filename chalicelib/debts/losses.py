"""Losses: a PC's word that files are damaged or gone at home. What is still in the cloud is owed to it again.

    at home ──▶ owed again       while there is a cloud copy to be had; one that is leaving is held back first
            └─▶ forgotten        there is none: the PC is a home of the file no more, and if it was the last one, the
                                 file is lost; that is reported, and a phone that still has it may send it again
    in the trash ─▶ forgotten    nobody is owed it; but who has it back must not believe in a copy that is gone

`judge` decides about one loss and is pure. A loss that does not fit changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from chalicelib import log, metrics
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import clearing, homes, notices
from chalicelib.errors import ConditionFailedError, CrowdedError, NotFoundError
from chalicelib.keeping import retention
from chalicelib.keeping.retention import CloudCopy
from chalicelib.metadata import files, ledger, owners
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Operation

MOST_LOSSES = 100
OWED_AGAIN: Final = "owedAgain"
NO_CLOUD_COPY: Final = "noCloudCopy"
TRASHED: Final = "trashed"
Outcome = Literal["owedAgain", "repeated", "refused"]
Reason = Literal["unknownFile", "notAtHome", "noCloudCopy", "trashed"]
_TRIES = 6
# A loss is two operations; each write also looks at the profile, moves the counters and remembers what happened.
_LOSSES_IN_ONE_WRITE = 48


class Loss(Request, frozen=True):
    """A file that is not whole at home any more."""

    file_id: Id
    what: Literal["damaged", "gone"]


class Losses(Request, frozen=True):
    """Losses as a PC reports them."""

    losses: Annotated[list[Loss], Meta(min_length=1, max_length=MOST_LOSSES)]


class LossAnswer(Reply, frozen=True):
    """What became of one loss."""

    file_id: Id
    outcome: Outcome
    reason: Reason | None = None


class LossAnswers(Reply, frozen=True):
    """What became of each loss, in the order sent."""

    losses: list[LossAnswer]


@dataclass
class _Desk:
    """One PC's losses while they are worked on: the files as last seen, and the answers so far."""

    device_id: str
    queue_url: str
    seen: dict[str, File]
    answers: dict[str, LossAnswer] = field(default_factory=dict)


def take(world: Cloud, caller: Caller, device_id: str, batch: Losses) -> LossAnswers:
    """Take losses from the PC itself, in as few writes as a batch can be."""
    caller.must_have(scopes.PC)
    caller.must_be(device_id)
    told = {loss.file_id: loss.what for loss in batch.losses}
    desk = _open_desk(world, caller.owner_id, device_id, list(told))
    for _ in range(_TRIES):
        due = _judge_all(desk, told)
        if not due:
            _tell(world, caller, desk, told)
            return LossAnswers([desk.answers[loss.file_id] for loss in batch.losses])
        for start in range(0, len(due), _LOSSES_IN_ONE_WRITE):
            _write(world, desk, due[start : start + _LOSSES_IN_ONE_WRITE])
    raise CrowdedError(f"{len(due)} of {len(told)} losses met other writers {_TRIES} times")


def judge(file: File | None, device_id: str) -> tuple[Outcome, Reason | None] | None:
    """Answer a loss that changes nothing, or `None` for one that is due to be written down."""
    if file is None or file.status in (Status.PENDING, Status.REFUSED, Status.PURGING):
        return "refused", "unknownFile"
    if device_id in file.home:
        return None
    if file.status == Status.TRASHED:
        return "refused", TRASHED
    if device_id in file.owed_to:
        return "repeated", None
    return "refused", NO_CLOUD_COPY if file.gone_at else "notAtHome"


def _open_desk(world: Cloud, owner_id: str, device_id: str, file_ids: Sequence[str]) -> _Desk:
    """See the files and, in the same call, the queue of the PC; refuse one that was revoked a moment ago."""
    profile = owners.profile(owner_id)
    found = world.table.find_many([profile, *(files.file_key(owner_id, file_id) for file_id in file_ids)])
    queue_url = found.pop(profile, {}).get("pcs", {}).get(device_id)
    if queue_url is None:
        raise NotFoundError("device", device_id)
    return _Desk(device_id, queue_url, {file.file_id: file for file in map(files.read, found.values())})


def _judge_all(desk: _Desk, told: Mapping[str, str]) -> list[File]:
    """Answer what needs no write; name the rest."""
    due = []
    for file_id in told:
        if file_id in desk.answers:
            continue
        file = desk.seen.get(file_id)
        answer = judge(file, desk.device_id)
        if answer:
            desk.answers[file_id] = LossAnswer(file_id, *answer)
        elif file:
            due.append(file)
    return due


def _write(world: Cloud, desk: _Desk, due: Sequence[File]) -> None:
    """Write some losses down in one write; if anything has changed meanwhile, see the files anew and take none."""
    desk.seen |= {file.file_id: clearing.held_back(world, file) for file in due}
    # What was seen anew has to be judged anew: it may have been thrown away, or reported by another request.
    due = [desk.seen[file.file_id] for file in due if judge(desk.seen[file.file_id], desk.device_id) is None]
    if not due:
        return
    now, owner_id = world.now_text(), due[0].owner_id
    changes = [(file, homes.lost(file, desk.device_id, now, in_cloud=_is_in_cloud(file))) for file in due]
    owed = [after for _, after in changes if desk.device_id in after.owed_to]
    told = {file.file_id: notices.of(file, world.settings.bucket) for file in owed}
    try:
        world.table.write(
            ledger.still_claims(owner_id, desk.device_id),
            *(operation for change in changes for operation in ledger.restated(*change)),
            *(ledger.owe(desk.device_id, notice, now) for notice in told.values()),
            *ledger.recounted(changes),
            _remembered(world, desk, due),
        )
    except ConditionFailedError as error:
        if 0 in error.found:
            raise NotFoundError("device", desk.device_id) from error
        desk.seen |= files.find_many(world.table, owner_id, (file.file_id for file in due))
        return
    for _, after in changes:
        desk.answers[after.file_id] = _answer(after, told)
    notices.ring(world, desk.queue_url, list(told.values()))
    last = [after for before, after in changes if after.status == Status.LOST != before.status]
    clearing.tell_lost(world, desk.device_id, last, "the last copy at home is lost, and the cloud has none")


def _is_in_cloud(file: File) -> bool:
    """Whether a file can be owed again; what is in the trash is owed to nobody."""
    return file.status != Status.TRASHED and retention.cloud_copy(file) == CloudCopy.KEPT


def _answer(file: File, owed: Mapping[str, Any]) -> LossAnswer:
    if file.file_id in owed:
        return LossAnswer(file.file_id, OWED_AGAIN)
    return LossAnswer(file.file_id, "refused", TRASHED if file.status == Status.TRASHED else NO_CLOUD_COPY)


def _remembered(world: Cloud, desk: _Desk, due: Sequence[File]) -> Operation:
    one = {"fileId": due[0].file_id} if len(due) == 1 else {}
    told = {"deviceId": desk.device_id, "count": len(due), **one}
    return ledger.remember(due[0].owner_id, "lossReported", world.now(), world.new_id(), **told)


def _tell(world: Cloud, caller: Caller, desk: _Desk, told: Mapping[str, str]) -> None:
    for answer in desk.answers.values():
        about = {**log.about(caller.owner_id, answer.file_id), "device_id": desk.device_id}
        outcome = {"what": told[answer.file_id], "outcome": answer.outcome, "reason": answer.reason}
        log.logger.warning("lost at home", extra={**about, **outcome})
    outcomes = [answer.reason or answer.outcome for answer in desk.answers.values()]
    counts = {"LossesOwedAgain": outcomes.count(OWED_AGAIN), "LossesBeyondTheCloud": outcomes.count(NO_CLOUD_COPY)}
    metrics.tell(world.settings.stage, world.now(), counts)
