"""Which path a file gets: chosen once, recorded before anything is written, shared with no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.drive import paths
from agent.drive.names import twin_key
from agent.errors import PathTakenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.drive.catalog import Catalog, Entry
    from agent.fetch.notices import Notice


class Shelf:
    """Chooses paths and records them in the catalog."""

    def __init__(self, catalog: Catalog, template: str) -> None:
        """Take the catalog, and the template for files that have no path yet."""
        self._catalog, self._template = catalog, template

    def place(self, notices: Sequence[Notice]) -> dict[str, Entry | PathTakenError]:
        """Return the places recorded for files by their ids, or choose and record them; or why one can have none."""
        placed: dict[str, Entry | PathTakenError] = {**self._catalog.find_all(one.file_id for one in notices)}
        fresh = [one for one in notices if one.file_id not in placed]
        first = self._first_of_their_path(fresh)
        placed |= {entry.file_id: entry for entry in self._catalog.intend_all(first)}
        for notice in fresh:
            if notice.file_id not in placed:
                placed[notice.file_id] = self._place_or_why(notice)
        return placed

    def place_after(self, notice: Notice, taken: str) -> Entry:
        """Choose the next place for a file whose path turned out to be taken on disk."""
        offered = paths.candidates(self._template, notice)
        following = paths.next_candidate(offered, taken)
        return self._intend(notice, offered[offered.index(following) :] if following else [])

    def _first_of_their_path(self, notices: Sequence[Notice]) -> list[tuple[Notice, str]]:
        """Choose those whose first path no other file has, in the catalog or among themselves: nearly always all."""
        best: dict[str, tuple[Notice, str]] = {}
        for notice in notices:
            path = next(paths.offers(self._template, notice))
            best.setdefault(twin_key(path), (notice, path))
        taken = self._catalog.taken(best)
        return [chosen for key, chosen in best.items() if key not in taken]

    def _place_or_why(self, notice: Notice) -> Entry | PathTakenError:
        try:
            return self._intend(notice, paths.offers(self._template, notice))
        except PathTakenError as error:
            return error

    def _intend(self, notice: Notice, offered: Iterable[str]) -> Entry:
        """Record the first path on offer that no other file has."""
        path = notice.name
        for path in offered:
            if self._catalog.is_free(path, notice.file_id):
                return self._catalog.intend(notice, path)
        raise PathTakenError(path)
