"""A page of an owner's files is owed to a new PC. Running over a page again, or twice at once, owes nothing twice."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chalicelib import log
from chalicelib.cloud import Cloud
from chalicelib.debts import notices
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.keeping import retention
from chalicelib.keeping.retention import CloudCopy
from chalicelib.metadata import files, ledger
from chalicelib.metadata.devices import Device
from chalicelib.metadata.files import File, Status

_IN = (Status.UPLOADED, Status.DOWNLOADED)
_TRIES = 6
# A debt is two operations, and each write also moves the counters and looks at the profile; a write holds a hundred.
_FILES_IN_ONE_WRITE = 49
# Ten writes; some 400 KB.
_FILES_IN_ONE_PAGE = 490


class Done(NamedTuple):
    """A page that was worked off: after which file the next begins, `None` if it was the last, and what it changed.

    `elsewhere` is how many of its files the PC cannot be owed, as only other PCs have them any more.
    """

    last: str | None
    changed: int
    elsewhere: int = 0


def owe_page(world: Cloud, owner_id: str, device: Device, after: str | None) -> Done | None:
    """Owe one page of files to a PC; `None` if it was revoked meanwhile."""
    page = files.page(world.table, owner_id, limit=_FILES_IN_ONE_PAGE, after=after, newest_first=False)
    every = [files.read(item) for item in page.items]
    found = [file for file in every if is_missing(file, device.device_id)]
    owed = 0
    for start in range(0, len(found), _FILES_IN_ONE_WRITE):
        count = owe(world, device, found[start : start + _FILES_IN_ONE_WRITE])
        if count is None:
            return None
        owed += count
    return Done(page.last, owed, sum(is_elsewhere(file, device.device_id) for file in every))


def is_missing(file: File, device_id: str) -> bool:
    """Whether a PC has to be owed a file: it is in the cloud, and neither at this PC's home nor on its way there."""
    in_cloud = file.status in _IN and retention.cloud_copy(file) != CloudCopy.GONE
    return in_cloud and device_id not in file.owed_to and device_id not in file.home


def is_elsewhere(file: File, device_id: str) -> bool:
    """Whether only other PCs have a file: it is no more in the cloud, so that nobody can be owed it."""
    return file.status in _IN and retention.cloud_copy(file) == CloudCopy.GONE and device_id not in file.home


def owe(world: Cloud, device: Device, found: Sequence[File]) -> int | None:
    """Owe files in one write; see them anew if one of them has changed meanwhile. `None` if the PC was revoked."""
    owner_id = found[0].owner_id
    for _ in range(_TRIES):
        missing = list(_kept(world, found, device.device_id))
        if not missing:
            return 0
        try:
            _write(world, device, missing)
        except ConditionFailedError as error:
            if 0 in error.found:
                return None
            found = list(files.find_many(world.table, owner_id, (file.file_id for file in missing)).values())
            continue
        return len(missing)
    raise CrowdedError(f"a page of files of PC {device.device_id!r} met other writers {_TRIES} times")


def _kept(world: Cloud, found: Sequence[File], device_id: str) -> Iterator[File]:
    """Name what is missing and stays in the cloud; what was about to leave is held back first."""
    for file in found:
        if not is_missing(file, device_id):
            continue
        if retention.cloud_copy(file) == CloudCopy.KEPT:
            yield file
        elif retention.keep(world, file):
            now_there = files.find(world.table, file.owner_id, file.file_id)
            if now_there and is_missing(now_there, device_id):
                yield now_there


def _write(world: Cloud, device: Device, missing: Sequence[File]) -> None:
    """Write the debts in one write and ring. The first operation fails alone if the PC was revoked."""
    now, owner_id = world.now_text(), missing[0].owner_id
    told = [notices.of(file, world.settings.bucket) for file in missing]
    again = [files.owed_again(file, device.device_id) for file in missing]
    debts = [ledger.owe(device.device_id, notice, now) for notice in told]
    home = [file for file in missing if file.status == Status.DOWNLOADED]
    usage = files.moved(home, Status.DOWNLOADED, Status.UPLOADED)
    world.table.write(ledger.still_claims(owner_id, device.device_id), *again, *debts, *usage)
    for file in missing:
        log.logger.info("owed", extra={**log.about(owner_id, file.file_id), "device_id": device.device_id})
    notices.ring(world, device.queue_url or "", told)
