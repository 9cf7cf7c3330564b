"""The weather inside the embedded cloud: between its door and what answers. Calm as long as no storm is asked for."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.guard import App, Message, Receive, Scope, Send, header

if TYPE_CHECKING:
    from tests.chaos.weather import Fault, Weather


def stormy(app: App, weather: Weather, api_port: int, raging: Path) -> App:
    """Wrap the cloud: while the file `raging` is there, requests fail as the weather says."""

    async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
        fault = (
            weather.next(kind_of(scope, api_port)) if scope["type"] == "http" and os.access(raging, os.F_OK) else None
        )
        if fault is None:
            await app(scope, receive, send)
            return
        await _befall(app, fault, scope, receive, send)

    return wrapper


def kind_of(scope: Scope, api_port: int) -> str:
    """Tell requests apart by what may befall them; what is set up once is spared."""
    if (scope.get("server") or ("", 0))[1] == api_port:
        return "api"
    target = header(scope, b"x-amz-target")
    if target.startswith("DynamoDB_"):
        return "dynamodb"
    if target.startswith("AmazonSQS."):
        return "notice" if target.endswith((".SendMessage", ".SendMessageBatch")) else "sqs"
    return "other" if target else _kind_of_s3(scope)


def _kind_of_s3(scope: Scope) -> str:
    if b"X-Amz-Signature" in scope.get("query_string", b""):
        return "s3 link"
    if "/originals/" not in scope["path"] and "/previews/" not in scope["path"]:
        return "other"
    return "s3 get" if scope["method"] == "GET" else "s3"


async def _befall(app: App, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.delay or (fault.times == 1 and not fault.status):
        await asyncio.sleep(fault.delay)
        await app(scope, receive, send)
        return
    body = await _all_of(receive)
    if fault.times != 1:
        await _often(app, fault.times, scope, body, send)
        return
    if fault.is_done:
        await app(scope, _again(body), _nowhere)
    kind = b"application/json" if fault.body.startswith(b"{") else b"application/xml"
    headers = [(b"content-type", kind), (b"content-length", str(len(fault.body)).encode())]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": fault.body})


async def _often(app: App, times: int, scope: Scope, body: bytes, send: Send) -> None:
    """Do it so often; the caller hears of one. Lost altogether, it is told as done all the same."""
    for _ in range(times - 1):
        await app(scope, _again(body), _nowhere)
    if times:
        await app(scope, _again(body), send)
        return
    told = _taken(json.loads(body or b"{}"))
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", str(len(told)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


def _taken(asked: dict[str, Any]) -> bytes:
    """Answer as SQS answers for what it has taken; no checksum, so none is compared."""
    entries = [{"Id": one["Id"], "MessageId": "lost"} for one in asked.get("Entries", [])]
    return json.dumps({"Successful": entries, "Failed": []} if entries else {"MessageId": "lost"}).encode()


async def _all_of(receive: Receive) -> bytes:
    found = []
    while True:
        message = await receive()
        found.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(found)


def _again(body: bytes) -> Receive:
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return left.pop() if left else {"type": "http.disconnect"}

    return receive


async def _nowhere(_: Message) -> None:
    """Lose what is answered."""
