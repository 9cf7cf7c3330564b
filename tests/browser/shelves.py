"""A cloud that a test keeps in its head: the page asks it for a library of any size, and nothing leaves the browser."""

from __future__ import annotations

import io
import json
import math
import re
import threading
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs

from axe_playwright_python.sync_playwright import Axe
from phone import PICTURES as PICTURES_TAKEN
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page

from chalicelib import page as served
from chalicelib.config import Settings

WEB = Path(__file__).parents[2] / "chalicelib" / "web"
PICTURES = 23
PC = "0190" + "b" * 28
LATEST = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
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
    url: str = ""

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
        query = "?download" if body.get("download") else ""
        return {"files": [self._link(asked["fileId"], asked["variant"], query) for asked in body["files"]]}

    def _link(self, file_id: str, variant: str, query: str) -> Any:
        told = {"fileId": file_id, "variant": variant}
        if self.find(file_id)["status"] == "pending":
            return {**told, "outcome": "refused", "reason": "notHere", "status": "pending"}
        if variant == "original" and self.find(file_id)["cloudCopy"] == "gone":
            homes = [{"deviceId": PC, "name": "Den PC"}]
            return {**told, "outcome": "refused", "reason": "onlyAtHome", "homes": homes}
        # Few pictures do for many files: the browser has them already.
        shown = file_id if variant == "original" else f"{int(file_id, 16) % PICTURES:x}"
        url = f"{self.url}/bucket/{shown}-{variant}{query}"
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
def landscape(number: int, width: int, height: int) -> bytes:
    """Hills before a sky, each time others: so that whoever looks at a screenshot sees a library."""
    turn = number * 2.399
    sky = [tuple(int(128 + 110 * math.sin(turn + part + at * 1.1)) for part in (0, 0.8, 1.6)) for at in (0, 1)]
    both = Image.new("RGB", (1, 2), sky[0])
    both.putpixel((0, 1), sky[1])
    image = both.resize((width, height), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(image)
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
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


@cache
def sound() -> bytes:
    """A second of silence: what a player plays without asking which picture goes with it."""
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setparams((1, 1, 8000, 0, "NONE", ""))
        written.writeframes(b"\x80" * 8000)
    return out.getvalue()


def _look(path: str) -> tuple[bytes, str]:
    found = re.fullmatch(r"/bucket/([0-9a-f]+)-(256|1600|original)", path)
    assert found, path
    if found[2] == "original":
        return sound(), "audio/wav"
    number = int(found[1], 16)
    return landscape(number, *((256, 192) if found[2] == "256" else (1600, 1200))), "image/jpeg"


def policy(url: str) -> str:
    """Return what the page may do on a stage whose bucket is at this address."""
    told = {one.name: "eu-west-1" for one in fields(Settings) if one.default is MISSING}
    return served.policy(Settings(**told, endpoint_url=url))


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

OWN = {
    "/": (SHELL.encode(), "text/html; charset=utf-8"),
    "/boot.js": (BOOT.encode(), "text/javascript"),
    "/empty": (b"<!doctype html><title>nothing</title>", "text/html"),
}


class _Answers(BaseHTTPRequestHandler):
    """The page's files as they are served, the API, and the bucket."""

    protocol_version = "HTTP/1.1"
    server: _Host

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path in OWN:
            self._say(200, *OWN[path])
        elif path.startswith("/web/"):
            file = WEB / path.removeprefix("/web/")
            self._say(200, file.read_bytes(), KINDS[file.suffix])
        elif path.startswith("/bucket/"):
            save = {"Content-Disposition": "attachment"} if query == "download" else {}
            self._say(200, *_look(path), {"Cache-Control": "max-age=600", **save})
        else:
            self._answer({name: values[0] for name, values in parse_qs(query).items()})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))

    do_PATCH = do_DELETE = do_POST  # noqa: N815 (the names of methods, as the standard library wants them)

    def log_message(self, *_: Any) -> None:
        """Tell nobody."""

    def _answer(self, asked: Any) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        status, told = self.server.shelves.answer(self.command, path, asked)
        self._say(status, json.dumps(told).encode(), "application/json")

    def _say(self, status: int, body: bytes, kind: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
        self.send_response(status)
        told = {"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": self.server.policy}
        for name, value in {**told, **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Host(ThreadingHTTPServer):
    def __init__(self, shelves: Shelves) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.shelves = shelves
        shelves.url = f"http://127.0.0.1:{self.server_port}"
        self.policy = policy(shelves.url)


@contextmanager
def serve(shelves: Shelves) -> Iterator[None]:
    """Be the only host there is."""
    with _Host(shelves) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield
        host.shutdown()
        thread.join()


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
    with serve(shelves), browser.new_context(base_url=shelves.url, **{**told, **other}) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: said.append(f"thrown: {error}"))
        page.on("console", lambda one: one.type in ("error", "warning") and said.append(one.text))
        yield page
    unexpected = [one for one in said if "Failed to load resource" not in one]
    assert unexpected == []


# ---- What a person does ----


def enter(page: Page, room: str = "") -> None:
    page.goto(f"/#library{room}")


def tile(page: Page, number: int) -> Locator:
    return page.locator(f'.tile[data-id="{10**9 - number:032x}"]')


def choose(page: Page, *numbers: int) -> None:
    for number in numbers:
        tile(page, number).focus()
        page.keyboard.press(" ")


def names(page: Page) -> list[str]:
    return [
        label.split(",")[0] for label in page.locator(".tile").evaluate_all("all => all.map((one) => one.ariaLabel)")
    ]


def serious(page: Page, *rules: str) -> list[str]:
    """What an accessibility run finds that would keep somebody out, by all rules or by some."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def picture(page: Page, name: str) -> None:
    """Wait for every picture in view; keep what is seen by day and by night, and look whether all can see it."""
    page.evaluate(
        "Promise.all([...document.images].map((one) => one.complete || new Promise((over) => { one.onload = over; })))"
    )
    PICTURES_TAKEN.mkdir(parents=True, exist_ok=True)
    for scheme, rules in (("dark", ["color-contrast"]), ("light", [])):
        page.emulate_media(color_scheme=scheme)
        assert serious(page, *rules) == [], name
        page.screenshot(path=PICTURES_TAKEN / f"{name}-{scheme}.png")
