"""The agent as a Windows process: one a home folder, killed and resumed, stopped by Ctrl-C."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fake_cloud import DEVICE, KEY, FakeCloud
from fake_pc import Pc
from programs import Program, agent, until

from agent.drive import lock
from agent.drive.home import Home
from agent.identity.keystore import KeyStore

LARGE = os.urandom(20_000_000)
ANOTHER_IS_RUNNING = 5
WORKS = "works for"


@pytest.fixture
def gate(cloud: FakeCloud) -> Iterator[threading.Event]:
    """Let only half of a large object through until the gate is opened."""
    opened = threading.Event()

    class HalfWay(cloud.server.RequestHandlerClass):  # type: ignore[name-defined,misc]
        def _send(self, status: int, headers: dict[str, str], body: Any) -> None:
            if len(body) < len(LARGE) // 2:
                super()._send(status, headers, body)
                return
            super()._send(status, headers, body[: len(body) // 2])
            opened.wait(600)
            self.wfile.write(body[len(body) // 2 :])

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    cloud.server.RequestHandlerClass = HalfWay
    yield opened
    opened.set()


def an_agent(pc: Pc) -> Program:
    return Program(sys.executable, "-m", "agent", "run", "--home", str(pc.home))


def half_way(pc: Pc) -> None:
    """Wait until about half of the large file is on the drive."""
    until(lambda: sum(path.stat().st_size for path in pc.home.partials.glob("*.partial")) > len(LARGE) // 3)


def test_a_second_agent_says_that_another_is_running(pc: Pc) -> None:
    with an_agent(pc) as first:
        first.lines_until(WORKS)
        with an_agent(pc) as second:
            code, said = second.end()

    assert code == ANOTHER_IS_RUNNING
    assert "another agent is already running" in said


def test_the_lock_of_a_killed_agent_is_free_at_once(pc: Pc) -> None:
    with an_agent(pc) as first:
        first.lines_until(WORKS)
        assert lock.is_held(pc.home)
        first.kill()

    assert not lock.is_held(pc.home)


def test_a_killed_download_goes_on_where_it_was(pc: Pc, cloud: FakeCloud, gate: threading.Event) -> None:
    pc.says(reserve_bytes=0)
    cloud.has(LARGE, "film.mp4")

    with an_agent(pc) as killed:
        half_way(pc)
        killed.kill()
    gate.set()
    with an_agent(pc):
        cloud.wait_until(lambda: cloud.all_home)

    asked = [start for _, _, start, _ in cloud.gets if start]
    assert len(asked) == 1
    assert int(asked[0].removeprefix("bytes=").rstrip("-")) > len(LARGE) // 3
    assert list(pc.files().values()) == [LARGE]


@pytest.mark.parametrize("moment", ["idle", "in a download"])
def test_ctrl_c_stops_the_agent_whatever_it_is_waiting_for(
    pc: Pc, cloud: FakeCloud, gate: threading.Event, moment: str
) -> None:
    pc.says(reserve_bytes=0)
    if moment == "in a download":
        cloud.has(LARGE, "film.mp4")

    with agent("run", "--home", str(pc.home)) as running:
        running.lines_until(WORKS)
        if moment == "in a download":
            half_way(pc)
        code, said = running.end()

    assert (code, "stopped" in said) == (0, True), said
    assert pc.files() == {}
    assert not gate.is_set()


def test_the_key_is_kept_in_the_credential_store_of_windows(home: Home) -> None:
    keys = KeyStore(home)

    keys.keep(DEVICE, KEY)

    assert keys.find(DEVICE) == KEY
    assert not home.key.exists()
