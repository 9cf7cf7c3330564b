"""What this machine remembers between two pushes: the hashes of files, and which uploads it has begun.

One SQLite file, used by one thread. All of it can be found out again, so a damaged ledger is thrown away.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Self

from agent.push.local import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from agent.push.local import LocalFile

SCHEMA = """
CREATE TABLE IF NOT EXISTS hashes (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode TEXT NOT NULL,
    sha256 TEXT NOT NULL, part_size INTEGER NOT NULL, part_hashes BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS begun (sha256 TEXT PRIMARY KEY) WITHOUT ROWID;
"""
SETTLED_NS = 3_000_000_000
"""A file younger than this may change once more within the same tick of its file system's clock (FAT: two seconds)."""


class Ledger:
    """This machine's memory of pushing."""

    def __init__(self, path: Path) -> None:
        """Open or make the ledger."""
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            for ending in ("", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            self._db = _open(path)

    def __enter__(self) -> Self:
        """Use as a context that closes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._db.close()

    def find(self, file: LocalFile) -> Digest | None:
        """Return the hash of a file that has not changed since."""
        row = self._db.execute(
            "SELECT sha256, part_size, part_hashes FROM hashes WHERE (path, size, mtime_ns, inode) = (?, ?, ?, ?)",
            _key(file),
        ).fetchone()
        return Digest(*row) if row else None

    def keep(self, file: LocalFile, digest: Digest, now_ns: int) -> None:
        """Remember a file's hash, unless the file is so young that it could change unnoticed."""
        if now_ns - file.stamp.mtime_ns > SETTLED_NS:
            values = [*_key(file), digest.sha256, digest.part_size, digest.part_hashes]
            self._db.execute("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def begun(self, hashes: Iterable[str]) -> None:
        """Remember contents whose upload was begun: what is begun is not safe."""
        self._db.executemany("INSERT OR IGNORE INTO begun VALUES (?)", [(sha256,) for sha256 in hashes])

    def is_begun(self, sha256: str) -> bool:
        """Tell whether an upload of these contents was begun and never seen to arrive."""
        return self._db.execute("SELECT 1 FROM begun WHERE sha256 = ?", [sha256]).fetchone() is not None

    def over(self, sha256: str) -> None:
        """Forget an upload: its file is safe, or not wanted."""
        self._db.execute("DELETE FROM begun WHERE sha256 = ?", [sha256])


def _open(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, isolation_level=None)
    try:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("PRAGMA synchronous = NORMAL")
        made.executescript(SCHEMA)
    except sqlite3.DatabaseError:
        made.close()
        raise
    return made


def _key(file: LocalFile) -> list[object]:
    """Tell a state of a file. A path may be no text, and an inode of Windows more than SQLite's numbers hold."""
    return [os.fsencode(file.path), file.stamp.size, file.stamp.mtime_ns, str(file.stamp.inode)]
