"""Phones: each sends its files with several threads, tries again for as long as it takes, and is installed anew once.

A phone believes S3's word: what was taken is not sent again, and must come home from there. What it forgets with its
installation it asks for, and sends what is said to be missing.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.api import Api, patiently
from local.errors import ApiError, LocalError
from local.samples import Sample
from local.sending import Progress, put, put_parts, whole

BATCH = 10
THREADS = 2
ATTEMPTS = 50
GIVES_UP = 1 / 10
PAUSE_SECONDS, PATIENCE_SECONDS = 0.3, 240.0
THERE_ALREADY = "was refused with 412"
NOT_NOW = (OSError, http.client.HTTPException, LocalError)
NO_ANSWER = (ApiError, KeyError)
"""An answer that ends within its headers is to `http.client` an empty one."""
AGAIN, GAVE_UP, ANEW = "a phone tries again", "a phone gives up in the middle", "a phone is installed anew"
FAULTS = (AGAIN, GAVE_UP, ANEW)


class Phone:
    """One phone, and what it was told."""

    def __init__(self, owner: Api, name: str, samples: Sequence[Sample], seed: int, deadline: float) -> None:
        self._owner, self._name, self._samples, self._deadline = owner, name, samples, deadline
        self._dice = random.Random(f"{seed} {name}")
        self._lock = threading.Lock()
        self.over = threading.Event()
        self.told: Counter[str] = Counter()
        self.refused: dict[str, str] = {}
        self._sent: set[str] = set()

    def live(self) -> list[Sample]:
        """Send some, be installed anew, send all; return what could not be sent."""
        api = self.install()
        some = self._samples[: round(len(self._samples) * self._dice.uniform(0.3, 0.7))]
        self.send(api, some)
        self._note(ANEW)
        self._sent = set()
        api = self.install()
        return self.send(api, self._missing(api))

    def install(self) -> Api:
        """Pair: every installation is a device with a key of its own. A key whose telling was lost is begun anew."""
        for _ in range(ATTEMPTS):
            try:
                return self._owner.signed_in(self._pair()["key"])
            except NO_ANSWER:
                self._note(AGAIN)
                time.sleep(PAUSE_SECONDS)
        raise SystemExit(f"{self._name} could not be paired in {ATTEMPTS} attempts")

    def _pair(self) -> dict[str, Any]:
        asked = {"name": self._name, "kind": "phone", "platform": "chaos"}
        begun = self._owner.post("/pairings", asked)
        self._owner.post("/pairings/approve", {"userCode": begun["userCode"], "approve": True})
        return self._owner.post("/pairings/claim", {"deviceCode": begun["deviceCode"]})

    def send(self, api: Api, samples: Sequence[Sample]) -> list[Sample]:
        """Send until all is in S3, or nothing has got there for long; return what is not."""
        left, moved_at = list(samples), time.monotonic()
        while left and not self.over.is_set() and time.monotonic() < min(moved_at + PATIENCE_SECONDS, self._deadline):
            with ThreadPoolExecutor(THREADS) as crew:
                batches = [left[at : at + BATCH] for at in range(0, len(left), BATCH)]
                list(crew.map(lambda batch: self._send_some(api, batch), batches))
            before, left = len(left), [one for one in left if one.sha256 not in self._sent]
            if len(left) < before:
                moved_at = time.monotonic()
            if left:
                self._note(AGAIN)
                time.sleep(PAUSE_SECONDS)
        return left

    def _send_some(self, api: Api, batch: Sequence[Sample]) -> None:
        """Begin some files and send what is wanted, once. What fails is tried again."""
        if self.over.is_set():
            return
        try:
            answers = api.post("/uploads", {"files": [_asked(one) for one in batch]})["files"]
        except NO_ANSWER:
            return
        for sample, answer in list(zip(batch, answers, strict=True))[: self._until(len(batch))]:
            if self.over.is_set():
                return
            if self._put(api, sample, answer):
                self._sent.add(sample.sha256)

    def _put(self, api: Api, sample: Sample, answer: dict[str, Any]) -> bool:
        """Send one file; say whether it is in."""
        try:
            if answer["outcome"] == "upload":
                put(answer["link"], whole(sample), Progress(0))
            elif answer["outcome"] == "multipart":
                put_parts(api, answer, sample, Progress(0))
            elif answer["outcome"] == "refused":
                self.refused[sample.name] = answer.get("reason", "")
        except NOT_NOW as error:
            return THERE_ALREADY in str(error)
        return True

    def _missing(self, api: Api) -> list[Sample]:
        """Ask which contents are not in; what nobody answers for may be missing."""
        missing: set[str] = set()
        hashes = [one.sha256 for one in self._samples]
        for at in range(0, len(hashes), 1000):
            some = hashes[at : at + 1000]
            try:
                missing.update(patiently(lambda some=some: api.post("/files/missing", {"hashes": some}))["missing"])
            except NO_ANSWER:
                missing.update(some)
        return [one for one in self._samples if one.sha256 in missing]

    def _until(self, size: int) -> int:
        """Say how many of a batch are sent before the phone gives up: all, but of the first, and of some others."""
        with self._lock:
            if self.told[GAVE_UP] and self._dice.random() >= GIVES_UP:
                return size
            self.told[GAVE_UP] += 1
        return size // 2

    def _note(self, what: str) -> None:
        with self._lock:
            self.told[what] += 1


def _asked(one: Sample) -> dict[str, Any]:
    return {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}
