"""Files that S3 has and the cloud has yet to notice: asks gently, in lists where they are many, and not for ever.

Asking goes on in a thread of its own, so that nobody who sends waits for it; all else belongs to the one that steers.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from agent.errors import RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.push.api import PushApi
    from agent.push.local import Hashed

PENDING, GONE = "pending", "gone"
FIRST_SECONDS, LONGEST_SECONDS = 0.5, 10.0
PATIENCE_SECONDS = 900.0
"""How long a file may take to arrive before we say so. A lost event is found by the cloud's own sweep, later."""
FEW = 5
MOST_SINGLY = 20
PAGE = 100
SPARE_PAGES = 3


class Arrivals:
    """The files that are waited for."""

    def __init__(self, api: PushApi, clock: Callable[[], float], patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Begin with none."""
        self._api, self._clock, self._patience = api, clock, patience_seconds
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="arrivals")
        self._asking: Future[dict[str, str]] | None = None
        self._waiting: dict[str, tuple[Hashed, float]] = {}
        self._pause = FIRST_SECONDS
        self._due = 0.0

    def __len__(self) -> int:
        """Count them."""
        return len(self._waiting)

    @property
    def under_way(self) -> set[Future[dict[str, str]]]:
        """Return the asking that goes on."""
        return {self._asking} if self._asking else set()

    def close(self) -> None:
        """End."""
        self._pool.shutdown(cancel_futures=True)

    def expect(self, file_id: str, hashed: Hashed) -> None:
        """Wait for one more file."""
        if not self._waiting:
            self._heard()
        self._waiting[file_id] = (hashed, self._clock())

    def seconds(self) -> float:
        """Return how long it is until asking makes sense."""
        return max(0.0, self._due - self._clock())

    def look(self) -> Iterator[tuple[Hashed, str, str]]:
        """Yield each file of which there is news, with its id and status: arrived, trashed, or gone. Ask when due."""
        if self._asking and self._asking.done():
            told, self._asking = self._asking.result(), None
            yield from self._news_of(told)
        if self._waiting and not self._asking and not self.seconds():
            self._asking = self._pool.submit(statuses, self._api, sorted(self._waiting))

    def given_up(self) -> Iterator[tuple[Hashed, str]]:
        """Yield each file that has been waited for too long."""
        latest = self._clock() - self._patience
        for file_id in [file_id for file_id, (_, since) in self._waiting.items() if since < latest]:
            yield self._waiting.pop(file_id)[0], file_id

    def _news_of(self, told: dict[str, str]) -> Iterator[tuple[Hashed, str, str]]:
        news = {file_id: status for file_id, status in told.items() if status != PENDING and file_id in self._waiting}
        if news:
            self._heard()
        else:
            self._pause = min(self._pause * 2, LONGEST_SECONDS)
            self._due = self._clock() + self._pause
        for file_id, status in news.items():
            yield self._waiting.pop(file_id)[0], file_id, status

    def _heard(self) -> None:
        self._pause = FIRST_SECONDS
        self._due = self._clock() + self._pause


def statuses(api: PushApi, wanted: list[str]) -> dict[str, str]:
    """Ask for files by their sorted ids: many in pages of the newest, which ours mostly are, the rest one by one."""
    told = _listed(api, wanted) if len(wanted) > FEW else {}
    rest = [file_id for file_id in wanted if file_id not in told][:MOST_SINGLY]
    return told | {file_id: _one(api, file_id) for file_id in rest}


def _listed(api: PushApi, wanted: list[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    left, following = set(wanted), None
    for _ in range(len(wanted) // PAGE + SPARE_PAGES):
        page, following = api.newest(following)
        told |= {file_id: page[file_id] for file_id in left & page.keys()}
        left -= page.keys()
        if not (left and following):
            break
    return told


def _one(api: PushApi, file_id: str) -> str:
    try:
        return api.status(file_id)
    except RequestRefusedError as error:
        if error.status == 404:  # noqa: PLR2004 - statuses are known by their numbers
            return GONE
        raise
