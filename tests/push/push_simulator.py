"""The API and S3 on loopback, strict about links and bodies, and misbehaving on demand. Speaks real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

DEVICE = "e" * 32
KEY = f"bh_{DEVICE}_secret"
MIB = 1024**2
LINK_SECONDS = 900
BLOCK = 64 * 1024
PAIRED = {"deviceId": DEVICE, "key": KEY, "kind": "phone", "scopes": ["read", "upload"]}
ASKED = {"deviceCode": "code", "userCode": "BCDF-GHJK", "verificationUri": "https://x/pair", "expiresIn": 600}
ASKED["interval"] = 0


@dataclass
class SimFile:
    """A file as the cloud knows it."""

    file_id: str
    told: dict[str, Any]
    status: str = "pending"
    part_size: int = 0
    parts: dict[int, tuple[int, str]] = field(default_factory=dict)
    body: bytes | None = None
    unnoticed: int | None = None

    @property
    def size(self) -> int:
        return int(self.told["size"])

    @property
    def sha256(self) -> str:
        return str(self.told["sha256"])

    def sizes(self) -> dict[int, int]:
        """Return how long each part has to be; the whole of a file that goes in one is part 0."""
        if not self.part_size:
            return {0: self.size}
        starts = range(0, self.size, self.part_size)
        return {index + 1: min(self.part_size, self.size - start) for index, start in enumerate(starts)}


@dataclass
class Put:
    """One PUT as S3 saw it."""

    file_id: str
    part: int
    received: int = 0
    status: int = 0


class Simulator:
    """The cloud half as a phone sees it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.files: dict[str, SimFile] = {}
        self.puts: list[Put] = []
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, Any]] = []
        self.faults: defaultdict[str, deque[str]] = defaultdict(deque)
        self.unexpected: list[str] = []
        self.clock = 0
        self.lag = 0
        self.part_size = 0
        self.pending_is_known = False
        self.revoked = False
        self.on_bytes: Callable[[Put], None] = lambda _put: None
        self.on_put: Callable[[Put], None] = lambda _put: None

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"sim": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    # What tests ask and say

    def uploaded(self) -> dict[str, str]:
        """Return the hash of each file that arrived, by its name."""
        return {file.told["name"]: file.sha256 for file in self.files.values() if file.status == "uploaded"}

    def named(self, name: str) -> SimFile:
        """Return the file of a name."""
        return next(file for file in self.files.values() if file.told["name"] == name)

    def fails(self, what: str, *faults: str) -> None:
        """Misbehave once for each fault, in this order: `what` is PUT or the last word of an API path."""
        self.faults[what] += faults

    def expire_links(self) -> None:
        """Let time pass, so that no link handed out before is good any more."""
        self.clock += LINK_SECONDS + 1

    def sweep(self) -> None:
        """Release every upload that has not arrived."""
        self.files = {file_id: file for file_id, file in self.files.items() if file.status != "pending"}

    def requests(self, what: str) -> list[Any]:
        """Return the bodies of the calls whose path ends so."""
        return [body for path, body in self.asked if path.endswith(what)]

    # The API

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, key: str) -> tuple[int, Any]:
        """Answer one API call."""
        words = path.split("/")
        what = words[-1] if method == "POST" else f"{method} {words[0]}"
        self.calls[what] += 1
        self.asked.append((path, body))
        if words[0] == "pairings":
            return 200, PAIRED if words[-1] == "claim" else ASKED
        if self.revoked or key != f"Bearer {KEY}":
            return 403, {"Message": "User is not authorized to access this resource"}
        if len(words) == 1 or words[1] == "missing":
            return 200, self._of_many(words, query, body)
        file = self.files.get(words[1])
        if file is None:
            return 404, {"Code": "NotFoundError", "Message": f"there is no file {words[1]!r}"}
        return self._of_file(method, words, body, file)

    def _of_many(self, words: list[str], query: dict[str, str], body: Any) -> Any:
        if words == ["uploads"]:
            return {"files": [self._begin(one) for one in body["files"]]}
        if words == ["files"]:
            return self._page(query)
        return {"missing": [one for one in body["hashes"] if not self._is_known(one)]}

    def _of_file(self, method: str, words: list[str], body: Any, file: SimFile) -> tuple[int, Any]:
        if method == "DELETE":
            if file.status != "pending":
                return 409, {"Code": "AlreadyUploadedError", "Message": "it is in"}
            del self.files[file.file_id]
            return 200, {}
        if words[0] == "files":
            self._notice(file)
            return 200, {"fileId": file.file_id, "status": file.status}
        return 200, self._links(file, body["parts"]) if words[-1] == "links" else self._complete(file)[1]

    def _is_known(self, sha256: str) -> bool:
        found = self._by_hash(sha256)
        return found is not None and (self.pending_is_known or found.status != "pending")

    def _by_hash(self, sha256: str) -> SimFile | None:
        return next((file for file in self.files.values() if file.sha256 == sha256), None)

    def _begin(self, told: dict[str, Any]) -> dict[str, Any]:
        if told["name"].startswith("poison"):
            raise BadBatchError
        if told["name"].startswith("unwanted"):
            return {"outcome": "refused", "reason": "quota", "message": "quota has 5 bytes left"}
        file = self._by_hash(told["sha256"])
        if file is None:
            file = SimFile(f"{len(self.asked):016x}{len(self.files):016x}", told)
            if told["size"] > 16 * MIB:
                file.part_size = self.part_size or max(16 * MIB, -(-told["size"] // (10_000 * MIB)) * MIB)
            self.files[file.file_id] = file
        if file.status == "trashed":
            return {"outcome": "refused", "reason": "trashed", "message": "thrown away"}
        if file.status != "pending":
            return {"outcome": "duplicate", "fileId": file.file_id, "status": file.status}
        if file.part_size:
            count = len(file.sizes())
            told = {"fileId": file.file_id, "key": "k", "partSize": file.part_size, "partCount": count}
            return {"outcome": "multipart", **told}
        return {"outcome": "upload", "fileId": file.file_id, "key": "k", "link": self._link(file, 0, file.sha256)}

    def _link(self, file: SimFile, part: int, sha256: str | None) -> dict[str, Any]:
        expires = self.clock + LINK_SECONDS
        headers = {"Content-Length": str(file.sizes()[part])}
        if sha256:
            headers["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        if part == 0:
            headers |= {"Content-Type": file.told["type"], "If-None-Match": "*"}
        signed = json.dumps(headers, sort_keys=True)
        seal = hashlib.sha256(f"{file.file_id} {part} {expires} {signed}".encode()).hexdigest()
        url = f"{self.url}s3/{file.file_id}/{part}?expires={expires}&seal={seal}"
        return {"part": part, "url": url, "method": "PUT", "headers": headers, "expiresAt": "2026-11-21T10:15:00Z"}

    def _links(self, file: SimFile, parts: list[dict[str, Any]]) -> dict[str, Any]:
        if file.status != "pending":
            return {"status": file.status}
        if not file.part_size:
            return {"status": "pending", "link": self._link(file, 0, file.sha256)}
        if file.unnoticed is not None:
            parts, there = [], {part: (size, "") for part, size in file.sizes().items()}
        else:
            there = file.parts
        wanted = [one for one in parts if there.get(one["part"]) != (file.sizes()[one["part"]], one.get("sha256"))]
        return {
            "status": "pending",
            "partSize": file.part_size,
            "partCount": len(file.sizes()),
            "have": [{"part": part, "size": size, "sha256": sha256} for part, (size, sha256) in there.items()],
            "links": [self._link(file, one["part"], one.get("sha256")) for one in wanted],
        }

    def _complete(self, file: SimFile) -> tuple[int, Any]:
        missing = [part for part in file.sizes() if part not in file.parts]
        if missing and file.status == "pending":
            raise PartsLackError(missing)
        self._arrive(file)
        return 200, {"fileId": file.file_id, "status": file.status}

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        ids = sorted((one for one in self.files if one < query.get("next", "~")), reverse=True)
        limit = int(query["limit"])
        for file_id in ids[:limit]:
            self._notice(self.files[file_id])
        shown = [{"fileId": file_id, "status": self.files[file_id].status} for file_id in ids[:limit]]
        return {"files": shown} | ({"next": ids[limit - 1]} if len(ids) > limit else {})

    def _arrive(self, file: SimFile) -> None:
        if file.status == "pending" and file.unnoticed is None:
            file.unnoticed = self.lag
            self._notice(file, look=False)

    def _notice(self, file: SimFile, *, look: bool = True) -> None:
        """Let the event come after so many looks."""
        if file.unnoticed is None or file.status != "pending":
            return
        file.unnoticed -= look
        if file.unnoticed <= 0:
            file.status = "uploaded"

    # S3

    def refuses(self, put: Put, query: dict[str, str], headers: dict[str, str]) -> tuple[int, str] | None:
        """Check a link as S3 does before it looks at the body."""
        file = self.files.get(put.file_id)
        if file is None:
            return 404, "NoSuchUpload"
        names = ("Content-Length", "x-amz-checksum-sha256", "Content-Type", "If-None-Match")
        sent = {name: headers[name.lower()] for name in names if name.lower() in headers}
        signed = json.dumps(sent, sort_keys=True)
        seal = hashlib.sha256(f"{put.file_id} {put.part} {query['expires']} {signed}".encode()).hexdigest()
        extra = [name for name in headers if name.startswith("x-amz-") and name != "x-amz-checksum-sha256"]
        if seal != query["seal"] or extra:
            return 403, "SignatureDoesNotMatch"
        if int(query["expires"]) < self.clock:
            return 403, "AccessDenied"
        return (412, "PreconditionFailed") if put.part == 0 and file.body is not None else None

    def store(self, put: Put, body: bytes | None, sha256: str, wanted: str | None) -> tuple[int, str]:
        """Take a body, if it is the one declared."""
        file = self.files.get(put.file_id)
        if file is None:
            return 404, "NoSuchUpload"
        if wanted and base64.b64decode(wanted).hex() != sha256:
            return 400, "BadDigest"
        if put.part:
            file.parts[put.part] = (put.received, sha256)
            return 200, ""
        if file.body is not None:
            return 412, "PreconditionFailed"
        file.body = body or b""
        self._arrive(file)
        return 200, ""


class BadBatchError(Exception):
    """The whole batch is refused."""


class PartsLackError(Exception):
    """Complete came too early."""

    def __init__(self, missing: list[int]) -> None:
        super().__init__(missing)
        self.missing = missing


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that were killed."""


class _Handler(BaseHTTPRequestHandler):
    sim: Simulator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._api()

    def do_POST(self) -> None:
        self._api()

    def do_DELETE(self) -> None:
        self._api()

    def do_PUT(self) -> None:
        path, query = self._asked()
        _, file_id, part = path.split("/")
        put = Put(file_id, int(part))
        with self.sim.lock:
            self.sim.puts.append(put)
            fault = self._fault("PUT")
            refused = (int(fault), "AccessDenied") if fault.isdigit() else None
            refused = refused or self.sim.refuses(
                put, query, {name.lower(): value for name, value in self.headers.items()}
            )
        if refused and fault != "late":
            self._xml(put, *refused, close=True)
            return
        received = self._receive(put, int(self.headers["Content-Length"]), half=fault == "drop")
        if received is None:
            self.close_connection = True
            return
        self._take(put, received, fault)

    def _take(self, put: Put, received: tuple[bytes | None, str], fault: str) -> None:
        if fault.startswith("code:"):
            _, status, code = fault.split(":")
            self._xml(put, int(status), code)
            return
        with self.sim.lock:
            for _ in range(2 if fault == "twice" else 1):
                status, code = self.sim.store(put, *received, self.headers.get("x-amz-checksum-sha256"))
            put.status = status
            self.sim.on_put(put)
        if fault == "lost":
            self.close_connection = True
            return
        self._xml(put, status, code)

    def _receive(self, put: Put, size: int, *, half: bool) -> tuple[bytes | None, str] | None:
        hashed, kept = hashlib.sha256(), [] if size <= MIB else None
        until = size // 2 if half else size
        while put.received < until:
            block = self.rfile.read(min(BLOCK, until - put.received))
            if not block:
                return None
            hashed.update(block)
            put.received += len(block)
            if kept is not None:
                kept.append(block)
            self.sim.on_bytes(put)
        return None if half else (None if kept is None else b"".join(kept), hashed.hexdigest())

    def _xml(self, put: Put, status: int, code: str, *, close: bool = False) -> None:
        put.status = status
        body = f"<Error><Code>{code}</Code><Message>said so</Message></Error>".encode() if code else b""
        self._send(status, body, "application/xml", close=close)

    def _api(self) -> None:
        path, query = self._asked()
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(raw) if raw else None
        fault = self._fault(path.rpartition("/")[2])
        if fault.isdigit():
            self._json(int(fault), {"Code": "TroubleError", "Message": "said so"})
            return
        with self.sim.lock:
            for _ in range(2 if fault == "twice" else 1):
                status, told = self._answer(path, query, body)
        if fault == "lost":
            self.close_connection = True
            return
        self._json(status, told)

    def _answer(self, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        try:
            return self.sim.answer(self.command, path, query, body, self.headers.get("Authorization", ""))
        except BadBatchError:
            return 400, {"Code": "BadInputError", "Message": "body must be JSON"}
        except PartsLackError as error:
            told = {"Code": "PartsMissingError", "Message": "parts lack", "Details": {"missing": error.missing}}
            return 409, told

    def _asked(self) -> tuple[str, dict[str, str]]:
        asked = urlsplit(self.path)
        return unquote(asked.path).strip("/"), {name: values[0] for name, values in parse_qs(asked.query).items()}

    def _fault(self, what: str) -> str:
        waiting = self.sim.faults[what]
        return waiting.popleft() if waiting else ""

    def _json(self, status: int, told: Any) -> None:
        self._send(status, json.dumps(told).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str, *, close: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
