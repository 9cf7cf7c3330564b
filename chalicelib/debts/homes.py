"""Where a file is at home, and what is left of that when a PC is revoked or has lost it. Pure.

At home means: on the disk of a PC that is paired now. A copy on a PC that was revoked is in hands that its owner no
longer vouches for, so it counts for nothing: neither for the status, nor for letting the cloud copy go.
"""

from datetime import datetime, timedelta

import msgspec

from chalicelib import moments
from chalicelib.metadata.files import File, Status

# S3 keeps a version for thirty days after it expired, and counts days in its own way.
COMES_BACK_WITHIN = timedelta(days=32)

_SETTLED = (Status.UPLOADED, Status.DOWNLOADED, Status.LOST)


def forgotten(file: File, device_id: str, now: str) -> File:
    """Return a file as it is without a PC that was revoked."""
    home = {pc: at for pc, at in file.home.items() if pc != device_id}
    return _settled(msgspec.structs.replace(file, owed_to=file.owed_to - {device_id}, home=home), now)


def lost(file: File, device_id: str, now: str, *, in_cloud: bool) -> File:
    """Return a file as it is once a PC has lost it: owed again, if there is a cloud copy to be had."""
    left = forgotten(file, device_id, now)
    return _settled(msgspec.structs.replace(left, owed_to=left.owed_to | {device_id}), now) if in_cloud else left


def found(file: File, device_id: str, now: str) -> File:
    """Return a lost file as it is once a PC has shown that it has it after all."""
    return _settled(msgspec.structs.replace(file, home={**file.home, device_id: now}), now)


def may_come_back(file: File, now: datetime) -> bool:
    """Whether a file's cloud copy is leaving, or went so lately that it might still be brought back."""
    if file.tagged_at is None:
        return False
    return file.gone_at is None or now < moments.from_text(file.gone_at) + COMES_BACK_WITHIN


def _settled(file: File, now: str) -> File:
    """Return a file with the status that its debts, its homes and its cloud copy mean."""
    status = _status(file)
    downloaded_at = file.downloaded_at if status == file.status else now if status == Status.DOWNLOADED else None
    return msgspec.structs.replace(file, status=status, downloaded_at=downloaded_at)


def _status(file: File) -> Status:
    if file.status not in _SETTLED:
        return file.status
    if file.owed_to:
        return Status.UPLOADED
    if file.home:
        return Status.DOWNLOADED
    return Status.LOST if file.gone_at else Status.UPLOADED
