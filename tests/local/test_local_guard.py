import asyncio
from typing import Any

import pytest

from local.guard import guarded, hosts, refuse

ALLOWED = hosts(4510, 8700)


def a_request(
    path: str = "/bucket/key", *, host: str = "127.0.0.1:4510", query: str = "", **headers: str
) -> dict[str, Any]:
    sent = {"host": host, **headers}
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }


def code_of(request: dict[str, Any]) -> str | None:
    refusal = refuse(request, ALLOWED)
    return refusal.code if refusal else None


@pytest.mark.parametrize("host", ["127.0.0.1:4510", "localhost:4510", "LOCALHOST:8700", "[::1]:8700"])
def test_this_machine_may_call(host: str) -> None:
    assert code_of(a_request(host=host)) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4510", "127.0.0.1", "127.0.0.1:80", "bucket.localhost:4510", ""]
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(host: str) -> None:
    assert code_of(a_request(host=host)) == "ForeignHostError"


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack", "/_MiniStack/Reset", "/_localstack/health", "/_ministack/config"]
)
def test_the_control_routes_are_closed(path: str) -> None:
    assert code_of(a_request(path)) == "ControlRouteError"


@pytest.mark.parametrize("path", ["/_aws/execute-api/abc/api/health", "/_ministackish", "/bucket/_ministack/x"])
def test_a_path_that_only_looks_like_a_control_route_is_open(path: str) -> None:
    assert code_of(a_request(path)) is None


@pytest.mark.parametrize("key", ["test", "000000000000", "123456789012"])
@pytest.mark.parametrize(
    "where",
    [
        {"authorization": "AWS4-HMAC-SHA256 Credential={}/20261121/us-east-1/s3/aws4_request, Signature=0"},
        {"authorization": "AWS {}:c2ln"},
        {"query": "X-Amz-Credential={}%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0"},
        {"query": "x-amz-credential={}/20261121"},
        {"query": "AWSAccessKeyId={}&Signature=0"},
    ],
)
def test_a_key_that_the_emulator_takes_without_proof_is_refused(key: str, where: dict[str, str]) -> None:
    assert code_of(a_request(**{name: text.format(key) for name, text in where.items()})) == "InvalidClientTokenId"


@pytest.mark.parametrize("key", ["BHROOTKEY", "ASIA5FDF2F43B009F94D", "test2", "1234567890123"])
def test_any_other_key_is_left_to_the_emulator(key: str) -> None:
    signed = f"AWS4-HMAC-SHA256 Credential={key}/20261121/us-east-1/s3/aws4_request, Signature=0"

    assert code_of(a_request(authorization=signed)) is None


def test_a_bearer_token_is_no_access_key() -> None:
    assert code_of(a_request(authorization="Bearer test")) is None


def answers_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(guarded(app, ALLOWED)(request, receive, send))
    return sent


def test_a_refused_request_never_reaches_the_emulator() -> None:
    sent = answers_of(a_request("/_ministack/reset"))

    assert [message.get("status") for message in sent] == [403, None]


def test_an_allowed_request_does() -> None:
    assert [message["status"] for message in answers_of(a_request())] == [200]


def test_a_refused_websocket_is_closed_before_it_opens() -> None:
    sent = answers_of(a_request(host="evil.example") | {"type": "websocket"})

    assert sent == [{"type": "websocket.close", "code": 1008}]
