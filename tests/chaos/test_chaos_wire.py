"""Connections through the wire of `make chaos` end as their fate says, and homes are understood by what they say."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.homes import Home
from tests.chaos.weather import CUT_ANSWER, CUT_REQUEST, SHORT_ANSWER, Fault, Weather
from tests.chaos.wire import Wire
from tests.ports import a_free_port

HERE, BEHIND = "127.0.0.1", "127.0.0.2"
SAID, ANSWERED = b"q" * 5_000, b"a" * 50_000


class Fated(Weather):
    """Weather with one fate for every connection."""

    def __init__(self, fate: Fault | None) -> None:
        super().__init__(1, 0.04)
        self._fate = fate

    def next(self, _kind: str) -> Fault | None:
        return self._fate


def _talk(weather: Weather, raging: Path) -> tuple[bytes, bytes, bool]:
    """Ask through the wire; return what the far end heard, what came back, and whether the connection was reset."""
    heard, port = bytearray(), a_free_port()
    with socket.create_server((BEHIND, port)) as server, _wire(port, weather, raging):
        far = threading.Thread(target=_answer_once, args=[server, heard])
        far.start()
        back, is_reset = _ask(port)
        far.join()
    return bytes(heard), back, is_reset


@contextlib.contextmanager
def _wire(port: int, weather: Weather, raging: Path) -> Iterator[None]:
    """Run the wire, until its connections are over."""
    over, loop = asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        serving = asyncio.ensure_future(Wire(port, BEHIND, weather, raging).serve())
        await over.wait()
        serving.cancel()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})  # type: ignore[arg-type]
        # What was closed is really closed in the next turn of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def _answer_once(server: socket.socket, heard: bytearray) -> None:
    with server.accept()[0] as connection, contextlib.suppress(OSError):
        while len(heard) < len(SAID) and (block := connection.recv(1 << 16)):
            heard.extend(block)
        if len(heard) == len(SAID):
            connection.sendall(ANSWERED)


def _ask(port: int) -> tuple[bytes, bool]:
    back = bytearray()
    with _connected(port) as connection:
        try:
            connection.sendall(SAID)
            while block := connection.recv(1 << 16):
                back.extend(block)
        except OSError:
            return bytes(back), True
    return bytes(back), False


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection((HERE, port), timeout=300)
    raise AssertionError("nobody listens on the wire")


@pytest.mark.parametrize("fate", [None, Fault(CUT_ANSWER, after=100)])
def test_all_passes_if_it_is_not_fated_or_the_storm_is_over(tmp_path: Path, fate: Fault | None) -> None:
    weather = Fated(fate)

    assert _talk(weather, tmp_path / "raging") == (SAID, ANSWERED, False)
    assert not weather.counts


def test_a_fate_that_lay_too_far_off_waits_nearer_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "raging").touch()
    weather = Fated(Fault(CUT_ANSWER, after=10 * len(ANSWERED)))

    assert _talk(weather, tmp_path / "raging") == (SAID, ANSWERED, False)
    assert Weather.next(weather, "wire") == Fault(CUT_ANSWER, after=5 * len(ANSWERED))


@pytest.mark.parametrize(("name", "is_reset"), [(CUT_ANSWER, True), (SHORT_ANSWER, False)])
def test_an_answer_is_cut_after_so_many_bytes(tmp_path: Path, name: str, is_reset: bool) -> None:
    (tmp_path / "raging").touch()
    weather = Fated(Fault(name, after=20_000))

    heard, back, was_reset = _talk(weather, tmp_path / "raging")

    assert heard == SAID
    assert len(back) <= 20_000
    assert was_reset is is_reset
    assert weather.counts == {name: 1}


def test_a_request_is_reset_in_mid_body(tmp_path: Path) -> None:
    (tmp_path / "raging").touch()
    weather = Fated(Fault(CUT_REQUEST, after=1_000))

    heard, back, was_reset = _talk(weather, tmp_path / "raging")

    assert len(heard) <= 1_000
    assert (back, was_reset) == (b"", True)
    assert weather.counts == {CUT_REQUEST: 1}


def test_a_home_is_understood_by_whole_lines_of_what_it_says(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path / "study", "study", "http://127.0.0.1:1")
    log = tmp_path / "study.log"
    first = "2026-11-21 INFO    agent of /x works for http://x\n2026-11-21 INFO    came home file_id=1 path=a bytes=1\n"

    log.write_text(first + "2026-11-21 INFO    is home file")
    assert home.listen() == {"started": 1, "home": 1}
    with log.open("a") as more:
        more.write("_id=2 path=b bytes=2\n2026-11-21 ERROR   disk is full: 1 bytes free\n")

    assert home.listen() == {"started": 1, "home": 2, "full": 1}
