"""The catalog as `verify` uses it: what is to be looked at, what was, and what was lost. Beside a running agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.drive import dates
from agent.drive.catalog import Catalog
from agent.drive.names import twin_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_PASS = timedelta(days=30)
BEGAN, ENDED = "verifyBegan", "lastVerified"


@dataclass(frozen=True)
class Kept:
    """A file that is said to be at home; `lost` says that it was found lost before and is not there again."""

    file_id: str
    path: str
    size: int
    sha256: str
    home_at: str
    lost: bool


class Audit(Catalog):
    """What is to be verified. Another process may write meanwhile, so every change is one small statement."""

    def begin(self, moment: str, most: float) -> int:
        """Choose what to look at: a share of all that is home, what was not looked at for the longest first.

        A whole pass that was broken off goes on where it ended. The choice is kept in a file of SQLite's own, not in
        memory.
        """
        since = self._since(moment) if most >= 1 else moment
        count = int(self._db.execute("SELECT count(*) FROM files WHERE home_at IS NOT NULL").fetchone()[0])
        self._db.execute("DROP TABLE IF EXISTS temp.chosen")
        self._db.execute(
            "CREATE TEMP TABLE chosen AS SELECT file_id, size FROM files WHERE home_at IS NOT NULL AND"
            " (verified_at IS NULL OR verified_at < ?) ORDER BY coalesce(verified_at, home_at), file_id LIMIT ?",
            [since, -(-count * most // 1)],
        )
        return int(self._db.execute("SELECT count(*) FROM chosen").fetchone()[0])

    def _since(self, moment: str) -> str:
        """Return when the pass began that is to be ended, a month ago at most; it may be this one."""
        told = self.facts().get(BEGAN)
        began, now = dates.instant(told), dates.instant(moment)
        if told and began and now and now - LONGEST_PASS < began <= now:
            return told
        self.note({BEGAN: moment})
        return moment

    def start_over(self) -> None:
        """Let the next pass look at every file, also at those that one which was broken off has seen."""
        self._db.execute("DELETE FROM facts WHERE what = ?", [BEGAN])

    def name_of(self, file_id: str) -> str:
        """Return what the phone called a file; of one that is not known any more, its id."""
        row = self._db.execute("SELECT name FROM files WHERE file_id = ?", [file_id]).fetchone()
        return str(row[0]) if row else file_id

    def chosen_bytes(self) -> int:
        """Return how many bytes the chosen files have."""
        return int(self._db.execute("SELECT coalesce(sum(size), 0) FROM chosen").fetchone()[0])

    def chosen(self, page: int) -> Iterator[list[Kept]]:
        """Go through the chosen files, page by page; one that the agent dropped meanwhile is left out."""
        reached = 0
        while True:
            rows = self._db.execute(
                "SELECT chosen.rowid, file_id, path, files.size, sha256, home_at, lost_at IS NOT NULL FROM chosen"
                " JOIN files USING (file_id) WHERE chosen.rowid > ? AND home_at IS NOT NULL AND sha256 IS NOT NULL"
                " ORDER BY chosen.rowid LIMIT ?",
                [reached, page],
            ).fetchall()
            if not rows:
                return
            reached = rows[-1][0]
            yield [Kept(*row[1:]) for row in rows]

    def kept(self, file_id: str) -> Kept | None:
        """Find one file that is said to be at home, or was."""
        row = self._db.execute(
            "SELECT file_id, path, size, sha256, home_at, lost_at IS NOT NULL FROM files WHERE file_id = ?"
            " AND home_at IS NOT NULL AND sha256 IS NOT NULL",
            [file_id],
        ).fetchone()
        return Kept(*row) if row else None

    def verified(self, file_ids: Iterable[str], moment: str) -> None:
        """Note that files were whole, in their place or in another."""
        with self.together():
            self._db.executemany(
                "UPDATE files SET verified_at = ?, lost_at = NULL WHERE file_id = ?",
                [(moment, file_id) for file_id in file_ids],
            )

    def ended(self, moment: str, *, whole: bool) -> None:
        """Note that a pass is over."""
        if whole:
            self._db.execute("DELETE FROM facts WHERE what = ?", [BEGAN])
            self.note({ENDED: moment})

    def lose(self, file_ids: Sequence[str], moment: str) -> None:
        """Note that files are not home any more, before the cloud hears of it.

        From here on no notice is answered by the word of the catalog, and no receipt that still waits is sent. That
        must survive a power cut, too: a catalog that fell back would confirm the damaged file.
        """
        self._db.execute("PRAGMA synchronous = FULL")
        with self.together():
            for file_id in file_ids:
                self._db.execute("UPDATE files SET lost_at = ? WHERE file_id = ?", [moment, file_id])
                self.receipt_taken(file_id)
                self.forget_trouble(file_id)

    def moved(self, file_id: str, path: str) -> bool:
        """Follow a file to where a person moved it, unless another file has that path."""
        if not self.is_free(path, file_id):
            return False
        self._db.execute("UPDATE files SET path = ?, twin_key = ? WHERE file_id = ?", [path, twin_key(path), file_id])
        return True
