"""Which request fails how: planned from a seed, one plan a kind of request. What is said is what AWS would say. Pure.

The plan is the same for the same seed; which deed happens to be the fifth of its kind depends on the machine, as in
life. Each fault of a kind comes once a round, and the first round comes soon, so that a short run meets all of them.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

RETRY_LATER = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
INTERNAL = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
EXPIRED_LINK = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
EXPIRED_TOKEN = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
SLOW_SECONDS = 0.5
LATE_SECONDS = 6.0
NEAREST, FARTHEST = 8, 18
"""A connection is cut after 2**8 to 2**18 bytes."""
SOON = 4


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
    """How often it is done: a notice or an event may be lost, or come twice."""
    lasts: bool = False
    """Whether the credentials it was asked with are refused from now on."""
    after: int = 0
    """After how many bytes a connection is cut."""


def _json(code: str) -> bytes:
    return f'{{"__type": "{_DYNAMODB}{code}", "message": "chaos"}}'.encode()


LATE = Fault("an answer is late", delay=SLOW_SECONDS)
LOST_ANSWER = "an answer is lost after the deed"
CUT_REQUEST, CUT_ANSWER, SHORT_ANSWER = "a request is reset in mid-body", "an answer is reset", "an answer ends early"
FAULTS: dict[str, tuple[Fault, ...]] = {
    "api": (
        Fault("the API answers 503", status=503, body=b'{"message": "Service Unavailable"}'),
        Fault("the API answers 502", status=502, body=b'{"message": "Internal server error"}'),
        Fault(LOST_ANSWER, status=504, body=b'{"message": "Endpoint request timed out"}', is_done=True),
        LATE,
    ),
    "s3 link": (
        Fault("S3 says SlowDown", status=503, body=RETRY_LATER),
        Fault("S3 says InternalError", status=500, body=INTERNAL),
        Fault("a link has expired", status=403, body=EXPIRED_LINK),
        Fault(LOST_ANSWER, status=500, body=INTERNAL, is_done=True),
        LATE,
    ),
    "s3": (
        Fault("S3 says SlowDown", status=503, body=RETRY_LATER),
        Fault("S3 says InternalError", status=500, body=INTERNAL),
        LATE,
    ),
    "s3 get": (
        Fault("S3 says SlowDown", status=503, body=RETRY_LATER),
        Fault("credentials have expired", status=400, body=EXPIRED_TOKEN, lasts=True),
        LATE,
    ),
    "dynamodb": (
        Fault("the table is throttled", status=400, body=_json("ThrottlingException")),
        Fault("the table is throttled", status=400, body=_json("ProvisionedThroughputExceededException")),
        Fault("the table fails", status=500, body=_json("InternalServerError")),
        Fault("the table's answer is lost after the deed", status=500, body=_json("InternalServerError"), is_done=True),
        LATE,
    ),
    "notice": (
        Fault("a notice is lost", times=0),
        Fault("a notice comes twice", times=2),
    ),
    "sqs": (Fault("SQS is unavailable", status=503, body=b'{"__type": "ServiceUnavailable", "message": "chaos"}'),),
    "event": (
        Fault("an event of S3 is lost", times=0),
        Fault("an event of S3 comes twice", times=2),
        Fault("an event of S3 comes late", delay=LATE_SECONDS),
    ),
    "wire": (
        Fault(CUT_REQUEST, after=1 << FARTHEST),
        Fault(CUT_ANSWER, after=1 << FARTHEST),
        Fault(SHORT_ANSWER, after=1 << FARTHEST),
    ),
}


def names() -> set[str]:
    """Return what everything is called that the weather does."""
    return {fault.name for faults in FAULTS.values() for fault in faults}


def planned(seed: int, kind: str, share: float) -> Iterator[Fault | None]:
    """Yield what befalls the first, the second, … of a kind, without end."""
    dice = random.Random(f"{seed} {kind}")
    usual = max(1, round(1 / share))
    gap = min(SOON, usual)
    while True:
        deck = list(FAULTS[kind])
        dice.shuffle(deck)
        for fault in deck:
            yield from [None] * dice.randrange(2 * gap)
            yield _sized(fault, dice)
        gap = usual


def _sized(fault: Fault, dice: random.Random) -> Fault:
    """Throw for how late, or after how many bytes: near as often as far."""
    after = int(2 ** dice.uniform(NEAREST, FARTHEST)) if fault.after else 0
    return replace(fault, delay=fault.delay * dice.random(), after=after)


class Weather:
    """Goes through the plans, and counts what came of them. Used by many threads."""

    def __init__(self, seed: int, share: float) -> None:
        self._plans = {kind: planned(seed, kind, share) for kind in FAULTS}
        self._left: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def next(self, kind: str) -> Fault | None:
        """Say what befalls the next request of a kind."""
        with self._lock:
            if self._left.get(kind):
                return self._left[kind].pop()
            return next(self._plans[kind]) if kind in self._plans else None

    def spare(self, kind: str, fault: Fault) -> None:
        """Take a fault back that could not come about, since too few bytes passed: another meets it, sooner."""
        with self._lock:
            self._left.setdefault(kind, []).append(replace(fault, after=fault.after // 2))

    def note(self, name: str) -> None:
        """Count a fault that came about."""
        with self._lock:
            self.counts[name] += 1
