"""What to do next about a file, decided from what is on disk. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.fetch.notices import Notice


@dataclass(frozen=True)
class OnDisk:
    """What is on disk for one file, at the path intended for it and as a partial."""

    taken: bool = False
    known_whole: bool = False
    finished_sha256: str | None = None
    partial_contents: str | None = None
    partial_bytes: int = 0


@dataclass(frozen=True)
class Confirm:
    """It is home already: only the receipt is missing."""


@dataclass(frozen=True)
class Fetch:
    """Bring the bytes from `start` on."""

    start: int = 0


@dataclass(frozen=True)
class Finish:
    """All bytes are in the partial: verify and publish."""


@dataclass(frozen=True)
class StepAside:
    """Other contents have the path: take the next one."""


Step = Confirm | Fetch | Finish | StepAside


def next_step(notice: Notice, here: OnDisk) -> Step:
    """Decide what to do about a notice, given what is on disk.

    A partial begun for other contents is never resumed: the halves would come from different files.
    A file that has the path and is not ours is never overwritten, whoever put it there.
    """
    if here.known_whole or (notice.sha256 is not None and here.finished_sha256 == notice.sha256):
        return Confirm()
    if here.taken:
        return StepAside()
    if here.partial_contents != notice.contents or here.partial_bytes > notice.size or here.partial_bytes == 0:
        return Fetch()
    if here.partial_bytes == notice.size:
        return Finish()
    return Fetch(start=here.partial_bytes)
