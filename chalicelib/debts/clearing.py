"""A page of an owner's files forgets a PC that was revoked: what it was owed, and what it has at home.

Running over a page again, or twice at once, changes nothing more.
"""

from collections.abc import Iterator, Sequence

from chalicelib import log
from chalicelib.cloud import Cloud
from chalicelib.debts import homes
from chalicelib.debts.catch_up import Done
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.keeping import retention
from chalicelib.keeping.retention import CloudCopy
from chalicelib.metadata import files, ledger
from chalicelib.metadata.devices import Device
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Operation
from chalicelib.upkeep import trouble

_TRIES = 6
# A file is at most two operations, and each write also moves the counters and remembers what was lost.
_FILES_IN_ONE_WRITE = 49
_FILES_IN_ONE_PAGE = 490


def clear_page(world: Cloud, owner_id: str, device: Device, after: str | None) -> Done:
    """Let one page of files forget a PC."""
    page = files.page(world.table, owner_id, limit=_FILES_IN_ONE_PAGE, after=after, newest_first=False)
    found = [file for file in map(files.read, page.items) if names(file, device.device_id)]
    for start in range(0, len(found), _FILES_IN_ONE_WRITE):
        _clear(world, device, found[start : start + _FILES_IN_ONE_WRITE])
    return Done(page.last, len(found))


def names(file: File, device_id: str) -> bool:
    """Whether a file is owed to a PC, or at home on it."""
    return device_id in file.owed_to or device_id in file.home


def _clear(world: Cloud, device: Device, found: Sequence[File]) -> None:
    owner_id = found[0].owner_id
    for _ in range(_TRIES):
        named = [file for file in _held_back(world, found, device.device_id) if names(file, device.device_id)]
        if not named:
            return
        try:
            _write(world, device, named)
        except ConditionFailedError:
            found = list(files.find_many(world.table, owner_id, (file.file_id for file in named)).values())
            continue
        return
    raise CrowdedError(f"a page of files of PC {device.device_id!r} met other writers {_TRIES} times")


def _held_back(world: Cloud, found: Sequence[File], device_id: str) -> Iterator[File]:
    """Hold back the cloud copies of files that no PC has but this one."""
    for file in found:
        yield held_back(world, file) if is_alone(file, device_id) else file


def is_alone(file: File, device_id: str) -> bool:
    """Whether a file would be nowhere at home without a PC: then its cloud copy is all there is, in the trash, too."""
    after = homes.forgotten(file, device_id, "")
    return after.status != file.status or (file.status == Status.TRASHED and not after.home)


def held_back(world: Cloud, file: File) -> File:
    """Return a file once its cloud copy stays, or is known to be gone: one that was about to leave is kept."""
    if not homes.may_come_back(file, world.now()):
        return file
    retention.keep(world, file)
    now_there = files.find(world.table, file.owner_id, file.file_id) or file
    if retention.cloud_copy(now_there) == CloudCopy.LEAVING:
        raise CrowdedError(f"the cloud copy of file {file.file_id!r} is let go and held back at once")
    return now_there


def _write(world: Cloud, device: Device, named: Sequence[File]) -> None:
    now = world.now_text()
    changes = [(file, homes.forgotten(file, device.device_id, now)) for file in named]
    operations = [
        operation
        for before, after in changes
        for operation in (
            *ledger.restated(before, after),
            *([ledger.settle(device.device_id, before.file_id)] if device.device_id in before.owed_to else []),
        )
    ]
    lost = [after for before, after in changes if after.status == Status.LOST != before.status]
    world.table.write(*operations, *ledger.recounted(changes), *_remembered(world, device, lost))
    for _, after in changes:
        about = log.about(after.owner_id, after.file_id)
        log.logger.info("PC forgotten", extra={**about, "device_id": device.device_id, "status": after.status})
    tell_lost(world, device.device_id, lost, "a PC was revoked that alone had files; their cloud copies are gone")


def _remembered(world: Cloud, device: Device, lost: Sequence[File]) -> list[Operation]:
    if not lost:
        return []
    owner_id, count = lost[0].owner_id, len(lost)
    return [ledger.remember(owner_id, "lost", world.now(), world.new_id(), deviceId=device.device_id, count=count)]


def tell_lost(world: Cloud, device_id: str, lost: Sequence[File], what: str) -> None:
    """Report files that no PC has any more, and the cloud neither."""
    if not lost:
        return
    for file in lost:
        log.logger.error("lost", extra={**log.about(file.owner_id, file.file_id), "device_id": device_id})
    owner = log.owner_hash(lost[0].owner_id)
    trouble.report(world, what, owner_hash=owner, device_id=device_id, count=len(lost))
