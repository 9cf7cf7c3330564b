"""A cloud that a test keeps in its head: the page asks it for a library of any size, and nothing leaves the browser."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, Route

from chalicelib import page as served
from chalicelib.config import Settings

WEB = Path(__file__).parents[2] / "chalicelib" / "web"
NOWHERE = "https://page.test"
PC = "0190" + "b" * 28
LATEST = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}

Answer = tuple[int, Any]
File = dict[str, Any]


def a_file(number: int, **other: Any) -> File:
    """A photo; the higher its number, the longer ago it was captured: some ten a day, with pauses."""
    moment = LATEST - timedelta(hours=number * 2.3 + 400 * (number // 60))
    made = {
        "fileId": f"{10**9 - number:032x}",
        "name": f"IMG_{number:05}.jpg",
        "type": "image/jpeg",
        "status": "downloaded" if number > 3 else "uploaded",
        "createdAt": "2026-11-20T19:00:00.000Z",
        "capturedAt": moment.strftime("%Y-%m-%dT%H:%M:%S+01:00"),
        "capturedFrom": "exif",
        "size": 3_400_000 + number,
        "width": 4032,
        "height": 3024,
        "previews": ["256", "1600"],
        "favourite": False,
        "owedToCount": int(number <= 3),
        "homeCount": int(number > 3),
        "cloudCopy": "kept",
        "version": 0,
    }
    return {**made, **other}


@dataclass
class Shelves:
    """The files and albums of one owner, and every question that was asked."""

    files: list[File]
    albums: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    refuse: dict[str, Answer] = field(default_factory=dict)

    def of(self, method: str, start: str) -> list[Any]:
        """What was asked under an address: the body, or the query of a GET."""
        return [body for verb, path, body in self.asked if verb == method and path.startswith(start)]

    def find(self, file_id: str) -> File:
        return next(file for file in self.files if file["fileId"] == file_id)

    def answer(self, method: str, path: str, body: Any) -> Answer:
        self.asked.append((method, path, body))
        for start, refusal in self.refuse.items():
            if path.startswith(start):
                return refusal
        for pattern, deed in self._deeds().items():
            found = re.fullmatch(pattern, f"{method} {path}")
            if found:
                return 200, deed(body, *found.groups())
        return 404, {"Code": "NotFoundError", "Message": f"no {path}"}

    def _deeds(self) -> dict[str, Callable[..., Any]]:
        return {
            "GET devices": lambda _: {"devices": [{"deviceId": PC, "name": "Den PC", "kind": "pc"}]},
            "GET files": self._list,
            "POST files/links": self._links,
            "POST files/search": self._search,
            "POST files/(trash|restore|purge)": self._throw,
            "POST files/([0-9a-f]+)/recall": lambda _, __: {"outcome": "asked"},
            "GET files/([0-9a-f]+)": lambda _, file_id: self._full(self.find(file_id)),
            "PATCH files/([0-9a-f]+)": self._edit,
            "GET albums": lambda _: {"albums": [self._album(one) for one in reversed(self.albums)]},
            "POST albums": self._make_album,
            "PATCH albums/([0-9a-f]+)": self._rename_album,
            "DELETE albums/([0-9a-f]+)": lambda _, album_id: self.albums.pop(album_id) and {},
            "GET albums/([0-9a-f]+)/files": self._list_album,
            "POST albums/([0-9a-f]+)/files": self._change_album,
        }

    def _list(self, query: dict[str, str]) -> Any:
        trashed = query.get("status") == "trashed"
        found = [file for file in self.files if (file["status"] == "trashed") == trashed]
        if query.get("favourite"):
            found = [file for file in found if file["favourite"]]
        return _page(found, query)

    def _list_album(self, query: dict[str, str], album_id: str) -> Any:
        return _page([self.find(file_id) for file_id in self.members[album_id]], query)

    def _links(self, body: Any) -> Any:
        return {"files": [self._link(asked["fileId"], asked["variant"]) for asked in body["files"]]}

    def _link(self, file_id: str, variant: str) -> Any:
        told = {"fileId": file_id, "variant": variant}
        if variant == "original" and self.find(file_id)["cloudCopy"] == "gone":
            homes = [{"deviceId": PC, "name": "Den PC"}]
            return {**told, "outcome": "refused", "reason": "onlyAtHome", "homes": homes}
        url = f"{NOWHERE}/bucket/{file_id}-{variant}"
        expires = (datetime.now(UTC) + timedelta(minutes=15)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {**told, "outcome": "link", "link": {"url": url, "method": "GET", "headers": {}, "expiresAt": expires}}

    def _search(self, body: Any) -> Any:
        text = body["text"].lower()
        found = [file for file in self.files if file["status"] != "trashed" and text in file["name"].lower()]
        return _page(found, {"limit": body["limit"], "next": body.get("next", "")})

    def _throw(self, body: Any, deed: str) -> Any:
        status = {"trash": "trashed", "restore": "downloaded", "purge": "purging"}[deed]
        for file_id in body["fileIds"]:
            trashed = {"trashedAt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"} if deed == "trash" else {}
            file = self.find(file_id)
            file.pop("trashedAt", None)
            file |= {"status": status, **trashed}
        outcome = {"trash": "trashed", "restore": "restored", "purge": "purged"}[deed]
        return {"files": [{"fileId": file_id, "outcome": outcome, "status": status} for file_id in body["fileIds"]]}

    def _edit(self, body: Any, file_id: str) -> Any:
        file = self.find(file_id)
        file |= {"favourite": body["favourite"], "version": file["version"] + 1}
        return self._full(file)

    def _full(self, file: File) -> File:
        home = {PC: "2026-11-20T20:15:00.000Z"} if file["homeCount"] else {}
        more = {"camera": "Apple iPhone 14", "place": {"lat": 48.8577, "lon": 2.295}, "albums": []}
        return {**file, **more, "home": home, "owedTo": [] if home else [PC]}

    def _album(self, album_id: str) -> Any:
        return {**self.albums[album_id], "albumId": album_id, "files": len(self.members[album_id])}

    def _make_album(self, body: Any) -> Any:
        album_id = f"{len(self.albums) + 1:032x}"
        self.albums[album_id] = {"name": body["name"], "createdAt": "2026-11-20T20:15:00.000Z", "version": 0}
        self.members[album_id] = []
        return self._album(album_id)

    def _rename_album(self, body: Any, album_id: str) -> Any:
        self.albums[album_id] |= {"name": body["name"], "version": body["version"] + 1}
        return self._album(album_id)

    def _change_album(self, body: Any, album_id: str) -> Any:
        added, removed = body.get("add", []), body.get("remove", [])
        kept = [one for one in self.members[album_id] if one not in removed]
        self.members[album_id] = kept + [one for one in added if one not in kept]
        told = [{"fileId": one, "outcome": "added"} for one in added]
        return {"files": told + [{"fileId": one, "outcome": "removed"} for one in removed]}


def _page(found: list[File], query: dict[str, Any]) -> Any:
    first, limit = int(query.get("next") or 0), int(query["limit"])
    more = {"next": str(first + limit)} if first + limit < len(found) else {}
    return {"files": found[first : first + limit], **more}


@cache
def picture(number: int, width: int, height: int) -> bytes:
    """Hills before a sky, each time others: so that whoever looks at a screenshot sees a library."""
    turn = number * 2.399
    sky = [tuple(int(128 + 110 * math.sin(turn + part + at * 1.1)) for part in (0, 0.8, 1.6)) for at in (0, 1)]
    image = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(image)
    for y in range(height):
        share = y / height
        mixed = tuple(int(up + (down - up) * share) for up, down in zip(*sky, strict=True))
        pen.line([(0, y), (width, y)], fill=mixed)
    x, y, r = width * (0.2 + 0.6 * math.sin(turn) ** 2), height * 0.3, height * 0.09
    pen.ellipse([x - r, y - r, x + r, y + r], fill=(255, 244, 214))
    for hill in range(3):
        base = height * (0.55 + 0.15 * hill)
        wave = [
            (at, base + height * 0.09 * math.sin(turn * (hill + 1) + at / width * (4 + hill)))
            for at in range(0, width + 8, 8)
        ]
        shade = tuple(int(part * (0.62 - 0.17 * hill)) for part in sky[hill % 2])
        pen.polygon([*wave, (width, height), (0, height)], fill=shade)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80)
    return out.getvalue()


def _look(path: str) -> bytes:
    found = re.fullmatch(r"/bucket/([0-9a-f]+)-(\w+)", path)
    assert found, path
    number = int(found[1], 16) % 48
    return picture(number, 1600, 1200) if found[2] != "256" else picture(number, 256, 192)


def here() -> Settings:
    """A stage whose bucket is at our own address."""
    told = {one.name: "eu-west-1" for one in fields(Settings) if one.default is MISSING}
    return Settings(**told, endpoint_url=NOWHERE)


# What the page puts around the library, as little of it as will do: the rest has tests of its own.
SHELL = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Backhaul</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<link rel="stylesheet" href="web/style.css"><script type="module" src="boot.js"></script>
<div id="app"><main id="screen"></main></div></html>"""
BOOT = """
import { Api } from './web/api.js';
import { LibraryView } from './web/library_view.js';
const way = () => location.hash.split('/').slice(1);
const session = { token: async () => 'token', freshToken: async () => 'token' };
const view = new LibraryView(document.getElementById('screen'), new Api(session), way());
addEventListener('hashchange', () => view.go(way()));
view.open();
"""


def serve(context: BrowserContext, shelves: Shelves) -> None:
    """Be the only host there is: the page's files as they are served, the API, and the bucket."""
    headers = {"Content-Security-Policy": served.policy(here()), "Cache-Control": "max-age=600"}

    def fulfil(route: Route) -> None:
        request, parts = route.request, urlsplit(route.request.url)
        if parts.path in ("/", "/boot.js"):
            body, kind = (SHELL, ".html") if parts.path == "/" else (BOOT, ".js")
            route.fulfill(body=body, content_type=KINDS[kind], headers=headers)
        elif parts.path.startswith("/web/"):
            path = WEB / parts.path.removeprefix("/web/")
            route.fulfill(body=path.read_bytes(), content_type=KINDS[path.suffix], headers=headers)
        elif parts.path.startswith("/bucket/"):
            route.fulfill(body=_look(parts.path), content_type="image/webp", headers={"Cache-Control": "max-age=600"})
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked = query if request.method == "GET" else request.post_data_json
            status, told = shelves.answer(request.method, parts.path.lstrip("/"), asked)
            route.fulfill(status=status, body=json.dumps(told), content_type="application/json")

    context.route(f"{NOWHERE}/**", fulfil)


def a_phone(browser: Browser, shelves: Shelves, **other: Any) -> Iterator[Page]:
    """The page on a phone of somebody signed in; what it complains of fails the test."""
    said: list[str] = []
    told: dict[str, Any] = {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
        "locale": "en-GB",
        "timezone_id": "Europe/Paris",
        "reduced_motion": "reduce",
        "service_workers": "block",
    }
    with browser.new_context(**{**told, **other}) as context:
        serve(context, shelves)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: said.append(f"thrown: {error}"))
        page.on("console", lambda one: one.type in ("error", "warning") and said.append(one.text))
        yield page
    unexpected = [one for one in said if "Failed to load resource" not in one]
    assert unexpected == []
