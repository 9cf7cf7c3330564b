"""Which of 50,000 contents are missing: what the app is asked, next to listing the bucket and to a HEAD for each.

All go to a server over a line of 40 ms. The app is the real one over a table in memory, and each of its calls to
DynamoDB is given 5 ms; listing and HEADs are answered at once, in the words of S3, by a stand-in whose keys are the
hashes: without such names neither could answer at all, for S3's ETag is no SHA-256 (nor, of a file sent in parts, any
hash).
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from agent.push.api import PushApi
from agent.push.bucket import pool
from bench import line
from bench.rolls import BUCKET
from bench.servers import KEY, SECRET
from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.incoming import missing
from chalicelib.metadata import files
from chalicelib.metadata.items import to_item
from chalicelib.metadata.table import Table
from tests.builders import OWNER, SETTINGS, TABLE, HandClock
from tests.simulation.memory_table import Change, MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MANY = 50_000
A_REQUEST = 1_000
FAR_SECONDS, TABLE_SECONDS = 0.04, 0.005
HEADS, ABREAST = 1_000, 16
HEAD = (
    "| way | requests | wall s | MB sent | MB received | bytes a hash | tells contents apart |\n"
    "|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Took:
    """What a way took for so many hashes."""

    requests: float
    wall: float
    sent: float
    received: float

    def times(self, factor: float) -> Took:
        """Reckon with so many times as much."""
        return Took(self.requests * factor, self.wall * factor, self.sent * factor, self.received * factor)


def section(scale: float) -> str:
    """Measure, and lay out the figures."""
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(round(MANY * scale))]
    ours, calls = _ours(hashes)
    with _serving(_bucket(hashes), apart=True) as near:
        listed = _counted(near, lambda address: _list(address, len(hashes)))
        some = hashes[:HEADS]
        heads = _counted(near, lambda address: _head(address, some)).times(len(hashes) / len(some))
    return table(len(hashes), ours, calls, listed, heads)


def table(count: int, ours: Took, calls: int, listed: Took, heads: Took) -> str:
    """Lay out the figures."""
    lines = [f"{count:,} hashes, all of them known; {calls:,} calls to the table.\n", HEAD]
    measured = f"a HEAD for each, {ABREAST} at a time ({min(HEADS, count):,} measured)"
    for name, took, tells in (
        (f"`POST /files/missing`, {A_REQUEST:,} a request, as `push` asks", ours, "yes, by SHA-256"),
        ("list the bucket", listed, "no, unless keys are hashes"),
        (measured, heads, "only where S3 keeps checksums"),
    ):
        sizes = f"{took.sent / 1e6:.1f} | {took.received / 1e6:.1f} | {(took.sent + took.received) / count:.0f}"
        lines.append(f"| {name} | {took.requests:,.0f} | {took.wall:.1f} | {sizes} | {tells} |")
    return "\n".join(lines)


def _ours(hashes: Sequence[str]) -> tuple[Took, int]:
    """Ask the app as `push` does; return with it how often the table was asked."""
    calls = 0

    def wire(_operation: str, call: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        time.sleep(TABLE_SECONDS)
        return call()

    with _serving(_app(_world(hashes, wire))) as near:
        took = _counted(near, lambda address: _ask(address, hashes))
    return took, calls


def _ask(address: str, hashes: Sequence[str]) -> int:
    with pool(4, address) as http:
        api = PushApi(address, "bh_key", http, time.sleep)
        for start in range(0, len(hashes), A_REQUEST):
            assert not api.missing(hashes[start : start + A_REQUEST])
    return -(-len(hashes) // A_REQUEST)


def _list(address: str, count: int) -> int:
    pages = list(_s3(address).get_paginator("list_objects_v2").paginate(Bucket=BUCKET))
    found = sum(len(page.get("Contents", [])) for page in pages)
    assert found == count, f"listed {found}, expected {count}"
    return len(pages)


def _head(address: str, hashes: Sequence[str]) -> int:
    s3 = _s3(address)
    with ThreadPoolExecutor(ABREAST) as threads:
        return len(list(threads.map(lambda sha256: s3.head_object(Bucket=BUCKET, Key=_key(sha256)), hashes)))


def _counted(near: str, ask: Callable[[str], int]) -> Took:
    """Let somebody ask over the line, and count what goes over it."""
    _s3(near)  # what the first client of a process loads from disk is no part of it
    with _counting(near) as (counted, address), line.far(address, FAR_SECONDS) as far:
        begun = time.monotonic()
        requests = ask(far)
        wall = time.monotonic() - begun
    return Took(requests, wall, *counted)


def _world(hashes: Sequence[str], wire: Callable[[str, Callable[[], Any]], Any]) -> Cloud:
    """Make a cloud whose table knows the hashes; only asking it goes over the wire."""
    memory = MemoryTable(wire)
    for sha256 in hashes:
        key = files.hash_key(OWNER, sha256)
        item = to_item({**key._asdict(), "held": True})
        memory._commit([Change((key.pk, key.sk), None, item)])  # noqa: SLF001 (a write for each takes minutes)
    keys = ReadOnlyCredentials("x", "x", None)
    world = Cloud(SETTINGS, lambda _: memory, HandClock(), get_credentials=lambda: keys)
    world.table = Table(memory, TABLE, sleep=lambda _: None)
    return world


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def tell(self, kind: str, told: bytes, **headers: str) -> None:
        """Answer."""
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(told)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)


def _app(world: Cloud) -> type[_Handler]:
    """Serve the one route."""
    caller = Caller(OWNER, "d" * 32, frozenset({"upload"}))

    class App(_Handler):
        def do_POST(self) -> None:
            """Tell what is missing."""
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            told = missing.find(world, caller, bodies.parse(raw, missing.Hashes))
            self.tell("application/json", json.dumps(bodies.to_json(told)).encode())

    return App


def _bucket(hashes: Sequence[str]) -> type[_Handler]:
    """Serve a bucket's pages and heads, written as S3 writes them."""

    class Bucket(_Handler):
        def do_GET(self) -> None:
            """Tell one page of keys."""
            start = int(parse_qs(urlsplit(self.path).query).get("continuation-token", ["0"])[0])
            page, end = hashes[start : start + A_REQUEST], start + A_REQUEST
            more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end < len(hashes) else ""
            about = (
                f"<Name>{BUCKET}</Name><Prefix/><KeyCount>{len(page)}</KeyCount><MaxKeys>{A_REQUEST}</MaxKeys>{more}"
            )
            about += f"<IsTruncated>{str(bool(more)).lower()}</IsTruncated>{''.join(map(_entry, page))}"
            told = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{about}</ListBucketResult>'
            self.tell("application/xml", told.encode())

        def do_HEAD(self) -> None:
            """Tell of one object."""
            about = {
                "Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT",
                "ETag": f'"{"e" * 32}"',
                "Accept-Ranges": "bytes",
            }
            about |= {"x-amz-request-id": "R" * 16, "x-amz-id-2": "I" * 76, "x-amz-server-side-encryption": "AES256"}
            self.tell("image/jpeg", b"", **about, **{"x-amz-version-id": "v" * 32})

    return Bucket


def _entry(sha256: str) -> str:
    tag = f"<ETag>&quot;{'e' * 32}&quot;</ETag>"
    about = f"<Key>{_key(sha256)}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified>{tag}"
    return f"<Contents>{about}<Size>3000000</Size><StorageClass>STANDARD</StorageClass></Contents>"


@contextmanager
def _serving(handler: type[_Handler], *, apart: bool = False) -> Iterator[str]:
    """Serve, in a process apart where what the server takes would be taken from who asks."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serve: dict[str, Any] = {"target": server.serve_forever, "kwargs": {"poll_interval": 0.1}, "daemon": True}
    serving: Any = get_context("fork").Process(**serve) if apart else threading.Thread(**serve)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    if apart:
        serving.terminate()
        serving.join()
    else:
        server.shutdown()
    server.server_close()


@contextmanager
def _counting(near: str) -> Iterator[tuple[list[int], str]]:
    """Put a proxy in front that counts what is sent and received."""
    counted, port = [0, 0], int(near.rpartition(":")[2])

    def pump(source: socket.socket, target: socket.socket, which: int) -> None:
        while some := _received(source):
            counted[which] += len(some)
            target.sendall(some)
        _over(target)

    def accept(listening: socket.socket) -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            beyond = socket.create_connection(("127.0.0.1", port))
            for one in (taken, beyond):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pair in ((taken, beyond, 0), (beyond, taken, 1)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        yield counted, f"http://127.0.0.1:{listening.getsockname()[1]}"


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(1 << 16)
    except OSError:
        return b""


def _over(target: socket.socket) -> None:
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _s3(address: str) -> Any:
    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=address, config=Config(max_pool_connections=ABREAST), **keys)


def _key(sha256: str) -> str:
    return f"originals/{sha256}"
