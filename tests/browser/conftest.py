"""A real Chromium before the page, and the embedded cloud behind it. Collected by `make test-browser` alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BROWSER = os.environ.get("BACKHAUL_BROWSER", "")
collect_ignore_glob = [] if BROWSER else ["test_*.py"]

if BROWSER:
    sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))

    from phone import Phone, Watched
    from playwright.sync_api import Browser, Page, sync_playwright
    from shelves import Shelves, a_file, a_phone
    from whole_system import WholeSystem

    # Without these, Chromium looks for its maker's hosts at every start.
    FLAGS = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
    ]

    @pytest.fixture(scope="session")
    def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSystem]:
        system = WholeSystem(tmp_path_factory.mktemp("browser"))
        try:
            system.ensure_up()
            yield system
        finally:
            if system.process is not None and system.process.poll() is None:
                system.end(signal.SIGTERM)

    @pytest.fixture(scope="session")
    def browser() -> Iterator[Browser]:
        with sync_playwright() as tools:
            running = tools.chromium.launch(executable_path=BROWSER, args=FLAGS)
            yield running
            running.close()

    @pytest.fixture
    def watched() -> Watched:
        return Watched()

    @pytest.fixture
    def phone(browser: Browser, system: WholeSystem, watched: Watched) -> Iterator[Phone]:
        """A phone whose every complaint fails the test: errors, refused scripts, answers nobody expected."""
        made = Phone(browser, f"http://127.0.0.1:{system.api_port}", watched)
        yield made
        made.close()
        assert watched.complaints() == []

    @pytest.fixture
    def shelves() -> Shelves:
        """A small library with one of each kind of file."""
        files = [a_file(number) for number in range(130)]
        files[2] |= {"status": "pending", "previews": [], "homeCount": 0}
        files[5] |= {"type": "video/mp4", "name": "VID_00005.mp4"}
        files[6] |= {"type": "video/mp4", "name": "VID_00006.mp4", "cloudCopy": "gone"}
        files[7] |= {"favourite": True}
        files[9] |= {"type": "application/pdf", "name": "Tickets for the ferry.pdf", "previews": []}
        return Shelves(files)

    @pytest.fixture
    def library(browser: Browser, shelves: Shelves) -> Iterator[Page]:
        """A phone before it."""
        yield from a_phone(browser, shelves)
