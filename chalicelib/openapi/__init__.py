"""The OpenAPI 3.1 document, made of what the app itself goes by: its routes, its types, its refusals.

Nothing of it is written down twice, so nothing can be forgotten: a route appears because it is served. Imported only
when somebody asks for it; no other request pays.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from chalice.app import Response

from chalicelib.openapi.document import Routes, write

FRESH_SECONDS = 3600
_MOST_KEPT = 4
_kept: dict[str, tuple[str, str]] = {}


def answer(routes: Routes, url: str, headers: Mapping[str, str]) -> Response:
    """Serve the document; who has this very one is told so and gets nothing."""
    text, tag = _written(routes, url)
    kept: dict[str, Any] = {"Cache-Control": f"public, max-age={FRESH_SECONDS}", "ETag": tag}
    if tag in headers.get("if-none-match", ""):
        return Response("", kept, 304)
    return Response(text, {**kept, "Content-Type": "application/json"})


def _written(routes: Routes, url: str) -> tuple[str, str]:
    """Return the document and its tag; what a process has once written, for one of few addresses, it keeps."""
    if url not in _kept:
        if len(_kept) == _MOST_KEPT:
            _kept.clear()
        text = msgspec.json.encode(write(routes, url)).decode()
        _kept[url] = text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    return _kept[url]


__all__ = ["answer", "write"]
