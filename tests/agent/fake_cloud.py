"""A cloud on loopback that misbehaves on demand: the API, S3 and SQS as the agent sees them, over real HTTP."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "backhaul-test"
OWNER = "owner1"
DEVICE = "d" * 32
HUSH = "hush-hush"
INVERTED = bytes(255 - byte for byte in range(256))
KEY = f"bh_{DEVICE}_{HUSH}"


@dataclass
class StoredObject:
    """The bytes in S3, and how S3 misbehaves about them: a list of faults, one a request, then none."""

    body: bytes
    version_id: str
    faults: list[str] = field(default_factory=list)

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class FakeCloud:
    """The whole cloud half, as far as a PC can tell."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.objects: dict[str, StoredObject] = {}
        self.owed: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.receipts: list[dict[str, Any]] = []
        self.taken: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.gets: list[tuple[str, str | None, str | None, str | None]] = []
        self.refuse: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.page = 500
        self.lasting = timedelta(hours=1)
        self.approvals: list[str] = ["pending", "approved"]
        self.revoked = False
        self.losses: list[dict[str, Any]] = []
        self.holdings: list[dict[str, Any]] = []
        self.expired: set[str] = set()
        self.notices: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"cloud": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self._thread = threading.Thread(target=self.server.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    # What the phone and the cloud do

    def has(self, body: bytes, name: str = "IMG_1.jpg", **told: Any) -> dict[str, Any]:
        """Take a file in, owe it to the PC, and return its notice."""
        file_id = told.pop("file_id", None) or f"{len(self.objects):032x}"
        key = f"originals/{OWNER}/{file_id}-IMG.jpg"
        self.objects[key] = StoredObject(body, f"v{len(self.objects)}", told.pop("faults", []))
        notice = {
            "v": 1,
            "fileId": file_id,
            "bucket": BUCKET,
            "key": key,
            "versionId": self.objects[key].version_id,
            "size": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "name": name,
            "type": "image/jpeg",
            "takenAt": "2024-07-01T12:00:00",
            "uploadedAt": "2026-11-21T10:00:00.123Z",
            **told,
        }
        self.owed[file_id] = self.notices[file_id] = notice
        return notice

    def ring(self, body: object) -> str:
        """Put a message into the PC's queue."""
        with self.lock:
            message_id = f"m{len(self.messages)}"
            text = body if isinstance(body, str) else json.dumps(body)
            self.messages[message_id] = {"body": text, "visible": 0.0, "count": 0, "deleted": False, "hidden": 0}
            self.lock.notify_all()
        return message_id

    def wait_until(self, true: Any, seconds: float = 120.0) -> None:
        """Wait until something is true of this cloud."""
        with self.lock:
            assert self.lock.wait_for(true, seconds), f"not so after {seconds} s; calls {self.calls}"

    @property
    def all_home(self) -> bool:
        return not self.owed

    # What the PC asks

    def answer(self, path: str, query: dict[str, str], body: dict[str, Any], key: str) -> tuple[int, Any]:
        """Answer one API call."""
        what = path.rpartition("/")[2] if path.startswith("devices/") else path
        self.calls[what] += 1
        if self.refuse.get(what):
            return self.refuse[what].pop(0)
        if path == "health":
            return 200, {"status": "ok"}
        if path == "pairings":
            return 200, self._begun()
        if path == "pairings/claim":
            return self._claim()
        if self.revoked or key != f"Bearer {KEY}" or not f"{path}/".startswith(f"devices/{DEVICE}/"):
            return 403, {"Message": "User is not authorized to access this resource"}
        return 200, {} if what == DEVICE else getattr(self, f"_{what}")(query, body)

    def _begun(self) -> dict[str, Any]:
        return {
            "deviceCode": "code",
            "userCode": "ABCD-EFGH",
            "verificationUri": self.url + "pair",
            "verificationUriComplete": self.url + "pair?code=ABCD-EFGH",
            "expiresIn": 600,
            "interval": 0.01,
        }

    def _claim(self) -> tuple[int, Any]:
        state = self.approvals.pop(0)
        if state == "approved":
            return 200, {"deviceId": DEVICE, "key": KEY, "kind": "pc", "scopes": ["pc"]}
        codes = {"pending": "AuthorizationPendingError", "slow": "SlowDownError", "denied": "AccessDeniedError"}
        return 400, {"Code": codes.get(state, "ExpiredCodeError"), "Message": state}

    def _credentials(self, _query: dict[str, str], _body: dict[str, Any]) -> dict[str, Any]:
        return {
            "accessKeyId": f"AK{self.calls['credentials']}",
            "secretAccessKey": HUSH,
            "sessionToken": HUSH,
            "expiresAt": (datetime.now(UTC) + self.lasting).isoformat(),
            "region": "eu-central-1",
            "bucket": BUCKET,
            "prefix": f"originals/{OWNER}/",
            "queueUrl": self.url + "000000000000/queue",
            "endpointUrl": self.url.rstrip("/"),
        }

    def _owed(self, query: dict[str, str], _body: dict[str, Any]) -> dict[str, Any]:
        limit = min(int(query["limit"]), self.page)
        ids = sorted(file_id for file_id in self.owed if file_id > query.get("next", ""))
        page = {"files": [self.owed[file_id] for file_id in ids[:limit]]}
        return page | ({"next": ids[limit - 1]} if len(ids) > limit else {})

    def _receipts(self, _query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        outcomes = [self._take(receipt) for receipt in body["receipts"]]
        return {"receipts": outcomes}

    def _take(self, receipt: dict[str, Any]) -> dict[str, Any]:
        self.receipts.append(receipt)
        file_id = receipt["fileId"]
        if file_id in self.taken:
            self.owed.pop(file_id, None)
            return {"fileId": file_id, "outcome": "repeated"}
        if file_id not in self.owed or self.owed[file_id].get("sha256") not in (None, receipt["sha256"]):
            return {"fileId": file_id, "outcome": "refused", "reason": "not owed, or other contents"}
        del self.owed[file_id]
        self.taken[file_id] = receipt["path"]
        return {"fileId": file_id, "outcome": "taken"}

    def _losses(self, _query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"losses": [self._lose(loss) for loss in body["losses"]]}

    def _holdings(self, _query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        self.holdings += body["files"]
        known = {True: "repeated", False: "restored"}
        ids = [one["fileId"] for one in body["files"]]
        return {"files": [{"fileId": file_id, "outcome": known[file_id in self.taken]} for file_id in ids]}

    def _lose(self, loss: dict[str, Any]) -> dict[str, Any]:
        self.losses.append(loss)
        file_id = loss["fileId"]
        if file_id in self.expired or file_id not in self.notices:
            reason = "noCloudCopy" if file_id in self.expired else "unknownFile"
            return {"fileId": file_id, "outcome": "refused", "reason": reason}
        outcome = "repeated" if file_id in self.owed else "owedAgain"
        self.owed[file_id] = self.notices[file_id]
        self.taken.pop(file_id, None)
        return {"fileId": file_id, "outcome": outcome}

    def _heartbeat(self, _query: dict[str, str], _body: dict[str, Any]) -> dict[str, Any]:
        return {}

    def put(self, _path: str, _body: bytes) -> int:
        return 403

    # SQS

    def sqs(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one SQS call."""
        self.calls[operation] += 1
        self.lock.notify_all()
        if self.refuse.get(operation):
            return self.refuse[operation].pop(0)
        if operation == "ReceiveMessage":
            return 200, self._receive(asked)
        if operation == "GetQueueAttributes":
            return 200, {"Attributes": {"ApproximateNumberOfMessages": str(len(self._visible()))}}
        for entry in asked["Entries"]:
            message = self.messages[entry["ReceiptHandle"].partition(":")[0]]
            if operation == "DeleteMessageBatch":
                message["deleted"] = True
            else:
                message["hidden"] += 1
        self.lock.notify_all()
        return 200, {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]], "Failed": []}

    def _receive(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.lock.wait_for(self._visible, min(asked["WaitTimeSeconds"], 20))
        chosen = self._visible()[: asked["MaxNumberOfMessages"]]
        told = []
        for message_id in chosen:
            message = self.messages[message_id]
            message["count"] += 1
            message["visible"] = time.monotonic() + asked["VisibilityTimeout"]
            handle = f"{message_id}:{message['count']}"
            attributes = {"ApproximateReceiveCount": str(message["count"])}
            md5 = hashlib.md5(message["body"].encode(), usedforsecurity=False).hexdigest()
            told.append(
                {
                    "MessageId": message_id,
                    "ReceiptHandle": handle,
                    "Body": message["body"],
                    "MD5OfBody": md5,
                    "Attributes": attributes,
                }
            )
        return {"Messages": told} if told else {}

    def _visible(self) -> list[str]:
        now = time.monotonic()
        return [key for key, one in self.messages.items() if not one["deleted"] and one["visible"] <= now]


class _Server(ThreadingHTTPServer):
    """A server that takes it calmly when an agent is killed in the middle of a request."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = os.name != "nt"
    """Windows means another thing by it: two may listen on one port, and nobody knows who is asked."""
    ended = False

    def serve(self) -> None:
        """Take connections one after the other; what goes wrong with one is no reason to hear no other.

        `serve_forever` ends for good when one of its looks at the socket fails, fifty a second; this only waits.
        """
        while not self.ended:
            self._handle_request_noblock()

    def shutdown(self) -> None:
        """Take no more connections; one of our own wakes whoever waits for the next."""
        self.ended = True
        with contextlib.suppress(OSError), socket.create_connection(self.server_address[:2]):
            pass

    def handle_error(self, request: object, client_address: object) -> None:
        """Let broken connections pass; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request to any of the three services."""

    cloud: FakeCloud
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        target = self.headers.get("X-Amz-Target")
        with self.cloud.lock:
            if target:
                status, told = self.cloud.sqs(target.partition(".")[2], body)
            else:
                path = urlsplit(self.path).path.strip("/")
                status, told = self.cloud.answer(path, {}, body, self.headers.get("Authorization", ""))
            self.cloud.lock.notify_all()
        self._json(status, told)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.cloud.lock:
            self._json(self.cloud.put(self.path, body), "")
            self.cloud.lock.notify_all()

    def do_DELETE(self) -> None:
        with self.cloud.lock:
            status, told = self.cloud.answer(self.path.strip("/"), {}, {}, self.headers.get("Authorization", ""))
            self.cloud.revoked = self.cloud.revoked or status == 200
            self.cloud.lock.notify_all()
        self._json(status, told)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = unquote(parts.path).strip("/")
        if path.startswith(BUCKET + "/"):
            self._object(path.removeprefix(BUCKET + "/"), query)
            return
        with self.cloud.lock:
            status, told = self.cloud.answer(path, query, {}, self.headers.get("Authorization", ""))
            self.cloud.lock.notify_all()
        self._json(status, told)

    def _json(self, status: int, told: object) -> None:
        encoded = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self._send(status, {"Content-Type": "application/json", "Content-Length": str(len(encoded))}, encoded)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def _object(self, key: str, query: dict[str, str]) -> None:
        asked = self.headers.get("Range")
        with self.cloud.lock:
            self.cloud.gets.append((key, query.get("versionId"), asked, self.headers.get("If-Match")))
            stored = self.cloud.objects.get(key)
            fault = stored.faults.pop(0) if stored and stored.faults else ""
        if stored is None or fault == "missing":
            self._json(404, "<Error><Code>NoSuchKey</Code></Error>")
        elif ":" in fault:
            self._json(int(fault[:3]), f"<Error><Code>{fault[4:]}</Code></Error>")
        elif fault.isdigit():
            self._json(int(fault), "<Error><Code>Fault</Code></Error>")
        else:
            self._body(stored, asked, fault)

    def _body(self, stored: StoredObject, asked: str | None, fault: str) -> None:
        body, etag = stored.body, stored.etag
        if fault == "wrong":
            body = body.translate(INVERTED)
        if fault == "changed":
            body, etag = body.translate(INVERTED), '"changed"'
        if self.headers.get("If-Match") not in (None, etag):
            self._json(412, "<Error><Code>PreconditionFailed</Code></Error>")
            return
        from_, _, to = asked.removeprefix("bytes=").partition("-") if asked else ("0", "", "")
        start, end = (int(from_), min(int(to) + 1 if to else len(body), len(body))) if asked else (0, len(body))
        if fault == "ignores range":
            start, end = 0, len(body)
        start -= 10 if fault == "shifted" else 0
        headers = {"ETag": etag, "Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT"}
        if asked and fault != "ignores range":
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
        self._misbehave(206 if "Content-Range" in headers else 200, headers, body[start:end], fault)

    def _misbehave(self, status: int, headers: dict[str, str], body: bytes, fault: str) -> None:
        sent = body[: len(body) // 2] if fault in ("short", "cut", "no length", "stall") else body
        if fault != "no length":
            headers["Content-Length"] = str(len(sent if fault == "short" else body))
        if fault in ("cut", "no length"):
            headers["Connection"] = "close"
            self.close_connection = True
        self._send(status, headers, sent)
        if fault == "stall":
            with contextlib.suppress(OSError):
                self.connection.recv(1)
            self.close_connection = True
