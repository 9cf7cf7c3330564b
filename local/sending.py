"""How the demo's phone sends a file to the links it was given: whole, or in parts."""

import hashlib
import http.client
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.api import Api, patiently
from local.errors import DemoError
from local.samples import Sample

BLOCK = 1 << 18
GOOD_PUT = (200, 204)


@dataclass(frozen=True)
class Piece:
    """Some of a file, or all of it."""

    path: Path
    start: int
    size: int

    def blocks(self) -> Iterator[bytes]:
        """Read it a block at a time."""
        left = self.size
        with self.path.open("rb") as file:
            file.seek(self.start)
            while block := file.read(min(BLOCK, left)):
                left -= len(block)
                yield block

    def sha256(self) -> str:
        """Hash it."""
        summed = hashlib.sha256()
        for block in self.blocks():
            summed.update(block)
        return summed.hexdigest()


class Progress:
    """Says how many bytes are up; a line that rewrites itself on a terminal, silent elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._up = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Count bytes that were sent."""
        with self._lock:
            self._up += count
            if sys.stderr.isatty():
                share = 100 * self._up // max(self._total, 1)
                print(
                    f"\r  uploading {share:3d} %  {self._up >> 20} of {self._total >> 20} MiB", end="", file=sys.stderr
                )

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            print(file=sys.stderr)


def whole(sample: Sample) -> Piece:
    """Return all of a sample."""
    return Piece(sample.path, 0, sample.size)


def put_parts(api: Api, answer: dict[str, Any], sample: Sample, progress: Progress) -> None:
    """Send a large file part by part, each with its hash, and have the parts put together."""
    file_id, size = answer["fileId"], int(answer["partSize"])
    for number in range(1, int(answer["partCount"]) + 1):
        start = (number - 1) * size
        piece = Piece(sample.path, start, min(size, sample.size - start))
        for link in _links(api, file_id, number, piece):
            put(link, piece, progress)
    patiently(lambda: api.post(f"/uploads/{file_id}/complete", {}))


def _links(api: Api, file_id: str, number: int, piece: Piece) -> list[dict[str, Any]]:
    """Ask for the link of a part; there is none if S3 has it."""
    asked = {"parts": [{"part": number, "sha256": piece.sha256()}]}
    links: list[dict[str, Any]] = patiently(lambda: api.post(f"/uploads/{file_id}/links", asked)).get("links", [])
    return links


def put(link: dict[str, Any], piece: Piece, progress: Progress) -> None:
    """Send a piece to a link with exactly the headers that were signed, a block at a time."""
    url = urlsplit(link["url"])
    assert url.hostname is not None
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
    try:
        connection.putrequest(link.get("method", "PUT"), f"{url.path}?{url.query}", skip_accept_encoding=True)
        for name, value in with_length(link.get("headers", {}), piece.size).items():
            connection.putheader(name, value)
        connection.endheaders()
        for block in piece.blocks():
            connection.send(block)
            progress.add(len(block))
        answer = connection.getresponse()
        told = answer.read()
        if answer.status not in GOOD_PUT:
            said = told[:300].decode(errors="replace")
            raise DemoError(f"{piece.path.name!r} was refused with {answer.status}: {said}")
    finally:
        connection.close()


def with_length(headers: dict[str, str], size: int) -> dict[str, str]:
    """The headers to send: those of the link, and the length where the link leaves it to the client."""
    named = {name.lower() for name in headers}
    return {**headers, **({} if "content-length" in named else {"Content-Length": str(size)})}
