"""Which request fails how. The dice come from a seed; what is said is what AWS would say. Pure."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass

RETRY_LATER = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
INTERNAL = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
EXPIRED_LINK = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
EXPIRED_TOKEN = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"


@dataclass(frozen=True)
class Fault:
    """What happens to one request: it waits, is refused with these words, or is done and its answer lost."""

    name: str
    delay: float = 0.0
    status: int = 0
    body: bytes = b""
    is_done: bool = False
    """Whether the deed is done all the same, before the refusal."""
    times: int = 1
    """How often it is done: a notice may be lost, or come twice."""


def _json(code: str) -> bytes:
    return f'{{"__type": "{_DYNAMODB}{code}", "message": "chaos"}}'.encode()


def _lost(status: int) -> Fault:
    return Fault("the answer is lost after the deed", status=status, body=b"{}", is_done=True)


FAULTS: dict[str, tuple[Fault, ...]] = {
    "api": (
        Fault("API answers 503", status=503, body=b'{"message": "Service Unavailable"}'),
        Fault("API answers 502", status=502, body=b'{"message": "Internal server error"}'),
        _lost(504),
    ),
    "s3 link": (
        Fault("S3 says SlowDown", status=503, body=RETRY_LATER),
        Fault("S3 says InternalError", status=500, body=INTERNAL),
        Fault("a link has expired", status=403, body=EXPIRED_LINK),
        Fault("the answer is lost after the deed", status=500, body=INTERNAL, is_done=True),
    ),
    "s3": (
        Fault("S3 says SlowDown", status=503, body=RETRY_LATER),
        Fault("S3 says InternalError", status=500, body=INTERNAL),
    ),
    "s3 get": (
        Fault("S3 says SlowDown", status=503, body=RETRY_LATER),
        Fault("credentials have expired", status=400, body=EXPIRED_TOKEN),
    ),
    "dynamodb": (
        Fault("the table is throttled", status=400, body=_json("ThrottlingException")),
        Fault("the table is throttled", status=400, body=_json("ProvisionedThroughputExceededException")),
        Fault("the table fails", status=500, body=_json("InternalServerError")),
        Fault("the table's answer is lost after the deed", status=500, body=_json("InternalServerError"), is_done=True),
    ),
    "notice": (
        Fault("a notice is lost", times=0),
        Fault("a notice comes twice", times=2),
    ),
    "sqs": (Fault("SQS is unavailable", status=503, body=b'{"__type": "ServiceUnavailable", "message": "chaos"}'),),
}
SLOW = 0.5


class Weather:
    """Throws the dice, and counts what they did. Used by many threads."""

    def __init__(self, seed: int, share: float) -> None:
        self._dice = random.Random(seed)
        self._share = share
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def next(self, kind: str) -> Fault | None:
        """Say what happens to the next request of a kind."""
        with self._lock:
            if kind not in FAULTS or self._dice.random() >= self._share:
                return None
            if self._dice.random() < 1 / 3:
                self.counts["an answer is late"] += 1
                return Fault("an answer is late", delay=self._dice.random() * SLOW)
            fault = self._dice.choice(FAULTS[kind])
            self.counts[fault.name] += 1
            return fault
