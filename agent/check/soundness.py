"""What one file at home looks like, against what the catalog says of it. Reads, and changes nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from agent.check import humble
from agent.drive import dates, disk
from agent.errors import UnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.check.audit import Kept
    from agent.drive.home import Home

CHUNK = 1024 * 1024
UNREADABLE_SECTOR = frozenset({errno.EIO, errno.EBADMSG, getattr(errno, "EUCLEAN", errno.EIO)})


class State(StrEnum):
    """What a file was found to be."""

    WHOLE = "whole"
    MOVED = "moved"
    """Whole, but elsewhere: a person moved or renamed it."""
    DAMAGED = "damaged"
    """Other bytes under its name, though nobody wrote to it since: the drive lost them."""
    EDITED = "edited"
    """Other bytes under its name, written after it came home: a program did. The bytes of the phone are not at home."""
    GONE = "gone"
    UNREADABLE = "unreadable"
    """Nobody can say: no right to read it, or another program has it."""


LOST = {State.DAMAGED: "damaged", State.EDITED: "damaged", State.GONE: "gone"}
"""What the cloud is told of them."""


@dataclass(frozen=True)
class Finding:
    """What was found of one file; `told` is the new path or the reason."""

    kept: Kept
    state: State
    told: str = ""


def look(home: Home, kept: Kept, passing: Callable[[int], None]) -> Finding:
    """Look at a file in its place. A file of another size is not hashed."""
    try:
        target = disk.place(home, kept.path)
        seen = target.stat(follow_symlinks=False)
        if not stat.S_ISREG(seen.st_mode):
            return Finding(kept, State.GONE)
        if seen.st_size == kept.size and hash_of(target, passing) == kept.sha256:
            return Finding(kept, State.WHOLE)
    except (FileNotFoundError, NotADirectoryError):
        return Finding(kept, State.GONE)
    except UnwritableError as error:
        return Finding(kept, State.UNREADABLE, str(error))
    except OSError as error:
        state = State.DAMAGED if error.errno in UNREADABLE_SECTOR else State.UNREADABLE
        return Finding(kept, state, error.strerror or str(error))
    return Finding(kept, State.EDITED if written_since(seen, kept.home_at) else State.DAMAGED)


def hash_of(path: Path, passing: Callable[[int], None]) -> str:
    """Hash a whole file from the drive, piece by piece."""
    hashed, piece = hashlib.sha256(), bytearray(CHUNK)
    view = memoryview(piece)
    with path.open("rb", buffering=0) as opened:
        humble.from_the_drive(opened)
        while count := opened.readinto(piece):
            hashed.update(view[:count])
            passing(count)
    return hashed.hexdigest()


def written_since(seen: os.stat_result, home_at: str) -> bool:
    """Tell whether a file was written after it came home; we give it the time it was taken, which is before."""
    came = dates.instant(home_at)
    return came is not None and seen.st_mtime > came.timestamp() + disk.COARSEST_SECONDS
