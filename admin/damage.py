"""What is wrong with a file, from all that table and bucket know of it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from admin.listings import Seen, Version
from chalicelib.debts import catch_up
from chalicelib.keeping import retention
from chalicelib.keeping.retention import CloudCopy
from chalicelib.metadata.files import File, Status

_IN_CLOUD = (Status.UPLOADED, Status.DOWNLOADED, Status.TRASHED)
HOLDING = _IN_CLOUD


class Damage(StrEnum):
    """What may be wrong."""

    MISSING = "missing object"
    HIDDEN = "hidden object"
    SIZE = "other size"
    ORPHAN = "object without file"
    UNWANTED = "unwanted object"
    TAGGED = "tagged, yet to stay"
    LEAVING = "leaving, yet owed"
    NO_DEBT = "owed without a debt"
    STRAY_DEBT = "debt without a file that owes"
    NOT_OWED = "neither home nor owed"
    POINTER = "pointer astray"
    COUNTER = "counters differ"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: with which file, and which PC it concerns."""

    damage: Damage
    file_id: str
    detail: str = ""
    device_id: str = ""


def judge(seen: Seen, settled: frozenset[str]) -> list[Finding]:
    """Name what is wrong with a file; `settled` are the PCs that should be owed whatever they have not got."""
    if seen.file is None:
        return [*_judge_object(seen), *_stray(seen, frozenset())]
    return [*_judge_copy(seen, seen.file), *_judge_debts(seen, seen.file, settled)]


def own_version(file: File, versions: tuple[Version, ...]) -> Version | None:
    """Find the version that PCs are told of."""
    mine = [one for one in versions if one.key == file.key and not one.is_marker]
    return next((one for one in mine if one.version_id == file.version_id or not file.version_id), None)


def stays(file: File) -> bool:
    """Whether a file's cloud copy is there to stay."""
    return file.status in _IN_CLOUD and retention.cloud_copy(file) == CloudCopy.KEPT


def _judge_object(seen: Seen) -> Iterator[Finding]:
    there = [one for one in seen.versions if not one.is_marker]
    if there and seen.is_unwanted:
        yield Finding(Damage.UNWANTED, seen.file_id, there[0].key)
    elif any(one.is_latest for one in there):
        yield Finding(Damage.ORPHAN, seen.file_id, there[0].key)


def _judge_copy(seen: Seen, file: File) -> Iterator[Finding]:
    own = own_version(file, seen.versions)
    if stays(file) and own is None:
        yield Finding(Damage.MISSING, file.file_id, f"{file.status}, {len(file.home)} PCs hold it")
    if stays(file) and own and not own.is_latest:
        yield Finding(Damage.HIDDEN, file.file_id, file.key)
    if own and file.status in _IN_CLOUD and own.size != file.size:
        yield Finding(Damage.SIZE, file.file_id, f"{own.size} bytes lie there, {file.size} were declared")
    if file.tagged_at and file.owed_to:
        yield Finding(Damage.LEAVING, file.file_id, f"since {file.tagged_at}")


def _judge_debts(seen: Seen, file: File, settled: frozenset[str]) -> Iterator[Finding]:
    for device_id in sorted(file.owed_to & settled - seen.debts):
        yield Finding(Damage.NO_DEBT, file.file_id, device_id=device_id)
    yield from _stray(seen, file.owed_to)
    for device_id in sorted(settled):
        if catch_up.is_missing(file, device_id):
            yield Finding(Damage.NOT_OWED, file.file_id, file.status, device_id)


def _stray(seen: Seen, owed_to: frozenset[str]) -> Iterator[Finding]:
    return (Finding(Damage.STRAY_DEBT, seen.file_id, device_id=one) for one in sorted(seen.debts - owed_to))
