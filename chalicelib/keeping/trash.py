"""Trash: files thrown away, had back within thirty days, thrown away for good. Nothing here reaches a PC's home.

`judge` decides about one file and is pure. Thrown away for good is a mark that there is no way back from; the objects
themselves are deleted by the sweep within the hour, since what answers callers has no right to delete anything.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from chalicelib import keys, log, metrics, moments
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import notices
from chalicelib.errors import ConditionFailedError, CrowdedError, NotFoundError, Refusal
from chalicelib.keeping import retention
from chalicelib.metadata import files, ledger, owners
from chalicelib.metadata import trash as kept
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import MOST_IN_ONE_WRITE, Check, Operation

KEPT = timedelta(days=30)
MOST_FILES = 100
Deed = Literal["trashed", "restored", "purged"]
Reason = Literal["unknownFile", "notHere", "notTrashed", "purged"]
Refuse = Callable[["TrashAnswer"], Refusal]
_TRIES = 6
# Each write also moves the counters, remembers what happened, and a restore looks at the profile.
_MOST_OPERATIONS = MOST_IN_ONE_WRITE - 3
_IN, _OVER = (Status.UPLOADED, Status.DOWNLOADED), (Status.PURGING, Status.PURGED)
_NOTHING_LEFT: Mapping[Status, Sequence[Deed]] = {Status.REFUSED: ("trashed", "purged"), Status.LOST: ("trashed",)}


class FileIds(Request, frozen=True):
    """Files by their ids."""

    file_ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_FILES)]


class TrashAnswer(Reply, frozen=True, kw_only=True):
    """What became of one file, and how it stands."""

    file_id: str
    outcome: Literal["trashed", "restored", "purged", "repeated", "refused"]
    reason: Reason | None = None
    status: Status | None = None
    trashed_at: Moment | None = None
    purged_at: Moment | None = None


class TrashAnswers(Reply, frozen=True):
    """What became of each file, in the order asked."""

    files: list[TrashAnswer]


class NotHereError(Refusal):
    """Raised when a file is to be thrown away or had back that has not arrived: an upload is called off instead."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"status": str}

    def __init__(self, answer: TrashAnswer) -> None:
        told = f"file {answer.file_id!r} must have arrived, it is {answer.status}"
        super().__init__(told, {"status": str(answer.status)})


class NotTrashedError(Refusal):
    """Raised when a file is to be purged that is not in the trash."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"status": str}

    def __init__(self, answer: TrashAnswer) -> None:
        told = f"file {answer.file_id!r} must be trashed to be purged, it is {answer.status}"
        super().__init__(told, {"status": str(answer.status)})


class PurgedError(Refusal):
    """Raised when a file is to be thrown away or had back that was purged."""

    STATUS_CODE = 410
    DETAILS: ClassVar = {"purgedAt": Moment}

    def __init__(self, answer: TrashAnswer) -> None:
        told = f"file {answer.file_id!r} was purged at {answer.purged_at}, nothing brings it back"
        super().__init__(told, {"purgedAt": answer.purged_at})


@dataclass(frozen=True)
class Known:
    """A file or what is left of it."""

    status: Status
    trashed_at: str | None = None
    purged_at: str | None = None


@dataclass
class _Desk:
    """The files of one request while they are worked on, and the owner's PCs where they matter."""

    caller: Caller
    deed: Deed
    file_ids: Sequence[str]
    found: dict[str, File] = field(default_factory=dict)
    tombs: dict[str, Known] = field(default_factory=dict)
    pcs: Mapping[str, str] = field(default_factory=dict)
    pointed_to: set[str] = field(default_factory=set)
    done: dict[str, TrashAnswer] = field(default_factory=dict)


def throw_away(world: Cloud, caller: Caller, file_id: str) -> TrashAnswer:
    """Put one file into the trash."""
    caller.must_have(scopes.UPLOAD)
    return _one(world, caller, "trashed", file_id, {"notHere": NotHereError, "purged": PurgedError})


def restore(world: Cloud, caller: Caller, file_id: str) -> TrashAnswer:
    """Have one file back."""
    caller.must_have(scopes.UPLOAD)
    return _one(world, caller, "restored", file_id, {"notHere": NotHereError, "purged": PurgedError})


def purge(world: Cloud, caller: Caller, file_id: str) -> TrashAnswer:
    """Throw one file of the trash away for good."""
    caller.must_have(scopes.OWNER)
    return _one(world, caller, "purged", file_id, {"notHere": NotHereError, "notTrashed": NotTrashedError})


def throw_all_away(world: Cloud, caller: Caller, asked: FileIds) -> TrashAnswers:
    """Put files into the trash."""
    caller.must_have(scopes.UPLOAD)
    return TrashAnswers(_do(world, caller, "trashed", asked.file_ids))


def restore_all(world: Cloud, caller: Caller, asked: FileIds) -> TrashAnswers:
    """Have files back."""
    caller.must_have(scopes.UPLOAD)
    return TrashAnswers(_do(world, caller, "restored", asked.file_ids))


def purge_all(world: Cloud, caller: Caller, asked: FileIds) -> TrashAnswers:
    """Throw files of the trash away for good."""
    caller.must_have(scopes.OWNER)
    return TrashAnswers(_do(world, caller, "purged", asked.file_ids))


def judge(deed: Deed, file_id: str, known: Known | None) -> TrashAnswer | None:
    """Answer what changes nothing, or `None` for what is due to be done.

    Of a refused file there is nothing to be had back: it is thrown away for good at once. A lost one may be had back,
    as a PC or a phone may turn up that has it.
    """
    if known is None:
        return TrashAnswer(file_id=file_id, outcome="refused", reason="unknownFile")
    reason = _reason(deed, known.status)
    if reason:
        return _refused(file_id, known, reason)
    is_done = deed != "purged" and (known.status == Status.TRASHED) == (deed == "trashed")
    return _told(file_id, known, "repeated") if is_done or known.status in _OVER else None


def _reason(deed: Deed, status: Status) -> Reason | None:
    if status in _OVER:
        return "purged" if deed != "purged" else None
    if deed in _NOTHING_LEFT.get(status, ()):
        return None
    if status not in (*_IN, Status.TRASHED):
        return "notHere"
    return "notTrashed" if deed == "purged" and status in _IN else None


def standing_of(home: Iterable[str], owed_to: Iterable[str], pcs: Iterable[str], *, in_cloud: bool = True) -> Status:
    """Say what a file had back is: downloaded if a PC of today holds it and none is owed it, else uploaded.

    Without a cloud copy nobody can be owed it; then it is lost if no PC of today holds it.
    """
    is_home = bool(set(home) & set(pcs)) and not set(owed_to)
    return Status.DOWNLOADED if is_home else Status.UPLOADED if in_cloud else Status.LOST


def _one(world: Cloud, caller: Caller, deed: Deed, file_id: str, refusals: Mapping[str, Refuse]) -> TrashAnswer:
    answers = _do(world, caller, deed, [file_id]) if keys.is_id(file_id) else []
    if not answers or answers[0].reason == "unknownFile":
        raise NotFoundError("file", file_id)
    (answer,) = answers
    if answer.reason:
        raise refusals[answer.reason](answer)
    return answer


def _do(world: Cloud, caller: Caller, deed: Deed, file_ids: Sequence[str]) -> list[TrashAnswer]:
    """Do one deed to files, in as few writes as they can be; answer each on its own."""
    desk = _Desk(caller, deed, list(dict.fromkeys(file_ids)))
    left: Sequence[str] = desk.file_ids
    for _ in range(_TRIES):
        _look(world, desk, left)
        left = [file_id for file_id in left if not _settle(desk, file_id)]
        for some in _batches([desk.found[file_id] for file_id in left], desk):
            _write(world, desk, some)
        left = [file_id for file_id in left if file_id not in desk.done]
        if not left:
            _tell(world, desk)
            return _in_order(desk, file_ids)
    raise CrowdedError(f"{len(left)} of {len(file_ids)} files met other writers {_TRIES} times")


def _look(world: Cloud, desk: _Desk, file_ids: Sequence[str]) -> None:
    """See files as they are now, and what is left of those that are none any more."""
    owner_id = desk.caller.owner_id
    found = files.find_many(world.table, owner_id, file_ids) if file_ids else {}
    lacking = {files.gone_key(owner_id, file_id): file_id for file_id in file_ids if file_id not in found}
    tombs = world.table.find_many(lacking) if lacking else {}
    desk.tombs |= {lacking[key]: _tomb(item) for key, item in tombs.items() if "purgedAt" in item}
    desk.found = found
    if desk.deed == "restored" and any(file.status == Status.TRASHED for file in found.values()):
        desk.pcs = (world.table.find(owners.profile(owner_id)) or {}).get("pcs", {})
        desk.found = {file_id: _with_copy(world, file) for file_id, file in found.items()}
        desk.pointed_to = kept.pointed_to(world.table, [file for file in desk.found.values() if file.gone_at])


def _with_copy(world: Cloud, file: File) -> File:
    """Hold the cloud copy of a file back that is to be restored; see the file anew if that changed it."""
    if file.status != Status.TRASHED or file.tagged_at is None:
        return file
    retention.keep(world, file)
    return files.find(world.table, file.owner_id, file.file_id) or file


def _settle(desk: _Desk, file_id: str) -> bool:
    file = desk.found.get(file_id)
    known = _known(file) if file else desk.tombs.get(file_id)
    answer = judge(desk.deed, file_id, known)
    if answer:
        desk.done[file_id] = answer
    return answer is not None


def _batches(due: Sequence[File], desk: _Desk) -> Iterable[list[File]]:
    """Part files so that each part fits into one write."""
    some: list[File] = []
    room = _MOST_OPERATIONS
    for file in due:
        # One for the file, and one for its hash if it turns out to be lost.
        needs = 1 + bool(file.gone_at) + len(file.owed_to if desk.deed == "trashed" else _owed_to(file, desk.pcs))
        if some and needs > room:
            yield some
            some, room = [], _MOST_OPERATIONS
        some.append(file)
        room -= needs
    if some:
        yield some


def _write(world: Cloud, desk: _Desk, some: Sequence[File]) -> None:
    """Do some in one write; if one of them changed meanwhile, none is done, and all are seen anew."""
    made = _DEEDS[desk.deed](world, desk, some)
    after = [made.after[file.file_id] for file in some]
    activity = ledger.remember(
        desk.caller.owner_id,
        desk.deed,
        world.now(),
        world.new_id(),
        deviceId=desk.caller.device_id,
        fileId=some[0].file_id if len(some) == 1 else None,
        count=len(some),
    )
    try:
        world.table.write(*made.operations, *_counters(some, after), activity)
    except ConditionFailedError:
        return
    for file, known in zip(some, after, strict=True):
        desk.done[file.file_id] = _told(file.file_id, known, "purged" if known.status == Status.PURGING else desk.deed)
        log.logger.info(desk.deed, extra=log.about(file.owner_id, file.file_id))
    for device_id, told in made.bells.items():
        notices.ring(world, desk.pcs[device_id], told)


@dataclass
class _Made:
    """What one write does, what the files are after it, and whom to ring then."""

    operations: list[Operation] = field(default_factory=list)
    after: dict[str, Known] = field(default_factory=dict)
    bells: dict[str, list[notices.Notice]] = field(default_factory=dict)


def _trashing(world: Cloud, _: _Desk, some: Sequence[File]) -> _Made:
    now, due_at = world.now_text(), moments.to_text(world.now() + KEPT)
    made = _purging(world, _, [file for file in some if file.status == Status.REFUSED])
    for file in (one for one in some if one.status != Status.REFUSED):
        made.operations += kept.trashed(file, now, due_at)
        made.after[file.file_id] = Known(Status.TRASHED, now)
    return made


def _restoring(world: Cloud, desk: _Desk, some: Sequence[File]) -> _Made:
    now = world.now_text()
    made = _Made()
    for file in some:
        owed_to = _owed_to(file, desk.pcs)
        status = standing_of(file.home, owed_to, desk.pcs, in_cloud=not file.gone_at)
        made.operations += kept.restored(file, owed_to, status, now, pointed_to=file.file_id in desk.pointed_to)
        made.after[file.file_id] = Known(status)
        notice = notices.of(file, world.settings.bucket)
        for device_id in sorted(owed_to):
            made.operations.append(ledger.owe(device_id, notice, now))
            made.bells.setdefault(device_id, []).append(notice)
    claims = " AND ".join(f"attribute_exists(#pcs.#{device_id})" for device_id in sorted(made.bells))
    if claims:
        made.operations.append(Check(owners.profile(desk.caller.owner_id), claims))
    return made


def _purging(world: Cloud, _: _Desk, some: Sequence[File]) -> _Made:
    now = world.now_text()
    made = _Made([kept.purging(file, now) for file in some])
    made.after = {file.file_id: Known(Status.PURGING, file.trashed_at, now) for file in some}
    return made


_DEEDS: dict[Deed, Callable[[Cloud, _Desk, Sequence[File]], _Made]] = {
    "trashed": _trashing,
    "restored": _restoring,
    "purged": _purging,
}


def _owed_to(file: File, pcs: Iterable[str]) -> frozenset[str]:
    """Name the PCs that a file had back is owed to: nobody, if there is no copy left to send."""
    return frozenset() if file.gone_at else frozenset(pcs) - frozenset(file.home)


def _counters(before: Sequence[File], after: Sequence[Known]) -> list[Operation]:
    change = files.share("", [])
    for file, known in zip(before, after, strict=True):
        change.update(files.share(known.status, [file]))
        change.subtract(files.share(file.status, [file] if file.status != Status.REFUSED else []))
    return files.counted(before[0].owner_id, change)


def _known(file: File) -> Known:
    return Known(file.status, file.trashed_at, file.purged_at)


def _tomb(item: Item) -> Known:
    return Known(Status.PURGED, None, item["purgedAt"])


def _refused(file_id: str, known: Known, reason: Reason) -> TrashAnswer:
    return TrashAnswer(
        file_id=file_id, outcome="refused", reason=reason, status=known.status, purged_at=known.purged_at
    )


def _told(file_id: str, known: Known, outcome: Literal["trashed", "restored", "purged", "repeated"]) -> TrashAnswer:
    return TrashAnswer(
        file_id=file_id,
        outcome=outcome,
        status=known.status,
        trashed_at=known.trashed_at,
        purged_at=known.purged_at,
    )


def _in_order(desk: _Desk, file_ids: Sequence[str]) -> list[TrashAnswer]:
    """Answer in the order asked; a file asked for twice was done once."""
    told, seen = [], set[str]()
    for file_id in file_ids:
        answer = desk.done[file_id]
        again = file_id in seen and answer.outcome == desk.deed
        told.append(msgspec.structs.replace(answer, outcome="repeated") if again else answer)
        seen.add(file_id)
    return told


def _tell(world: Cloud, desk: _Desk) -> None:
    done = sum(answer.outcome == desk.deed for answer in desk.done.values())
    if done:
        metrics.tell(world.settings.stage, world.now(), {f"Files{desk.deed.capitalize()}": done})
