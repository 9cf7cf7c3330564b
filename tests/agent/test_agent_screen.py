"""The live display: what it says at each moment, and that it never wraps, never hides trouble, and leaves nothing."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import os
import queue
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc
from hypothesis import given
from hypothesis import strategies as st

from agent.drive.today import Day
from agent.fetch.flights import Left
from agent.fetch.traffic import Under
from agent.show import screen, terminal
from agent.show.screen import Screen, View
from agent.show.terminal import Canvas

ROOT = Path(__file__).parent.parent.parent
NOTHING = Left(0, 0, 0)
MEGA = 1_000_000


@pytest.mark.parametrize(
    ("view", "line"),
    [
        (View(NOTHING, (), 0, 57), "Everything is home · 57 came today"),
        (View(Left(3, 3, 30 * MEGA), (), 2 * MEGA, 1), "3 to come · 30.0 MB · 2.0 MB/s · 15 s left · 1 came today"),
        (View(Left(6, 3, 30 * MEGA), (), 2 * MEGA, 1), "6 to come · 60.0 MB · 2.0 MB/s · 30 s left · 1 came today"),
        (View(Left(1200, 0, 0), (), 0, 0), "1,200 to come · 0 B · 0 came today"),
        (
            View(Left(1, 1, 30 * MEGA), (Under("a.mov", 30 * MEGA, 20 * MEGA),), MEGA, 0),
            "1 to come · 10.0 MB · 1.0 MB/s · 10 s left · 0 came today",
        ),
        (View(NOTHING, (), 0, 1, "Paused until you resume"), "Paused until you resume · 1 came today"),
        (View(Left(2, 2, MEGA), (), 5, 1, "The disk is full"), "The disk is full · 2 to come · 1.0 MB · 1 came today"),
    ],
)
def test_the_first_line_says_how_it_stands(view: View, line: str) -> None:
    assert screen.lines(view, 100)[0] == line


def test_each_file_under_way_has_its_line_the_largest_first() -> None:
    under_way = (Under("a/small.jpg", 4, 1), Under("a/large.mov", 100 * MEGA, 50 * MEGA), Under("a/waits.jpg", 9, 0))

    assert screen.lines(View(NOTHING, under_way, 0, 0), 100)[1:] == [
        "  a/large.mov [##########----------]  50 % of 100 MB",
        "  a/small.jpg [#####---------------]  25 % of 4 B",
    ]


@given(
    st.lists(st.builds(Under, st.text(max_size=300), st.integers(0, 5 * 1024**4), st.integers(0, 2**50)), max_size=12),
    st.integers(20, 200),
)
def test_no_line_ever_wraps(under_way: list[Under], width: int) -> None:
    drawn = screen.lines(View(Left(10**6, 10**5, 10**15), tuple(under_way), 1e9, 10**5), width)

    assert len(drawn) <= 1 + screen.MOST_FILES
    assert all(terminal.cells(line) <= width and line.isprintable() for line in drawn)


def test_the_end_of_a_long_name_is_kept() -> None:
    assert terminal.fitted("2024/2024-07/IMG_1.jpg", 12) == "...IMG_1.jpg"
    assert terminal.cells("日本é") == 5


def test_what_was_drawn_is_drawn_over() -> None:
    stream = io.StringIO()
    canvas = Canvas(stream)

    canvas.draw(["one", "two"])
    canvas.above("said")
    canvas.clear()

    assert stream.getvalue() == "one\ntwo\n\x1b[2A\r\x1b[Jsaid\none\ntwo\n\x1b[2A\r\x1b[J"


def test_trouble_is_said_above_and_what_the_display_shows_is_not() -> None:
    stream = io.StringIO()
    shown = Screen(Canvas(stream), lambda: None)

    for name, level in (("agent.loop", logging.INFO), ("agent.loop", logging.WARNING), ("agent.pause", logging.INFO)):
        shown.handle(logging.LogRecord(name, level, "", 0, f"{name} says {level}", None, None))

    assert [line.rpartition("  ")[2].partition("agent")[2] for line in stream.getvalue().splitlines()] == [
        ".loop says 30",
        ".pause says 20",
    ]


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_nothing_is_drawn_without_a_terminal(stream: io.StringIO | None) -> None:
    assert not terminal.can_draw(stream)


class Window(io.StringIO):
    """A terminal that understands escape sequences."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    monkeypatch.setattr(screen, "DRAW_SECONDS", 0.001)
    return Window()


@pytest.mark.skipif(os.name != "posix", reason="Windows asks its console whether it can be drawn on")
def test_while_it_is_shown_the_display_says_what_was_logged_and_then_leaves_no_trace(window: Window) -> None:
    root, plain, looks = logging.getLogger(), logging.StreamHandler(window), queue.SimpleQueue[None]()
    views = itertools.chain([None], itertools.repeat(View(NOTHING, (), 0, 57)))
    root.addHandler(plain)

    def look() -> View | None:
        looks.put(None)
        return next(views)

    try:
        with contextlib.redirect_stderr(window), screen.live(look):
            for _ in range(4):
                looks.get(timeout=60)
            logging.getLogger("agent.pause").warning("paused until you resume")
            within = list(root.handlers)
        after = list(root.handlers)
    finally:
        root.removeHandler(plain)

    assert plain not in within
    assert plain in after
    assert not any(isinstance(one, Screen) for one in after)
    assert "57 came today\n" in window.getvalue()
    assert window.getvalue().count("paused until you resume") == 1
    assert window.getvalue().endswith("\x1b[1A\r\x1b[J")


def test_who_wants_to_read_every_line_gets_no_display(window: Window) -> None:
    with contextlib.redirect_stderr(window), screen.live(lambda: View(NOTHING, (), 0, 57), verbose=True):
        assert not any(isinstance(one, Screen) for one in logging.getLogger().handlers)

    assert window.getvalue() == ""


def test_the_count_of_a_day_begins_again_at_midnight() -> None:
    now = [1_800_000_000.0]
    day = Day(lambda _: 40, lambda: now[0])

    assert day.came(2) == 42
    now[0] += 86_400
    assert day.came(5) == 0
    assert day.came(8) == 3


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of our own")
def test_a_person_at_a_terminal_sees_the_display_and_the_log_has_every_file(pc: Pc, cloud: FakeCloud) -> None:
    import pty

    cloud.has(b"a photo")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "agent", "run", "--home", str(pc.home)]
    environment = os.environ | {"BACKHAUL_KEYRING": "file", "COLUMNS": "100"}
    process = subprocess.Popen(command, stderr=theirs, cwd=ROOT, env=environment)
    os.close(theirs)
    seen = b""

    while b"1 came today" not in seen:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGTERM)
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:  # Linux's way to say that the other side is closed
        pass
    os.close(ours)

    assert process.wait(timeout=300) == 0
    assert b"works for" in seen
    assert b"came home file_id" not in seen
    assert "came home file_id" in "".join(page.read_text() for page in pc.home.logs.iterdir())
