"""Pause and limit: nothing is fetched while paused, what is half fetched is kept, and the whole comes in the end."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from datetime import datetime
from typing import Any

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc
from notices_told import FILE_ID, a_notice

from agent import cli, pause
from agent.drive.catalog import Entry
from agent.drive.home import Home
from agent.errors import PausedError, StoppedError
from agent.fetch.limits import Limit
from agent.fetch.traffic import Traffic
from agent.pause import Pause, Watch

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, None),
        ("{}", Pause(None)),
        ('{"until": null}', Pause(None)),
        ('{"until": 1800000060.5}', Pause(1800000060.5)),
        ('{"until": 1800000000}', None),
        ('{"until": 1}', None),
        ('{"until": 1900000000}', None),
        ('{"until": true}', Pause(None)),
        ("", Pause(None)),
        ("garbage", Pause(None)),
        ("[]", Pause(None)),
    ],
)
def test_a_pause_is_read_from_its_file(text: str | None, found: Pause | None) -> None:
    assert pause.read(text, NOW) == found


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("31d", 2_678_400)])
def test_a_span_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert pause.parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "32d", "1.5h", "-1h", "2 h"])
def test_what_is_no_span_is_refused_naming_it(text: str) -> None:
    with pytest.raises(ValueError, match="30m, 2h or 1d"):
        pause.parse_span(text)


def test_a_paused_agent_fetches_nothing_until_it_is_resumed(pc: Pc, cloud: FakeCloud) -> None:
    cli.main(["pause", "--home", str(pc.home)])
    cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.calls["heartbeat"])

    assert pc.files() == {}
    assert pc.status()["paused"] == {"until": None}
    cli.main(["resume", "--home", str(pc.home)])
    cloud.wait_until(lambda: cloud.all_home)
    assert pc.status()["paused"] is None


def test_a_pause_may_end_by_itself(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["pause", "--for", "2h", "--home", str(pc.home)])

    until = json.loads(pc.home.pause.read_text())["until"]
    assert code == 0
    assert "until 20" in capsys.readouterr().out
    assert pause.find(pc.home, until - 7200) == Pause(until)
    assert pause.find(pc.home, until) is None


@pytest.mark.parametrize("arguments", [["pause", "--for", "soon"], ["run", "--limit", "fast"]])
def test_a_wrong_value_is_explained(pc: Pc, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, "--home", str(pc.home)])

    assert ended.value.code == 2
    assert f"got '{arguments[-1]}'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_folder_that_is_no_home_is_not_paused(tmp_path: Any, command: str) -> None:
    assert cli.main([command, "--home", str(tmp_path)]) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_watch_looks_once_a_second(home: Home) -> None:
    now = [0.0]
    watch = Watch(home, lambda: now[0])

    assert not watch.paused()
    home.pause.write_text("{}")
    assert not watch.paused()
    now[0] += 1
    assert watch.paused()


def test_a_pause_stops_a_file_in_its_middle() -> None:
    paused = [False]
    traffic = Traffic(Limit(), threading.Event(), lambda: paused[0])
    traffic.passing(a_notice(), 5)

    paused[0] = True

    with pytest.raises(PausedError):
        traffic.passing(a_notice(), 5)


def test_a_wait_for_the_limit_ends_with_a_pause_and_with_a_stop() -> None:
    stop, paused = threading.Event(), [False]
    traffic = Traffic(Limit(day=10_000, night=10_000), stop, lambda: paused[0])

    stop.set()
    with pytest.raises(StoppedError):
        traffic.passing(a_notice(), 10**9)


@pytest.mark.parametrize("way", ["home", "back"])
def test_a_pause_ends_the_wait_for_the_limit(way: str) -> None:
    paused = [False]

    class PausedMeanwhile(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            paused[0] = timeout is not None
            return False

    traffic = Traffic(Limit(day=10_000, night=10_000), PausedMeanwhile(), lambda: paused[0])
    let = traffic.leaving if way == "back" else lambda count: traffic.passing(a_notice(), count)

    with pytest.raises(PausedError):
        let(10**9)
    with pytest.raises(PausedError):
        let(10**9)


def test_what_goes_back_keeps_to_the_limit_and_holds_up_nothing_that_comes() -> None:
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            return False

    traffic = Traffic(Limit(day=100_000, night=100_000), Stop(), clock=lambda: sum(waited))

    for _ in range(20):
        traffic.leaving(64_000)
    going = sum(waited)
    traffic.passing(a_notice(), 64_000)

    assert going == pytest.approx(20 * 0.64)
    assert sum(waited) == going


def test_the_limit_follows_the_time_of_day() -> None:
    waited: list[float] = []
    clock, hour = [0.0], [12]

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            clock[0] += timeout or 0
            return False

    traffic = Traffic(
        Limit(day=10_000),
        Stop(),
        clock=lambda: clock[0],
        now=lambda: datetime(2026, 11, 21, hour[0]),  # noqa: DTZ001
    )
    traffic.passing(a_notice(), 50_000)
    traffic.passing(a_notice(), 50_000)
    by_day = sum(waited)
    hour[0] = 2
    traffic.passing(a_notice(), 50_000)

    assert by_day == pytest.approx(10)
    assert sum(waited) == by_day


def test_who_looks_sees_files_and_speed() -> None:
    clock = [0.0]
    traffic = Traffic(Limit(), threading.Event(), clock=lambda: clock[0])
    entry = Entry(FILE_ID, "2024/x.jpg", "c", 100, None, home=False)

    traffic.begun(entry)
    traffic.passing(a_notice(), 40)
    clock[0] += 2
    seen = traffic.glance()
    traffic.ended(entry, came=True)

    assert [(one.path, one.size, one.got) for one in seen.under_way] == [("2024/x.jpg", 100, 40)]
    assert (seen.came, seen.speed) == (0, 20.0)
    assert (traffic.glance().came, traffic.glance().under_way) == (1, ())


@pytest.mark.parametrize(("rate", "at_once"), [(0, 9), (10_000, 1), (499_999, 1), (1_000_000, 4)])
def test_a_limit_lets_few_files_come_at_a_time(rate: int, at_once: int) -> None:
    class Impatient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return timeout is not None

    traffic = Traffic(Limit(day=rate, night=rate), Impatient())
    entries = [Entry(f"{number:032x}", f"{number}.jpg", "c", 100, None, home=False) for number in range(9)]

    with contextlib.suppress(StoppedError):
        for entry in entries:
            traffic.begun(entry)

    assert len(traffic.glance().under_way) == at_once


def test_a_limited_agent_still_brings_everything_home(pc: Pc, cloud: FakeCloud) -> None:
    pc.home.config()
    (pc.home.state / "config.toml").write_text('[limit]\nday = "20M"\nnight = "20M"\n')
    began = time.monotonic()
    for number in range(4):
        cloud.has(bytes([number]) * 2_500_000, f"IMG_{number}.jpg")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert time.monotonic() - began >= (4 - 1) * 2_500_000 / 20_000_000
    assert len(pc.files()) == 4
