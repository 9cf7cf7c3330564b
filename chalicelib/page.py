"""The page a phone opens: the files of `web/`, which may do nothing but talk to this API and to our bucket.

Only what lies in the folder when it is first read is served, found by its whole name: no path is ever made of what
somebody asked.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from chalice.app import Response
from msgspec import Meta

from chalicelib import presign
from chalicelib.config import Settings
from chalicelib.errors import NotFoundError

FileName = Annotated[str, Meta(max_length=80)]
SHELL, SERVICE_WORKER = "index.html", "sw.js"
_FOLDER = Path(__file__).with_name("web")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
# The service worker keeps the page for when there is no line; it is told what to keep, and under which version.
_KEPT = b"@KEPT@"


class Page(Response):
    """A file of the page."""


@dataclass(frozen=True)
class _File:
    """Bytes are a picture's; all else is text, which the gateway compresses on the way."""

    body: str | bytes
    kind: str
    tag: str


def opened(settings: Settings, headers: Mapping[str, str]) -> Page:
    """Serve what the page begins with, at whichever of its addresses it was opened."""
    return _answer(settings, SHELL, headers)


def answer(settings: Settings, name: str, headers: Mapping[str, str]) -> Page:
    """Serve a file of the page; who has this very one is told so and gets nothing."""
    if name not in files():
        raise NotFoundError("file of the page", name)
    return _answer(settings, name, headers)


@cache
def files() -> Mapping[str, _File]:
    """Read the page, once a process."""
    raw = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}
    version = hashlib.sha256(b"".join(name.encode() + text for name, text in raw.items())).hexdigest()[:16]
    kept = json.dumps({"version": version, "files": [name for name in raw if name not in (SHELL, SERVICE_WORKER)]})
    raw[SERVICE_WORKER] = raw[SERVICE_WORKER].replace(_KEPT, kept.encode())
    return {name: _read(name, text) for name, text in raw.items()}


def policy(settings: Settings) -> str:
    """Say what the page may do: run its own files, talk to its own host and to the bucket; nothing else, ever."""
    bucket = _origin(presign.base_url(settings.bucket, settings.region, settings.endpoint_url))
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": f"'self' {bucket}",
        "img-src": f"'self' {bucket}",
        "media-src": bucket,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "backhaul",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _answer(settings: Settings, name: str, headers: Mapping[str, str]) -> Page:
    found = files()[name]
    told: dict[str, Any] = _headers(settings, name, found)
    if found.tag in headers.get("if-none-match", ""):
        return Page("", told, 304)
    return Page(found.body, {**told, "Content-Type": found.kind})


def _headers(settings: Settings, name: str, file: _File) -> dict[str, str]:
    told = {
        # Asked each time, answered by 304 as a rule: a page whose files are of two versions would be broken.
        "Cache-Control": "no-cache",
        "ETag": file.tag,
        "Content-Security-Policy": policy(settings),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        # The camera reads the code of a device that asks to be paired; the browser asks the person first.
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    }
    return {**told, "Service-Worker-Allowed": "../"} if name == SERVICE_WORKER else told


def _read(name: str, raw: bytes) -> _File:
    kind = _TYPES[Path(name).suffix]
    body = raw if kind == _TYPES[".png"] else raw.decode()
    return _File(body, kind, f'"{hashlib.sha256(raw).hexdigest()[:32]}"')


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
