"""Files that S3 has and the cloud has yet to notice: asks gently, in lists where they are many, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.push.api import PushApi
    from agent.push.local import Hashed

PENDING, GONE = "pending", "gone"
FIRST_SECONDS, LONGEST_SECONDS = 0.5, 10.0
PATIENCE_SECONDS = 900.0
"""How long nothing may arrive before we say so. An event that was lost is found by the cloud's own sweep, later."""
FEW = 5
MOST_PAGES = 3


class Arrivals:
    """The files that are waited for."""

    def __init__(self, api: PushApi, clock: Callable[[], float], patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Begin with none."""
        self._api, self._clock, self._patience = api, clock, patience_seconds
        self._waiting: dict[str, Hashed] = {}
        self._pause = FIRST_SECONDS
        self._due = self._news = 0.0

    def __len__(self) -> int:
        """Count them."""
        return len(self._waiting)

    def expect(self, file_id: str, hashed: Hashed) -> None:
        """Wait for one more file."""
        if not self._waiting:
            self._heard()
        self._waiting[file_id] = hashed

    def seconds(self) -> float:
        """Return how long it is until asking makes sense."""
        return max(0.0, self._due - self._clock())

    def look(self) -> Iterator[tuple[Hashed, str, str]]:
        """Yield each file of which there is news, with its id and status: arrived, trashed, or gone."""
        if not self._waiting or self.seconds():
            return
        news = {file_id: status for file_id, status in self._statuses().items() if status != PENDING}
        for file_id, status in news.items():
            yield self._waiting.pop(file_id), file_id, status
        if news:
            self._heard()
        else:
            self._pause = min(self._pause * 2, LONGEST_SECONDS)
            self._due = self._clock() + self._pause

    def given_up(self) -> Iterator[tuple[Hashed, str]]:
        """Yield all files, if nothing has arrived for too long."""
        if self._waiting and self._clock() - self._news > self._patience:
            for file_id in list(self._waiting):
                yield self._waiting.pop(file_id), file_id

    def _heard(self) -> None:
        self._news, self._pause = self._clock(), FIRST_SECONDS
        self._due = self._news + self._pause

    def _statuses(self) -> dict[str, str]:
        """Ask for the files waited for: the newest in pages, the few others one by one."""
        told = self._listed() if len(self._waiting) > FEW else {}
        others = [file_id for file_id in self._waiting if file_id not in told][: FEW * 4]
        return told | {file_id: self._one(file_id) for file_id in others}

    def _listed(self) -> dict[str, str]:
        told: dict[str, str] = {}
        oldest, following = min(self._waiting), None
        for _ in range(MOST_PAGES):
            page, following = self._api.newest(following)
            told |= {file_id: status for file_id, status in page.items() if file_id in self._waiting}
            if not following or not page or min(page) <= oldest:
                break
        return told

    def _one(self, file_id: str) -> str:
        try:
            return self._api.status(file_id)
        except RequestRefusedError as error:
            if error.status == 404:  # noqa: PLR2004 - statuses are known by their numbers
                return GONE
            raise
