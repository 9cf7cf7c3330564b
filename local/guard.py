"""Decide which requests may reach the emulator. Knows HTTP, no socket.

The emulator trusts whoever reaches it in three ways that a browser on the same machine could use:
its control routes (`/_ministack/reset` wipes everything, no credentials asked), the access keys
`test` and any twelve digits (they pass as root with any secret), and any Host header (so a page
that rebinds its name to 127.0.0.1 is "same origin" with us). None of the three gets past here.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_ROUTES = ("/_ministack", "/_localstack")
UNIVERSAL_KEY = re.compile(r"test|\d{12}")
HEADER_KEY = re.compile(r"Credential=([^,/\s]+)|^AWS ([^:\s]+):")


@dataclass(frozen=True)
class Refusal:
    """Why a request goes no further."""

    status: int
    code: str
    message: str


def hosts(*ports: int) -> frozenset[str]:
    """Every Host header that can mean this machine, for the given ports."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]") for port in ports)


def refuse(scope: Scope, allowed: frozenset[str]) -> Refusal | None:
    """Say why this request must not reach the emulator, or `None` when it may."""
    named = header(scope, b"host").lower()
    if named not in allowed:
        expected = ", ".join(sorted(allowed))
        return Refusal(403, "ForeignHostError", f"Host must be one of {expected}, got {named!r}")
    path = scope["path"].lower()
    if any(path == route or path.startswith(f"{route}/") for route in CONTROL_ROUTES):
        return Refusal(403, "ControlRouteError", "The emulator's control routes are closed")
    if any(UNIVERSAL_KEY.fullmatch(key) for key in access_keys(scope)):
        return Refusal(403, "InvalidClientTokenId", "The access key is one that the emulator would take without proof")
    return None


def access_keys(scope: Scope) -> list[str]:
    """Every access key a request names, wherever the emulator might look for one."""
    found = [key for pair in HEADER_KEY.findall(header(scope, b"authorization")) for key in pair if key]
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    for name, values in query.items():
        if name.lower() in ("x-amz-credential", "awsaccesskeyid"):
            found += [value.partition("/")[0] for value in values]
    return found


def header(scope: Scope, name: bytes) -> str:
    """The value of a header, joined as HTTP joins repeated ones; empty when absent."""
    values = [value.decode("latin-1") for key, value in scope.get("headers", []) if key.lower() == name]
    return ", ".join(values)


def guarded(app: App, allowed: frozenset[str]) -> App:
    """Wrap the emulator so that refused requests never reach it."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        refusal = refuse(scope, allowed)
        if refusal is None:
            return await app(scope, receive, send)
        return await answer(scope, send, refusal)

    return guard


async def answer(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Answer with an error in the API's own shape; a WebSocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"Code": refusal.code, "Message": refusal.message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
