"""A file as it lies in the folder, as it was hashed, and what became of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True)
class Stamp:
    """What changes when a file does, as far as the file system tells."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class LocalFile:
    """A file as the walk found it; `local_id` is its path below the folder, fit to be shown and sent."""

    path: Path
    local_id: str
    stamp: Stamp
    taken_at: str | None = None

    @property
    def name(self) -> str:
        """Return the file's own name, fit to be sent."""
        return self.local_id.rpartition("/")[2]

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return self.stamp.size


@dataclass(frozen=True)
class Digest:
    """The SHA-256 of a file, and of each of its parts if it is to be sent in parts."""

    sha256: str
    part_size: int = 0
    part_hashes: bytes = b""


@dataclass(frozen=True)
class Hashed:
    """A file whose contents are known; `group_id` ties the pieces of one Live Photo, `tries` counts fresh starts."""

    file: LocalFile
    digest: Digest
    group_id: str | None = None
    tries: int = 0

    @property
    def sha256(self) -> str:
        """Return the hash of the whole."""
        return self.digest.sha256


@dataclass(frozen=True)
class Unsettled:
    """Files of one family that have to be hashed again, because one of them changed or was read wrongly."""

    files: list[LocalFile]
    why: str
    group_id: str | None = None
    tries: int = 0


class Fate(StrEnum):
    """What became of a file."""

    SAFE = "safe"
    KNOWN = "known"
    SKIPPED = "skipped"
    FAILED = "failed"
    WOULD_SEND = "wouldSend"


@dataclass(frozen=True)
class Outcome:
    """What became of one file, and why."""

    local_id: str
    fate: Fate
    size: int = 0
    reason: str = ""
    file_id: str | None = None


def fit(text: str, longest: int) -> str:
    """Make a name that the file system gave fit to be sent: whole characters, not too many, the end kept."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[-longest:]
