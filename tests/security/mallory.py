"""What Mallory has: names that climb, tokens and notices of her own making, a server that sends people elsewhere."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import app
from tests import documented
from tests.access import KID

DOCUMENT = documented.document(app)
CLIMBING = [
    *(
        "../../etc/passwd",
        "..\\..\\Windows\\system.ini",
        "/etc/passwd",
        "C:\\boot.ini",
        "\\\\server\\share\\x",
        "..",
        ".",
    ),
    *("a/../../b.jpg", "%2e%2e%2fx", "..%2fx", "~/.ssh/authorized_keys", ".backhaul", "CON", "NUL.jpg", "x.jpg::$DATA"),
    *(
        "a\0.jpg",
        "a\r\nX-Evil: 1\r\n\r\n.jpg",
        'a"; filename="b.exe',
        "a\u202egpj.exe",
        "\ud800.jpg",
        "x" * 1024,
        " ",
        "",
    ),
]
JUDGED_BY_ITSELF: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "RS256", "jku": "https://mallory.example/keys", "kid": "mallory"},
    {"alg": "RS256", "x5u": "https://mallory.example/chain", "kid": KID},
    {"alg": "RS256", "jwk": {"kty": "oct", "k": "AA"}, "kid": KID},
    {"alg": "HS256", "kid": KID},
    {"alg": "RS256", "kid": "../../../dev/null"},
    {"alg": "RS256", "kid": "https://mallory.example/"},
    {"alg": "RS256", "kid": KID, "crit": ["exp"]},
]
FORGED: list[dict[str, Any]] = [
    {"bucket": "mallorys-bucket"},
    {"bucket": "mallory.example/"},
    {"key": "../../other/secret"},
    {"key": f"originals/../{'e' * 32}-x"},
    {"key": f"quarantine/x/{'e' * 32}-x"},
    {"sha256": "0" * 64},
    {"size": -1},
    {"size": 2**63},
    {"fileId": "../../../etc/cron.d/x"},
    {"v": 2},
]


class Redirecting(BaseHTTPRequestHandler):
    """Sends whoever asks elsewhere."""

    elsewhere = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(307)
        self.send_header("Location", self.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def fields(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through all that a request may say, however deep."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name, inner in schema.get("properties", {}).items():
        yield name, inner
        yield from fields(inner)
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *filter(None, [schema.get("items")])):
        yield "", inner
        yield from fields(inner)


def asked_of_us() -> dict[str, dict[str, Any]]:
    """Name every field of every request, with its schema."""
    found = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            told_of = [*fields(body), *((one["name"], one["schema"]) for one in operation.get("parameters", ()))]
            found |= {f"{method.upper()} {path} {name} {n}": inner for n, (name, inner) in enumerate(told_of)}
    return found


def kinds(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema.get("anyOf", ())]


ASKED = asked_of_us()
