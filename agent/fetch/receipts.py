"""Receipts on their way to the cloud: in batches, again and again until each is taken."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from agent.errors import RequestRefusedError, UnreachableError
from agent.wire.api import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.drive.catalog import Catalog, Receipt
    from agent.wire.api import DeviceApi

LOG = logging.getLogger(__name__)
BATCH = 100
REFUSED_SECONDS = 3600.0
TAKEN = {"taken", "repeated"}


class Receipts:
    """Sends what the catalog holds, and keeps what is not taken."""

    def __init__(self, api: DeviceApi, catalog: Catalog, *, now: Callable[[], float] = time.time) -> None:
        """Take the API and the catalog."""
        self._api, self._catalog, self._now = api, catalog, now

    def send_some(self) -> list[Outcome]:
        """Send one batch and return what became of each; the catalog is up to date when this returns."""
        batch = self._catalog.receipts(self._now(), BATCH, REFUSED_SECONDS)
        if not batch:
            return []
        asked = {receipt.file_id for receipt in batch}
        outcomes = [outcome for outcome in self._send(batch) if outcome.file_id in asked]
        if not outcomes:
            what = "receipts"
            raise UnreachableError(what, "the answer names none of them")
        taken = [outcome.file_id for outcome in outcomes if outcome.outcome in TAKEN]
        with self._catalog.together():
            self._catalog.receipt_taken(*taken)
            for outcome in outcomes:
                self._note(outcome)
        return outcomes

    def _send(self, batch: list[Receipt]) -> list[Outcome]:
        """Send a batch; where the cloud refuses it whole, halve it until the one receipt it dislikes stands alone."""
        try:
            return self._api.send_receipts(batch)
        except RequestRefusedError as error:
            if len(batch) == 1:
                return [Outcome(batch[0].file_id, "refused", str(error))]
            middle = len(batch) // 2
            return self._send(batch[:middle]) + self._send(batch[middle:])

    def _note(self, outcome: Outcome) -> None:
        if outcome.outcome in TAKEN:
            LOG.debug("receipt %s file_id=%s", outcome.outcome, outcome.file_id)
            return
        LOG.error("receipt refused file_id=%s reason=%s; sent again in an hour", outcome.file_id, outcome.reason)
        self._catalog.receipt_refused(outcome.file_id, outcome.reason, self._now() + REFUSED_SECONDS)
