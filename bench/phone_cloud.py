"""The cloud half as far as a push can tell: nothing is known yet, links are signed as the app signs them.

    python -m bench.phone_cloud PORT S3_ADDRESS FOLDER PREFIX

A file is `uploaded` as soon as the server has it in its folder. In a process of its own, so that what it takes is not
taken for what a push takes.
"""

from __future__ import annotations

import itertools
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from botocore.credentials import ReadOnlyCredentials

from bench.rolls import BUCKET
from bench.servers import KEY, SECRET
from chalicelib.presign import Signer

PAGE = 100


class PhoneCloud:
    """Begins uploads, and tells which have arrived."""

    def __init__(self, s3: str, folder: Path, prefix: str) -> None:
        """Take where files are sent, and where the server keeps them."""
        keys = ReadOnlyCredentials(KEY, SECRET, None)
        self._signer = Signer(lambda: keys, "us-east-1", f"{s3}/{BUCKET}")
        self._folder, self._prefix, self._numbers = folder / BUCKET, prefix, itertools.count(1)
        self._keys: dict[str, str] = {}

    def begin(self, asked: list[dict[str, Any]]) -> dict[str, Any]:
        """Give a link for each file."""
        return {"files": [self._begin(one) for one in asked]}

    def _begin(self, one: dict[str, Any]) -> dict[str, Any]:
        file_id = f"{next(self._numbers):032x}"
        self._keys[file_id] = key = f"{self._prefix}/{file_id}-{one['name']}"
        link = self._signer.put(key, one["type"], one["size"], one["sha256"])
        return {"outcome": "upload", "fileId": file_id, "key": key, "link": msgspec.to_builtins(link)}

    def newest(self, following: str) -> dict[str, Any]:
        """Tell one page of files, those begun last first."""
        ids, start = list(reversed(self._keys)), int(following or 0)
        page = [{"fileId": one, **self.status(one)} for one in ids[start : start + PAGE]]
        return {"files": page} | ({"next": str(start + PAGE)} if len(ids) > start + PAGE else {})

    def status(self, file_id: str) -> dict[str, str]:
        """Tell how far a file has come."""
        return {"status": "uploaded" if (self._folder / self._keys[file_id]).exists() else "pending"}


class _Handler(BaseHTTPRequestHandler):
    cloud: PhoneCloud
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer how files stand."""
        asked = urlsplit(self.path)
        file_id = asked.path.partition("/files/")[2]
        following = parse_qs(asked.query).get("next", [""])[0]
        self._tell(self.cloud.status(file_id) if file_id else self.cloud.newest(following))

    def do_POST(self) -> None:
        """Answer what is missing, and what is begun."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._tell({"missing": body["hashes"]} if "hashes" in body else self.cloud.begin(body["files"]))

    def _tell(self, told: dict[str, Any]) -> None:
        encoded = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


def main() -> None:
    """Listen for ever."""
    port, s3, folder, prefix = sys.argv[1:]
    handler = type("Handler", (_Handler,), {"cloud": PhoneCloud(s3, Path(folder), prefix)})
    ThreadingHTTPServer(("127.0.0.1", int(port)), handler).serve_forever()


if __name__ == "__main__":
    main()
