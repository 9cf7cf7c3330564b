"""Notices taken in: parsed, told apart from those we know, and put among the flights. One bad notice stops no other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agent.errors import UnsoundNoticeError
from agent.fetch import notices
from agent.fetch.verdicts import TRIES, seconds_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.drive.catalog import Trouble
    from agent.fetch.flights import Flights
    from agent.fetch.notices import Notice
    from agent.parts import Parts
    from agent.wire.inbox import Message

LOG = logging.getLogger(__name__)


class Intake:
    """Takes notices in, from the doorbell and from what is owed."""

    def __init__(self, parts: Parts, flights: Flights) -> None:
        """Take where they go."""
        self._catalog, self._clock, self._now = parts.catalog, parts.clock, parts.now
        self._flights = flights

    def hear(self, messages: Iterable[Message]) -> None:
        """Take in what the doorbell brought; an unsound notice is logged and left for the dead-letter queue."""
        heard: list[tuple[Notice, str | None]] = []
        for message in messages:
            try:
                heard.append((notices.parse(message.body), message.handle))
            except UnsoundNoticeError as error:
                LOG.error("message %s, delivered %d times: %s", message.message_id, message.received, error)  # noqa: TRY400 - no traceback needed
        self.take(heard)

    def take(self, told: Sequence[tuple[Notice, str | None]]) -> bool:
        """Take notices in, but of files that were set aside; tell whether only its receipt is missing from any."""
        file_ids = [notice.file_id for notice, _ in told]
        troubles, awaiting = self._catalog.troubles_of(file_ids), self._catalog.awaiting(file_ids)
        known = False
        for notice, handle in told:
            is_new = self._offer(notice, handle, troubles.get(notice.file_id))
            if is_new and notice.file_id in awaiting:
                self._flights.landed(notice.file_id)
                known = True
        return known

    def _offer(self, notice: Notice, handle: str | None, trouble: Trouble | None) -> bool:
        """Put a notice among the flights, and tell whether it is new there."""
        left = seconds_left(trouble.until, self._now()) if trouble else 0.0
        if trouble and trouble.tries >= TRIES and left:
            return False
        return self._flights.offer(notice, handle, self._clock() + left) is not None
