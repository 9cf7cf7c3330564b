"""`status --web`: the status as a page on this PC alone, to be looked at until stopped. It shows, and changes nothing.

It listens on loopback, and answers only who names it by that address: a page elsewhere whose name was made to lead here
(DNS rebinding) is refused. What it shows has no secret in it: key, credentials and links are nowhere near.
"""

from __future__ import annotations

import contextlib
import html
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from agent.errors import AgentError
from agent.show import status

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.drive.home import Home

LOOPBACK = "127.0.0.1"
REFRESH_SECONDS = 10
ANSWERED_WITHIN_SECONDS = 10
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{seconds}"><title>Backhaul</title></head>
<body><h1>Backhaul</h1><pre>{text}</pre></body></html>
"""


class Server(ThreadingHTTPServer):
    """Serves one home folder's status on a free port of this PC."""

    daemon_threads = True

    def __init__(self, tell: Callable[[], str], port: int = 0) -> None:
        """Take who tells the status; port 0 is any free one."""
        super().__init__((LOOPBACK, port), _Handler)
        self.tell = tell
        self.names = {f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")}

    @property
    def url(self) -> str:
        """Where to look."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "backhaul", ""
    timeout = ANSWERED_WITHIN_SECONDS

    def do_GET(self) -> None:
        """Show the status, to who asks this PC itself."""
        if self.headers.get("Host") not in self.server.names:
            self._answer(421, "This page is to be had at its own address alone.")
        elif self.path != "/":
            self._answer(404, "There is one page, at /.")
        else:
            self._answer(200, self.server.tell())

    def _answer(self, code: int, text: str) -> None:
        body = PAGE.format(seconds=REFRESH_SECONDS, text=html.escape(text)).encode("utf-8", "replace")
        self.send_response(code)
        for name, value in {**HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def told(home: Home) -> str:
    """Write the status, or why there is none just now: the drive may be unplugged, and come back."""
    try:
        return status.text(status.of(home))
    except (AgentError, OSError) as error:
        return str(error)


def serve(home: Home, show: Callable[[str], None] = print) -> None:
    """Serve until interrupted."""
    with Server(lambda: told(home)) as server, contextlib.suppress(KeyboardInterrupt):
        show(f"Look at {server.url} on this PC. Ctrl-C ends it.")
        server.serve_forever()
