"""Phones: each sends its files with several threads, tries again for as long as it takes, and is installed anew once.

A phone believes nothing but the cloud's own word: it is done when the cloud says of each file that it has the contents.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local.api import Api
from local.errors import ApiError, LocalError
from local.samples import Sample
from local.sending import Progress, put, put_parts, whole
from tests.chaos.album import a_sample

BATCH = 20
THREADS = 4
PAUSE = 0.3
REFUSED = "refused"
NOT_NOW = (OSError, http.client.HTTPException, LocalError)


class Phone:
    """One phone, and what it was told."""

    def __init__(self, api: Api, samples: Sequence[Sample], dice: random.Random) -> None:
        self._api, self._samples, self._dice = api, samples, dice
        self.told: Counter[str] = Counter()
        self.refused: dict[str, str] = {}
        self._lock = threading.Lock()

    def send_all(self, until: float) -> list[Sample]:
        """Send until everything is in, or time is up; return what is not."""
        left = list(self._samples)
        while left and time.monotonic() < until:
            with ThreadPoolExecutor(THREADS) as crew:
                list(crew.map(self._send, [left[at : at + BATCH] for at in range(0, len(left), BATCH)]))
            left = self._missing()
            if left:
                self._note("a phone came back to it")
                time.sleep(PAUSE)
        return left

    def _send(self, batch: Sequence[Sample]) -> None:
        """Begin some files and send what is wanted, once. What fails is found out about later."""
        if self._dice.random() < 1 / 10:
            self._note("a phone gave up in the middle")
            batch = batch[: len(batch) // 2]
        try:
            answers = self._api.post("/uploads", {"files": [_asked(one) for one in batch]})["files"]
        except ApiError:
            self._note("a begin failed")
            return
        for sample, answer in zip(batch, answers, strict=True):
            self._put(sample, answer)

    def _put(self, sample: Sample, answer: dict[str, Any]) -> None:
        outcome = answer["outcome"]
        try:
            if outcome == "upload":
                put(answer["link"], whole(sample), Progress(0))
            elif outcome == "multipart":
                put_parts(self._api, answer, sample, Progress(0))
            elif outcome == REFUSED:
                self.refused[sample.name] = answer.get("reason", "")
        except NOT_NOW:
            self._note("a send failed")

    def _missing(self) -> list[Sample]:
        """Ask which contents are not in; if there is no answer, all of them might not be."""
        hashes = [one.sha256 for one in self._samples]
        missing: set[str] = set()
        for at in range(0, len(hashes), 1000):
            try:
                missing.update(self._api.post("/files/missing", {"hashes": hashes[at : at + 1000]})["missing"])
            except ApiError:
                missing.update(hashes[at : at + 1000])
        return [one for one in self._samples if one.sha256 in missing]

    def _note(self, what: str) -> None:
        with self._lock:
            self.told[what] += 1


def _asked(one: Sample) -> dict[str, Any]:
    return {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}


def rolls(folder: Path, phones: int, files: int, seed: int) -> list[list[Sample]]:
    """Make what is on the phones: mostly small files, a few in parts, some of them on two phones."""
    made = [a_sample(folder, number, seed) for number in range(files)]
    dealt = [made[at::phones] for at in range(phones)]
    for at, mine in enumerate(dealt):
        mine.extend(dealt[at - 1][:: max(2, files // 20)] if phones > 1 else [])
    return dealt
