"""The grace: how long a cloud copy stays after the last PC has its file, and when a copy may leave. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import moments
from chalicelib.metadata.files import File, Status

# An owner may change the grace, and a PC may be paired or revoked: nothing waits longer without being looked at again.
LONGEST_WAIT = timedelta(days=30)
# Media work is asked for again and again, but not for longer than this (see media/tasks.py).
MEDIA_GIVEN_UP = timedelta(days=3)
NEXT_LOOK = timedelta(hours=1)
# However short the grace, and whoever takes it home meanwhile, a copy that a PC sent back is there for so long.
RECALLED = timedelta(days=30)


@dataclass(frozen=True)
class LetGo:
    """The copy may leave: this PC, one of the owner's, holds the file."""

    holder: str


@dataclass(frozen=True)
class Wait:
    """The copy stays, at least until then."""

    until: datetime


def next_step(
    file: File, pcs: Collection[str], days: int | None, now: datetime, *, media_owed: bool = False
) -> LetGo | Wait:
    """Decide about the copy of a file, given the owner's PCs and grace; without a PC that holds it, it never leaves.

    Nor, however short the grace, before it was looked into, or that was given up.
    """
    holder = next((device_id for device_id in sorted(pcs) if device_id in file.home), None)
    since = file.kept_at or file.downloaded_at
    safe = file.status == Status.DOWNLOADED and not file.owed_to and file.version_id is not None
    if not safe or holder is None or since is None or days is None:
        return Wait(now + LONGEST_WAIT)
    ends = max([moments.from_text(since) + timedelta(days=days), *_promised(file)])
    if now < ends:
        return Wait(min(ends, now + LONGEST_WAIT))
    given_up_at = moments.from_text(file.uploaded_at or since) + MEDIA_GIVEN_UP
    return Wait(min(now + NEXT_LOOK, given_up_at)) if media_owed and now < given_up_at else LetGo(holder)


def _promised(file: File) -> list[datetime]:
    return [moments.from_text(file.returned_at) + RECALLED] if file.returned_at else []
