"""The weather inside the embedded cloud: between its door and what answers. Calm as long as no storm is asked for."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from local.guard import App, Message, Receive, Scope, Send, access_keys, header
from tests.chaos.weather import EXPIRED_TOKEN, Fault, Weather

THE_AGENTS_READER = "object_store"
TOLD_EXPIRED = b'{"__type": "com.amazonaws.sqs#ExpiredToken", "message": "The security token has expired"}'


def stormy(app: App, weather: Weather, api_port: int, raging: Path) -> App:
    """Wrap the cloud: while the file `raging` is there, requests fail as the weather says."""
    spent: set[str] = set()

    async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not os.access(raging, os.F_OK):
            await app(scope, receive, send)
            return
        kind = kind_of(scope, api_port)
        if spent and spent & set(access_keys(scope)):
            await _refuse_spent(kind, receive, send)
            return
        fault = weather.next(kind)
        if fault is None:
            await app(scope, receive, send)
            return
        weather.note(fault.name)
        if fault.lasts and THE_AGENTS_READER in header(scope, b"user-agent"):
            spent.update(access_keys(scope))
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


async def _refuse_spent(kind: str, receive: Receive, send: Send) -> None:
    """Refuse credentials that have expired, as S3 and SQS do."""
    await _all_of(receive)
    if kind.startswith("s3"):
        await _answer(send, 400, EXPIRED_TOKEN)
    else:
        await _answer(send, 403, TOLD_EXPIRED)


async def _befall(app: App, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.times == 1 and not fault.status:
        await asyncio.sleep(fault.delay)
        await app(scope, receive, send)
        return
    body = await _all_of(receive)
    if fault.times != 1:
        await _often(app, fault.times, scope, body, send)
        return
    if fault.is_done:
        await app(scope, _again(body), _nowhere)
    await _answer(send, fault.status, fault.body)


async def _often(app: App, times: int, scope: Scope, body: bytes, send: Send) -> None:
    """Do it so often; the caller hears of one. Lost altogether, it is told as done all the same."""
    for _ in range(times - 1):
        await app(scope, _again(body), _nowhere)
    if times:
        await app(scope, _again(body), send)
    else:
        await _answer(send, 200, _taken(json.loads(body or b"{}")))


def _taken(asked: dict[str, Any]) -> bytes:
    """Answer as SQS answers for what it has taken; no checksum, so none is compared."""
    entries = [{"Id": one["Id"], "MessageId": "lost"} for one in asked.get("Entries", [])]
    return json.dumps({"Successful": entries, "Failed": []} if entries else {"MessageId": "lost"}).encode()


async def _answer(send: Send, status: int, body: bytes) -> None:
    kind = b"application/xml" if body.startswith(b"<") else b"application/x-amz-json-1.0"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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
