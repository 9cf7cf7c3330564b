"""The app behind API Gateway as a WSGI application, in this process: what a fuzzer talks to."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.documented import URL
from tests.gateway import Answer, Gateway

STAGE_PATH = urlsplit(URL).path
Start = Callable[[str, list[tuple[str, str]]], Any]


class Served:
    """Turns WSGI requests into calls of the gateway, each from an address of its own: limits are not in the way."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._addresses = (f"2001:db8:0:{n:x}::1" for n in count())

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        # API Gateway hands path parameters on as they came, so the path must not be decoded.
        path = environ["REQUEST_URI"].partition("?")[0]
        body = environ["wsgi.input"].read().decode("utf-8", "replace")
        answer = self._gateway.call(
            environ["REQUEST_METHOD"],
            f"{path.removeprefix(STAGE_PATH)}?{environ['QUERY_STRING']}",
            body or None,
            token=_bearer(environ),
            address=next(self._addresses),
        )
        return _told(answer, start)


def _bearer(environ: dict[str, Any]) -> str | None:
    header: str | None = environ.get("HTTP_AUTHORIZATION")
    return header.removeprefix("Bearer ") if header else None


def _told(answer: Answer, start: Start) -> Iterable[bytes]:
    phrase = HTTPStatus(answer.status).phrase
    start(f"{answer.status} {phrase}", list({"Content-Type": "application/json", **answer.headers}.items()))
    return [answer.text.encode()]
