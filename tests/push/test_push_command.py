"""`python -m agent push` as a person or a script meets it: what it prints, and its exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from push_phone import Folder, Phone, noise
from push_simulator import BLOCK, Put, Simulator

from agent import cli
from agent.drive.lock import only_one
from agent.errors import StoppedError
from agent.fetch import limits
from agent.push import command
from agent.push.progress import Meter


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the key in a file, and give the signals back."""
    monkeypatch.setenv("BACKHAUL_KEYRING", "file")
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def push(phone: Phone, folder: Folder, *arguments: str) -> int:
    return cli.main(["push", str(folder.path), "--state", str(phone.state), *arguments])


def test_zero_means_that_every_file_is_safe(phone: Phone, folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.has("IMG_1.jpg", b"12345")
    folder.has(".hidden")

    code = push(phone, folder)

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "skipped        .hidden: it is hidden",
        "sent and safe  IMG_1.jpg  (5 B)",
        "1 skipped (0 B), 1 sent and safe (5 B)",
    ]


def test_what_is_sent_keeps_to_the_limit() -> None:
    waited: list[float] = []
    line = limits.Bucket(lambda: 100_000, lambda: sum(waited), waited.append)
    nobody: Any = None
    crew = command.crew_of(nobody, nobody, threading.Event(), Meter(), line)

    for _ in range(20):
        crew.seen(64_000)

    assert sum(waited) == pytest.approx(20 * 0.64)


def test_a_limit_is_read_like_that_of_run(phone: Phone, folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.has("IMG_1.jpg", b"12345")

    assert push(phone, folder, "--limit", "2M") == 0
    with pytest.raises(SystemExit):
        push(phone, folder, "--limit", "9k")
    assert "at least" in capsys.readouterr().err


def test_the_first_signal_asks_and_the_second_ends_us_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, ended = threading.Event(), list[int]()
    monkeypatch.setattr(os, "_exit", ended.append)
    asked = command.stopper(stop)

    asked(signal.SIGTERM, None)
    assert (stop.is_set(), ended) == (True, [])
    asked(signal.SIGTERM, None)
    assert ended == [1]


def test_who_is_asked_to_stop_neither_waits_nor_hashes_nor_sends() -> None:
    stop, nobody = threading.Event(), cast("Any", None)
    stop.set()
    crew = command.crew_of(nobody, nobody, stop, Meter(), limits.Bucket(lambda: 0, lambda: 0.0, nobody))

    for deed in (lambda: command.pauses(stop)(60), lambda: crew.seen(1), lambda: crew.hashing(1)):
        with pytest.raises(StoppedError):
            deed()


def test_the_bytes_of_a_folder_are_counted_for_the_time_left(folder: Folder) -> None:
    counted: list[int] = []

    class Counting(Meter):
        def counted(self, total: int) -> None:
            counted.append(total)

    folder.has("IMG_1.jpg", b"12345")
    folder.has("2024/IMG_2.jpg", b"123")
    folder.has(".hidden", b"1")
    stop = threading.Event()

    command.survey(folder.path, Counting(), stop)
    stop.set()
    command.survey(folder.path, Counting(), stop)

    assert counted == [8]


@pytest.mark.parametrize("number", ["0", "65", "-1", "many"])
def test_so_many_at_a_time_is_a_number_from_1_to_64(
    phone: Phone, folder: Folder, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit):
        push(phone, folder, "--parallel", number)

    assert "--parallel" in capsys.readouterr().err


def test_json_is_one_object_a_line(phone: Phone, folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.has("IMG_1.jpg", b"12345")
    folder.has("unwanted.jpg", b"1")

    code = push(phone, folder, "--json")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert {"file": "unwanted.jpg", "outcome": "failed", "size": 1, "reason": "quota has 5 bytes left"} in lines
    assert lines[-1]["allSafe"] is False
    assert lines[-1]["summary"]["safe"] == {"files": 1, "bytes": 5}


@pytest.mark.parametrize(("body", "code"), [(b"1", 6), (None, 0)])
def test_a_dry_run_is_zero_only_if_nothing_is_left_to_send(
    body: bytes | None, code: int, phone: Phone, folder: Folder
) -> None:
    if body:
        folder.has("IMG_1.jpg", body)

    assert push(phone, folder, "--dry-run") == code


def test_a_revoked_key_has_its_own_code_and_says_what_to_do(
    sim: Simulator, phone: Phone, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.has("IMG_1.jpg")
    sim.revoked = True

    code = push(phone, folder)

    assert code == 3
    assert "--kind phone" in capsys.readouterr().err


def test_without_a_pairing_it_says_how_to_pair(
    folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["push", str(folder.path), "--state", str(tmp_path / "nothing")])

    assert code == 4
    assert "--kind phone" in capsys.readouterr().err


def test_two_pushes_with_one_state_folder_do_not_mix(phone: Phone, folder: Folder) -> None:
    with only_one(phone.state):
        assert push(phone, folder) == 5


def test_a_folder_that_is_not_there_is_not_safe(phone: Phone, folder: Folder) -> None:
    folder.path.rmdir()

    assert push(phone, folder) == 1


def test_an_address_in_the_clear_is_refused(phone: Phone, folder: Folder) -> None:
    assert push(phone, folder, "--api", "http://example.com/") == 1


def test_the_key_is_printed_nowhere(sim: Simulator, phone: Phone, folder: Folder) -> None:
    folder.has("IMG_1.jpg")
    sim.fails("PUT", "403", "lost")

    code, lines, err = phone.run(folder)

    assert code == 0
    assert not any(secret in json.dumps(lines) + err for secret in ("bh_", "seal", "expires"))


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_a_polite_stop_ends_in_the_middle_of_a_file(sim: Simulator, phone: Phone, folder: Folder) -> None:
    folder.has("film.mov", noise(8_000_000))
    process = phone.start(folder)

    def stop(put: Put) -> None:
        if put.received == BLOCK:
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)

    sim.on_bytes = stop
    _, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert err == "backhaul: asked to stop\n"
    assert sim.uploaded() == {}


def test_a_phone_is_paired_without_becoming_a_home(
    sim: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "new"

    code = cli.main(["pair", sim.url, "--home", str(state), "--kind", "phone", "--name", "old phone"])

    assert code == 0
    assert sim.requests("pairings")[0] == {"name": "old phone", "kind": "phone", "platform": sys.platform}
    assert "push FOLDER --state" in capsys.readouterr().out
    assert not (state / ".backhaul" / "marker").exists()
