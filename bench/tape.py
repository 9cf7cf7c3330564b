"""Answers of AWS, recorded once from moto and played again and again: what a request costs us, and nothing of AWS.

Played answers come in where botocore would send: building, signing and reading a call are ours, and are measured.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Answer = tuple[int, Any, Any]


class Tape:
    """The answers of one request, by what was asked; those asked alike come in the order in which they were."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._played: dict[str, int] = {}
        self._runs = self._plays = False
        self.calls = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Answer in moto's place within; outside, moto answers by itself. botocore asks both of us."""
        self._runs, botocore_stubber.enabled = True, False
        try:
            yield
        finally:
            self._runs, botocore_stubber.enabled = False, True

    def listen(self, session: Any) -> None:
        """Come before moto in all clients that the session will make."""
        session.get_component("event_emitter").register_first("before-send", self._asked)

    def record(self) -> None:
        """Forget all answers, and keep those that come now."""
        self._answers.clear()
        self._plays, self.calls = False, 0

    def play(self) -> None:
        """Begin anew with the first answers."""
        self._played.clear()
        self._plays, self.calls = True, 0

    def keep(self, name: str, status: int, told: Any) -> None:
        """Keep an answer that somebody else than moto gave."""
        self._answers[name].append((status, {}, json.dumps(told, default=str)))
        self.calls += 1

    def _asked(self, request: Any, **_: Any) -> AWSResponse | None:
        if not self._runs:
            return None
        name, self.calls = _named(request), self.calls + 1
        if not self._plays:
            told = botocore_stubber.process_request(request)
            assert told is not None
            self._answers[name].append(told)
        else:
            at, known = self._played.get(name, 0), self._answers[name]
            self._played[name] = at + 1
            told = known[at % len(known)]
        status, headers, body = told
        return AWSResponse(request.url, status, headers, MockRawResponse(body))


def _named(request: Any) -> str:
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.decode() if isinstance(target, bytes) else str(target)
    return f"{request.method} {request.url.partition('?')[0]}"


class RecordedPool:
    """A user pool whose answers go onto the tape as Cognito would write them."""

    def __init__(self, pool: Any, tape: Tape, names: Mapping[str, str]) -> None:
        """Take the pool, and how Cognito calls the operations that botocore has methods for."""
        self._pool, self._tape, self._names, self.exceptions = pool, tape, names, pool.exceptions

    def __getattr__(self, name: str) -> Any:
        """Return a call of the pool."""
        operation = self._names[name]

        def call(**asked: Any) -> Any:
            at = f"AWSCognitoIdentityProviderService.{operation}"
            try:
                told = getattr(self._pool, name)(**asked)
            except ClientError as error:
                self._tape.keep(at, 400, {"__type": error.response["Error"]["Code"], "message": "no"})
                raise
            self._tape.keep(at, 200, told)
            return told

        return call
