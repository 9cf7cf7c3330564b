"""The cloud half as far as one PC can tell: what it is owed, its receipts, and a doorbell that never rings."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from bench.rolls import BUCKET, Made
from bench.servers import KEY, SECRET

DEVICE = "d" * 32
PAGE = 500


class Cloud:
    """Owes files until their receipts come."""

    def __init__(self, made: Sequence[Made], s3: str) -> None:
        """Take the files that are owed, and where they lie."""
        self._s3 = s3
        self._order = [_notice(one) for one in made]
        self._owed = {notice["fileId"]: notice["sha256"] for notice in self._order}
        self.done = threading.Event()
        self.asked = threading.Event()
        self._leaving = threading.Event()
        if not made:
            self.done.set()

    def __enter__(self) -> Self:
        """Begin to listen."""
        handler = type("Handler", (_Handler,), {"cloud": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._leaving.set()
        self._server.shutdown()
        self._server.server_close()

    def credentials(self) -> dict[str, Any]:
        """Give access to the server; the doorbell is here."""
        return {
            "accessKeyId": KEY,
            "secretAccessKey": SECRET,
            "sessionToken": "none",
            "expiresAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
            "region": "us-east-1",
            "bucket": BUCKET,
            "prefix": "originals/",
            "queueUrl": self.url + "000000000000/queue",
            "endpointUrl": self._s3,
        }

    def owed(self, following: str) -> dict[str, Any]:
        """Tell one page of what is owed."""
        self.asked.set()
        start = int(following or 0)
        end = start + PAGE
        page = [notice for notice in self._order[start:end] if notice["fileId"] in self._owed]
        return {"files": page} | ({"next": str(end)} if end < len(self._order) else {})

    def take(self, receipts: list[dict[str, Any]]) -> dict[str, Any]:
        """Take receipts; one with another hash is a fault that ends the bench."""
        for one in receipts:
            wanted = self._owed.pop(one["fileId"], one["sha256"])
            if wanted != one["sha256"]:
                raise ValueError(f"receipt with a wrong hash: {one}")
        if not self._owed:
            self.done.set()
        return {"receipts": [{"fileId": one["fileId"], "outcome": "taken"} for one in receipts]}

    def hear(self) -> dict[str, Any]:
        """Keep a long poll waiting, as a silent queue does."""
        self._leaving.wait(20)
        return {}


class _Server(ThreadingHTTPServer):
    """A server that takes it calmly when an agent stops in the middle of a long poll."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Let broken connections pass; anything else shows as a bench that does not end."""


class _Handler(BaseHTTPRequestHandler):
    cloud: Cloud
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer what is owed."""
        query = parse_qs(urlsplit(self.path).query)
        self._tell(self.cloud.owed(query.get("next", [""])[0]))

    def do_POST(self) -> None:
        """Answer the rest."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if "X-Amz-Target" in self.headers:
            self._tell(self.cloud.hear())
        elif self.path.endswith("/credentials"):
            self._tell(self.cloud.credentials())
        elif self.path.endswith("/receipts"):
            self._tell(self.cloud.take(body["receipts"]))
        else:
            self._tell({})

    def _tell(self, told: dict[str, Any]) -> None:
        encoded = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


def _notice(one: Made) -> dict[str, Any]:
    name = one.key.rpartition("/")[2]
    file_id, _, given = name.partition("-")
    return {
        "v": 1,
        "fileId": file_id,
        "bucket": BUCKET,
        "key": one.key,
        "size": one.size,
        "sha256": one.sha256,
        "name": given,
        "type": "image/jpeg",
        "takenAt": "2024-07-01T12:00:00",
        "uploadedAt": "2026-11-21T10:00:00.123Z",
    }
