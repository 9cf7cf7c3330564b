"""The hour-long credentials for bucket and queue: fetched when needed, shared by all threads, renewed in time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.drive import dates
from agent.errors import UnreachableError
from agent.wire import proxies

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SECONDS = 3_000
SHORTEST_SECONDS = 30
MARGIN_SECONDS = 300


@dataclass(frozen=True)
class Credentials:
    """What lets this PC read its owner's objects and its own queue for a while."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    region: str
    bucket: str
    queue_url: str
    endpoint_url: str | None
    expires_at: str


def from_answer(answer: dict[str, Any]) -> Credentials:
    """Read the API's answer."""
    endpoint_url = None if answer.get("endpointUrl") is None else _address(answer, "endpointUrl")
    return Credentials(
        access_key_id=_text(answer, "accessKeyId"),
        secret_access_key=_text(answer, "secretAccessKey"),
        session_token=_text(answer, "sessionToken"),
        region=_text(answer, "region"),
        bucket=_text(answer, "bucket"),
        queue_url=_address(answer, "queueUrl"),
        endpoint_url=endpoint_url,
        expires_at=_text(answer, "expiresAt"),
    )


def _text(answer: dict[str, Any], word: str) -> str:
    told = answer.get(word)
    if not isinstance(told, str) or not told:
        what = "credentials"
        raise UnreachableError(what, f"the answer has no {word}")
    return told


def _address(answer: dict[str, Any], word: str) -> str:
    """Read where the credentials are to be shown: nowhere that others could read them on the way."""
    told = _text(answer, word)
    if not proxies.is_safe(told):
        what = "credentials"
        raise UnreachableError(what, f"{word} is no https:// address")
    return told


class Wallet:
    """Holds the current credentials and renews them before they expire.

    Age is measured by a clock that nobody sets, so a PC with a wrong clock renews in time all the same.
    """

    def __init__(
        self,
        fetch: Callable[[], dict[str, Any]],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the call that fetches new credentials."""
        self._fetch, self._clock, self._now = fetch, clock, now
        self._lock = threading.Lock()
        self._held: Credentials | None = None
        self._stale_at = 0.0

    def current(self) -> Credentials:
        """Return credentials that last a while yet."""
        with self._lock:
            if self._held is None or self._clock() >= self._stale_at:
                self._held = from_answer(self._fetch())
                self._stale_at = self._clock() + self._lasting(self._held)
            return self._held

    def give_up(self, refused: Credentials) -> None:
        """Forget credentials that were refused, unless they have been renewed since."""
        with self._lock:
            if self._held is refused:
                self._held = None

    def _lasting(self, held: Credentials) -> float:
        expires = dates.instant(held.expires_at)
        if expires is None or expires.tzinfo is None:
            return LONGEST_SECONDS / 5
        left = (expires - self._now()).total_seconds() - MARGIN_SECONDS
        return max(SHORTEST_SECONDS, min(left, LONGEST_SECONDS))
