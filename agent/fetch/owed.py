"""What the cloud says this PC is owed: the truth, page by page; the queue only rings."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agent.errors import UnsoundNoticeError
from agent.fetch import notices
from agent.wire.api import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.fetch.notices import Notice
    from agent.wire.api import DeviceApi

LOG = logging.getLogger(__name__)
PAGE = 500


class Owed:
    """One pass after another through all that is owed."""

    def __init__(self, api: DeviceApi) -> None:
        """Take the API."""
        self._api = api
        self._following: str | None = None
        self._seen: set[str] = set()
        self.total = 0
        self.ids: set[str] = set()

    def page(self) -> tuple[list[Notice], bool]:
        """Get the next page, and whether it was the last. After a failure the same page is asked for again."""
        answer = self._api.owed(PAGE, self._following)
        found = list(sound(listed(answer, "files")))
        self._seen.update(notice.file_id for notice in found)
        following = answer.get("next")
        self._following = following if isinstance(following, str) and following else None
        if self._following is None:
            self.total, self.ids, self._seen = len(self._seen), self._seen, set()
        return found, self._following is None

    @property
    def begins(self) -> bool:
        """Whether the next page is the first of a pass."""
        return self._following is None and not self._seen

    def start_over(self) -> None:
        """Begin the pass again, as when a page's mark is not understood any more."""
        self._following, self._seen = None, set()


def sound(told: Iterable[object]) -> Iterable[Notice]:
    """Parse notices; an unsound one is logged and never stops the others."""
    for one in told:
        try:
            yield notices.from_json(one)
        except UnsoundNoticeError as error:
            LOG.error("owed %s", error)  # noqa: TRY400 - the sentence says it all
