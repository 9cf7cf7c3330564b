"""A file at home that the cloud asks for: found by catalog, or by its contents where a person moved it; hashed anew.

What it was when it came home proves nothing about today: only bytes that were read and hashed now are sent.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from agent.check.audit import Kept
from agent.check.soundness import LOST, Finding, State, look
from agent.drive import disk
from agent.errors import HomeMissingError, UnwritableError
from agent.push import hashing
from agent.push.errors import UnreadableError
from agent.push.local import Hashed, LocalFile
from agent.push.walk import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.check.audit import Audit
    from agent.check.elsewhere import Elsewhere
    from agent.drive.home import Home
    from agent.recall.api import Recall


class Finder:
    """Finds files of a home folder."""

    def __init__(self, home: Home, audit: Audit, elsewhere: Elsewhere, seen: Callable[[int], None]) -> None:
        """Take where to look; `seen` is told of each piece that is read, and may raise to stop."""
        self._home, self._audit, self._elsewhere, self._seen = home, audit, elsewhere, seen
        self._mark = home.mark()

    def find(self, recall: Recall) -> tuple[Finding, Hashed | None]:
        """Find a file, whole; or say how it was lost."""
        known = self._audit.kept(recall.file_id)
        path, home_at = (known.path, known.home_at) if known else ("", "")
        kept = Kept(recall.file_id, path, recall.size, recall.sha256, home_at, lost=bool(known and known.lost))
        hashed = self._hashed(kept, path) if path else None
        if hashed:
            return Finding(kept, State.WHOLE), hashed
        # A drive that was unplugged in the middle has every file gone: its files are not lost.
        if self._home.mark() != self._mark:
            raise HomeMissingError(self._home)
        moved = self._elsewhere.find(kept)
        hashed = self._hashed(kept, moved) if moved else None
        if moved and hashed:
            return Finding(kept, State.MOVED, moved), hashed
        found = look(self._home, kept, self._seen)
        if found.state not in LOST:
            raise UnreadableError(path, found.told or "it was being written")
        return found, None

    def _hashed(self, kept: Kept, path: str) -> Hashed | None:
        """Hash a file and, in the same go, the parts that it will be sent in; nothing if it is not the file."""
        try:
            target = disk.place(self._home, path)
            there = target.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnwritableError) as error:
            raise UnreadableError(path, error) from error
        if not stat.S_ISREG(there.st_mode) or there.st_size != kept.size:
            return None
        file = LocalFile(target, path, stamp_of(there))
        digest = hashing.digest(file, self._seen)
        return Hashed(file, digest) if digest.sha256 == kept.sha256 else None
