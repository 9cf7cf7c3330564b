"""Where else in the home folder a file may lie that is not in its place: a person moved or renamed it.

The home folder is walked once, and only when something is missing; what is found lies in a file of SQLite's own, so a
large home costs no memory.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from agent.drive import disk
from agent.errors import UnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.check.audit import Kept
    from agent.drive.home import Home


class Elsewhere:
    """Finds files of a home folder by their contents."""

    def __init__(self, home: Home, may_be: Callable[[str, str], bool], hashed: Callable[[int], None]) -> None:
        """Take the home folder, who tells whether a path may be a file's, and who counts what is read."""
        self._home, self._may_be, self._hashed = home, may_be, hashed
        self._db: sqlite3.Connection | None = None

    def find(self, kept: Kept) -> str | None:
        """Return another path of a file's contents, if no other file of the catalog has that path.

        It then stands for this file alone: one copy is not the copy of two.
        """
        for path, known in self._of_size(kept.size):
            if path == kept.path or not self._may_be(path, kept.file_id):
                continue
            if (known or self._hash(path, kept.size)) == kept.sha256:
                self._claim(path)
                return path
        return None

    def close(self) -> None:
        """Forget it all."""
        if self._db:
            self._db.close()

    def _of_size(self, size: int) -> list[tuple[str, str | None]]:
        self._db = self._db or self._walked()
        return self._db.execute("SELECT path, sha256 FROM found WHERE size = ? ORDER BY path", [size]).fetchall()

    def _walked(self) -> sqlite3.Connection:
        made = sqlite3.connect("", isolation_level=None)
        made.execute("CREATE TABLE found (path TEXT PRIMARY KEY, size INTEGER, sha256 TEXT) WITHOUT ROWID")
        made.execute("BEGIN")
        made.executemany("INSERT OR IGNORE INTO found (path, size) VALUES (?, ?)", files_below(self._home))
        made.execute("CREATE INDEX by_size ON found (size)")
        made.execute("COMMIT")
        return made

    def _claim(self, path: str) -> None:
        assert self._db
        self._db.execute("DELETE FROM found WHERE path = ?", [path])

    def _hash(self, path: str, size: int) -> str | None:
        """Hash a file once, however many look for their contents in it."""
        assert self._db
        try:
            sha256 = disk.sha256_of(disk.place(self._home, path))
        except (OSError, UnwritableError):
            return None
        self._hashed(size)
        self._db.execute("UPDATE found SET sha256 = ? WHERE path = ?", [sha256, path])
        return sha256


def files_below(home: Home) -> Iterator[tuple[str, int]]:
    """Go through all files of a home folder but the agent's own: path below home, and size. Links are not followed."""
    folders = [""]
    while folders:
        below = folders.pop()
        try:
            with os.scandir(home.folder / below if below else home.folder) as there:
                entries = list(there)
        except OSError:
            continue
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if not _speakable(path) or path == home.state.name:
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield path, entry.stat(follow_symlinks=False).st_size


def _speakable(path: str) -> bool:
    """Whether a name is text at all; Linux has others, and the catalog cannot hold them."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
