"""Notices taken in: parsed, told apart from those we know, and put among the flights. One bad notice stops no other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agent.errors import UnsoundNoticeError
from agent.fetch import notices
from agent.fetch.verdicts import TRIES, seconds_left

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        for message in messages:
            try:
                notice = notices.parse(message.body)
            except UnsoundNoticeError as error:
                LOG.error("message %s, delivered %d times: %s", message.message_id, message.received, error)  # noqa: TRY400 - no traceback needed
                continue
            self.take(notice, message.handle)

    def take(self, notice: Notice, handle: str | None = None) -> bool:
        """Take one notice in, unless its file was set aside; tell whether only its receipt is missing."""
        trouble = self._catalog.trouble(notice.file_id)
        left = seconds_left(trouble.until, self._now()) if trouble else 0.0
        if trouble and trouble.tries >= TRIES and left:
            return False
        new = self._flights.offer(notice, handle, self._clock() + left)
        if new is None or not self._catalog.awaits_receipt(notice.file_id):
            return False
        self._flights.landed(notice.file_id)
        return True
