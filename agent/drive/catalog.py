"""What this PC knows: which file has which path, which receipts are not taken yet, which files give trouble.

One SQLite file in WAL mode, used by one thread. A path is recorded before its file is published, so a crash on any line
finds the same path again. Paths are unique under case and composition. Many files are asked of and written in one
statement: at each, the interpreter's lock goes to whichever worker waits for it, and that takes longer than the rest.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from agent.drive.names import twin_key
from agent.errors import BrokenCatalogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from agent.fetch.notices import Notice

FORM = 2
"""Counted up when a column is added: an earlier catalog is made anew, what is home is found again."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    file_id TEXT PRIMARY KEY, path TEXT NOT NULL, twin_key TEXT NOT NULL UNIQUE, contents TEXT NOT NULL,
    name TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT, version_id TEXT,
    intended_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')), home_at TEXT,
    verified_at TEXT, lost_at TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_home_at ON files (home_at);
CREATE TABLE IF NOT EXISTS receipts (
    file_id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, path TEXT NOT NULL,
    due REAL NOT NULL DEFAULT 0, refused TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS troubles (
    file_id TEXT PRIMARY KEY, tries INTEGER NOT NULL, error TEXT NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (what TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
INTEND = (
    "INSERT INTO files (file_id, path, twin_key, contents, name, size, sha256, version_id) VALUES {}"
    " ON CONFLICT (file_id) DO UPDATE SET path = excluded.path, twin_key = excluded.twin_key,"
    " contents = excluded.contents, name = excluded.name, size = excluded.size, sha256 = excluded.sha256,"
    " version_id = excluded.version_id, home_at = NULL, lost_at = NULL, verified_at = NULL"
)
OWE_RECEIPT = "INSERT OR REPLACE INTO receipts (file_id, sha256, size, path) VALUES {}"
AMONG = "IN (SELECT value FROM json_each(?))"
ENTRY = "file_id, path, contents, size, sha256, home_at IS NOT NULL AND lost_at IS NULL"


@dataclass(frozen=True)
class Entry:
    """One file in the catalog; `home` says that it is published, verified and flushed, and was not found lost since."""

    file_id: str
    path: str
    contents: str
    size: int
    sha256: str | None
    home: bool


@dataclass(frozen=True)
class Receipt:
    """This PC's word that the whole, verified file is on its disk."""

    file_id: str
    sha256: str
    size: int
    path: str


@dataclass(frozen=True)
class Trouble:
    """How often a file failed, why, and until when (seconds since 1970) it is left alone."""

    file_id: str
    tries: int
    error: str
    until: float


class Catalog:
    """The PC's own record of its files."""

    def __init__(self, path: Path) -> None:
        """Open or make the catalog."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._require_form(path)
            self._db.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise BrokenCatalogError(path, error) from error

    def __enter__(self) -> Self:
        """Use as a context that closes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._db.close()

    def _require_form(self, path: Path) -> None:
        """Refuse a catalog that lacks columns; mark a new one."""
        (form,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if form != FORM and tables:
            self._db.close()
            raise BrokenCatalogError(path, f"its form is {form}, expected {FORM}; another version of the agent made it")
        if form != FORM:
            self._db.execute(f"PRAGMA user_version = {FORM}")

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make all changes inside at once, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def find(self, file_id: str) -> Entry | None:
        """Find a file."""
        row = self._db.execute(
            f"SELECT {ENTRY} FROM files WHERE file_id = ?",  # noqa: S608 - our own words
            [file_id],
        ).fetchone()
        return _entry(row) if row else None

    def find_all(self, file_ids: Iterable[str]) -> dict[str, Entry]:
        """Find those of the files that are there, by their ids."""
        rows = self._db.execute(f"SELECT {ENTRY} FROM files WHERE file_id {AMONG}", [_listed(file_ids)])  # noqa: S608 - our own words
        return {row[0]: _entry(row) for row in rows}

    def taken(self, twin_keys: Iterable[str]) -> set[str]:
        """Return those of the folded paths that some file has."""
        rows = self._db.execute(f"SELECT twin_key FROM files WHERE twin_key {AMONG}", [_listed(twin_keys)])  # noqa: S608 - our own words
        return {row[0] for row in rows}

    def is_free(self, path: str, file_id: str) -> bool:
        """Tell whether no other file has the path, or one that a file system may take for it."""
        row = self._db.execute("SELECT file_id FROM files WHERE twin_key = ?", [twin_key(path)]).fetchone()
        return row is None or row[0] == file_id

    def intend(self, notice: Notice, path: str) -> Entry:
        """Record the path a file is going to have, before anything is written there."""
        return self.intend_all([(notice, path)])[0]

    def intend_all(self, intended: Sequence[tuple[Notice, str]]) -> list[Entry]:
        """Record the paths that files are going to have."""
        if not intended:
            return []
        values = [
            (one.file_id, path, twin_key(path), one.contents, one.name, one.size, one.sha256, one.version_id)
            for one, path in intended
        ]
        self._db.execute(INTEND.format(_places(values)), [*itertools.chain(*values)])
        return [Entry(one.file_id, path, one.contents, one.size, one.sha256, home=False) for one, path in intended]

    def came_home(self, *receipts: Receipt) -> None:
        """Record that files are home, together with the receipts that say so."""
        if not receipts:
            return
        self._db.execute(
            "UPDATE files SET sha256 = told.value, home_at = coalesce(iif(lost_at IS NULL, home_at, NULL),"
            " strftime('%Y-%m-%dT%H:%M:%fZ')), lost_at = NULL FROM json_each(?) AS told WHERE file_id = told.key",
            [json.dumps({one.file_id: one.sha256 for one in receipts})],
        )
        values = [(one.file_id, one.sha256, one.size, one.path) for one in receipts]
        self._db.execute(OWE_RECEIPT.format(_places(values)), [*itertools.chain(*values)])
        self.forget_trouble(*(one.file_id for one in receipts))

    def receipts(self, now: float, limit: int = 100, longest: float = 3600.0) -> list[Receipt]:
        """List receipts that are due; one due later than the longest wait was refused under a wrong clock."""
        rows = self._db.execute(
            "SELECT file_id, sha256, size, path FROM receipts WHERE due <= ? OR due > ? ORDER BY due, file_id LIMIT ?",
            [now, now + longest, limit],
        )
        return [Receipt(*row) for row in rows]

    def awaiting(self, file_ids: Iterable[str]) -> set[str]:
        """Return those of the files whose receipts are still to be taken."""
        rows = self._db.execute(f"SELECT file_id FROM receipts WHERE file_id {AMONG}", [_listed(file_ids)])  # noqa: S608 - our own words
        return {row[0] for row in rows}

    def receipt_taken(self, *file_ids: str) -> None:
        """Forget receipts that the cloud has taken."""
        self._db.execute(f"DELETE FROM receipts WHERE file_id {AMONG}", [_listed(file_ids)])  # noqa: S608 - our own words

    def receipt_refused(self, file_id: str, reason: str, due: float) -> None:
        """Keep a refused receipt, with the reason, and send it again later."""
        self._db.execute("UPDATE receipts SET refused = ?, due = ? WHERE file_id = ?", [reason, due, file_id])

    def trouble(self, file_id: str) -> Trouble | None:
        """Find what is known about a file's trouble."""
        return self.troubles_of([file_id]).get(file_id)

    def troubles_of(self, file_ids: Iterable[str]) -> dict[str, Trouble]:
        """Find what is known about the troubles of files, by their ids."""
        rows = self._db.execute(f"SELECT * FROM troubles WHERE file_id {AMONG}", [_listed(file_ids)])  # noqa: S608 - our own words
        return {row[0]: Trouble(*row) for row in rows}

    def note_trouble(self, trouble: Trouble) -> None:
        """Keep a file's trouble."""
        self._db.execute(
            "INSERT OR REPLACE INTO troubles VALUES (?, ?, ?, ?)",
            [trouble.file_id, trouble.tries, trouble.error, trouble.until],
        )

    def forget_trouble(self, *file_ids: str) -> None:
        """Forget the trouble of files: they came home, or are not owed any more."""
        self._db.execute(f"DELETE FROM troubles WHERE file_id {AMONG}", [_listed(file_ids)])  # noqa: S608 - our own words

    def note(self, facts: dict[str, object]) -> None:
        """Keep facts for `status`."""
        self._db.executemany(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)", [(what, str(value)) for what, value in facts.items()]
        )

    def facts(self) -> dict[str, str]:
        """Return the facts kept for `status`."""
        return dict(self._db.execute("SELECT what, value FROM facts"))

    def troubles(self) -> list[Trouble]:
        """List the files that give trouble, the worst first."""
        return [Trouble(*row) for row in self._db.execute("SELECT * FROM troubles ORDER BY tries DESC, file_id")]

    def counts(self) -> dict[str, int]:
        """Count what is home, under way, and waiting for its receipt to be taken."""
        query = (
            "SELECT (SELECT count(*) FROM files WHERE home_at IS NOT NULL AND lost_at IS NULL), (SELECT count(*) FROM"
            " files WHERE home_at IS NULL OR lost_at IS NOT NULL), (SELECT count(*) FROM receipts), (SELECT count(*)"
            " FROM receipts WHERE refused IS NOT NULL), (SELECT count(*) FROM files WHERE lost_at IS NOT NULL)"
        )
        words = ("filesHome", "onTheWay", "receiptsWaiting", "receiptsRefused", "filesLost")
        return dict(zip(words, self._db.execute(query).fetchone(), strict=True))

    def home_since(self, moment: str) -> int:
        """Count what came home since a moment, ISO 8601 in UTC."""
        row = self._db.execute("SELECT count(*) FROM files WHERE home_at >= ? AND lost_at IS NULL", [moment]).fetchone()
        return int(row[0])

    def entries(self) -> Iterable[Entry]:
        """Go through all files, in the order of their ids."""
        query = f"SELECT {ENTRY} FROM files ORDER BY file_id"  # noqa: S608 - our own words
        return (_entry(row) for row in self._db.execute(query))


def _entry(row: tuple[str, str, str, int, str | None, int]) -> Entry:
    file_id, path, contents, size, sha256, home = row
    return Entry(file_id, path, contents, size, sha256, home=bool(home))


def _listed(texts: Iterable[str]) -> str:
    """Write texts as one parameter of a statement."""
    return json.dumps(list(texts))


def _places(rows: Sequence[Sequence[object]]) -> str:
    """Write the places of so many rows of values."""
    row = f"({', '.join('?' * len(rows[0]))})"
    return ", ".join([row] * len(rows))
