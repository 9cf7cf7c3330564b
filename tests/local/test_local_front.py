import asyncio
from typing import Any

import pytest

from local.front import Front, rewritten


def a_request(path: str, port: int = 8700, raw: bytes | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": raw,
        "query_string": b"limit=5",
        "headers": [(b"host", b"127.0.0.1:8700")],
        "server": ("127.0.0.1", port),
    }


class Behind:
    """The emulator, which remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, _receive: Any, _send: Any) -> None:
        self.seen.append(scope)

    def ask(self, front: Front, request: dict[str, Any]) -> None:
        async def receive() -> dict[str, Any]:
            return {}

        async def send(message: Any) -> None:
            self.sent.append(message)

        asyncio.run(front(request, receive, send))


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def front(behind: Behind) -> Front:
    front = Front(behind, 8700)
    front.api_id = "abc123"
    return front


def test_a_request_to_the_api_port_goes_to_the_deployed_api(behind: Behind, front: Front) -> None:
    behind.ask(front, a_request("/health"))

    assert behind.seen[0]["path"] == "/_aws/execute-api/abc123/api/health"


def test_a_request_to_the_cloud_port_goes_straight_on(behind: Behind, front: Front) -> None:
    behind.ask(front, a_request("/bucket/key", port=4510))

    assert behind.seen[0]["path"] == "/bucket/key"


def test_before_there_is_an_api_the_answer_is_a_sentence_and_503(behind: Behind, front: Front) -> None:
    front.api_id = None

    behind.ask(front, a_request("/health"))

    assert (behind.seen, behind.sent[0]["status"]) == ([], 503)
    assert b"still starting" in behind.sent[1]["body"]


def test_a_control_route_behind_the_front_door_is_just_a_path_of_the_api() -> None:
    assert rewritten(a_request("/_ministack/reset"), "abc")["path"] == "/_aws/execute-api/abc/api/_ministack/reset"


def test_what_was_encoded_stays_encoded() -> None:
    assert rewritten(a_request("/files/a b", raw=b"/files/a%20b"), "abc")["raw_path"].endswith(b"/api/files/a%20b")


def test_query_and_headers_are_left_as_they_came() -> None:
    request = a_request("/files")

    sent = rewritten(request, "abc")

    assert (sent["query_string"], sent["headers"]) == (request["query_string"], request["headers"])
