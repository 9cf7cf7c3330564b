"""A person with a phone: what they do on the page, and all that the page complains of meanwhile."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

MILLISECONDS = 60_000
PASSWORD = "Correct-horse-1"
CODE = "123456"
PICTURES = Path(__file__).parents[2] / "build" / "browser"
expect.set_options(timeout=MILLISECONDS)


@dataclass
class Watched:
    """What the browser said, but for what a test asked for: an answer of the API that refuses is told as an error."""

    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        self.expected.append(pattern)

    def complaints(self) -> list[str]:
        return [one for one in self.said if not any(re.search(pattern, one) for pattern in self.expected)]


class Phone:
    def __init__(self, browser: Browser, url: str, watched: Watched, *, dark: bool = False) -> None:
        self.url = url
        self.watched = watched
        self.context = browser.new_context(
            viewport={"width": 390, "height": 844},
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            locale="en-GB",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # else a picture, or a look at contrast, may fall between two colours
        )
        self.page = self._watch(self.context.new_page())
        self.puts: list[str] = []
        self.secret = ""

    def _watch(self, page: Page) -> Page:
        page.set_default_timeout(MILLISECONDS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.watched.said.append(f"thrown: {error}"))
        page.on("response", self._see)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.watched.said.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _see(self, response: Response) -> None:
        if response.request.method == "PUT":
            self.puts.append(response.url)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def sign_up(self, email: str) -> None:
        page = self.page
        page.get_by_role("button", name="Create an account").click()
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create an account").click()
        page.get_by_label("Code").fill(CODE)
        page.get_by_role("button", name="Confirm").click()
        self.is_in()

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def is_in(self) -> None:
        expect(self.page.get_by_role("link", name="Devices")).to_be_visible()

    def choose(self, *files: Path) -> None:
        self.page.get_by_label("Choose photos and videos").set_input_files([str(file) for file in files])

    def hears(self) -> bool:
        """Let the browser's events come in while something else is waited for."""
        self.page.evaluate("0")
        return True

    def go(self, name: str) -> None:
        self.page.get_by_role("navigation", name="Backhaul").get_by_role("link", name=name, exact=True).click()

    def enter(self, room: str) -> None:
        """Go into a room of the account."""
        self.go("Account")
        self.page.get_by_role("link", name=room).click()
        expect(self.page.get_by_role("heading", level=1, name=room)).to_be_visible()

    def sign_out(self) -> None:
        self.go("Account")
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()

    def serious(self, *rules: str) -> list[str]:
        """What an accessibility run finds that would keep somebody out, by all rules or by some."""
        options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
        found = Axe().run(self.page, options=options).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]

    def looks(self, name: str) -> None:
        """Have it looked at by day and by night: nothing keeps anybody out, and a picture is taken of both."""
        self.page.evaluate("scrollTo(0, 0)")
        for scheme, rules in (("dark", ["color-contrast"]), ("light", [])):
            self.page.emulate_media(color_scheme=scheme)
            assert self.serious(*rules) == [], name
            self.picture(f"{name}-{scheme}")

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def close(self) -> None:
        self.context.close()


def totp(secret: str) -> str:
    """Compute what an authenticator app shows (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time() // 30)), hashlib.sha1)
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"
