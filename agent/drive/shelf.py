"""Which path a file gets: chosen once, recorded before anything is written, shared with no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.drive import paths
from agent.errors import PathTakenError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.drive.catalog import Catalog, Entry
    from agent.fetch.notices import Notice


class Shelf:
    """Chooses paths and records them in the catalog."""

    def __init__(self, catalog: Catalog, template: str) -> None:
        """Take the catalog, and the template for files that have no path yet."""
        self._catalog, self._template = catalog, template

    def place(self, notice: Notice) -> Entry:
        """Return the place recorded for a file, or choose and record one."""
        return self._catalog.find(notice.file_id) or self._intend(notice, paths.offers(self._template, notice))

    def place_after(self, notice: Notice, taken: str) -> Entry:
        """Choose the next place for a file whose path turned out to be taken on disk."""
        offered = paths.candidates(self._template, notice)
        following = paths.next_candidate(offered, taken)
        return self._intend(notice, offered[offered.index(following) :] if following else [])

    def _intend(self, notice: Notice, offered: Iterable[str]) -> Entry:
        """Record the first path on offer that no other file has."""
        path = notice.name
        for path in offered:
            if self._catalog.is_free(path, notice.file_id):
                return self._catalog.intend(notice, path)
        raise PathTakenError(path)
