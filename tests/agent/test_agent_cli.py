"""The command line: pairing, running, stopping, and what each exit code means; in a real process where it matters."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_cloud import DEVICE, HUSH, FakeCloud
from fake_pc import Pc

from agent import cli
from agent.drive.home import Home, Pairing
from agent.identity.keystore import KeyStore
from agent.show import status
from agent.show.journal import Journal
from agent.startup import host

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = os.environ | {"BACKHAUL_KEYRING": "file"}
HERE = pytest.mark.skipif(sys.platform == "win32", reason="there every command is a process of its own, with a window")


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the key in a file, ask nobody, install nothing; give back the signals, and what is logged where."""
    monkeypatch.setenv("BACKHAUL_KEYRING", "file")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    root, libraries = logging.getLogger(), [logging.getLogger(name) for name in ("botocore", "urllib3")]
    levels = {logger: logger.level for logger in (root, *libraries)}
    signals = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    for logger, level in levels.items():
        logger.setLevel(level)
    for number, handler in signals.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
    for journal in [handler for handler in root.handlers if isinstance(handler, Journal)]:
        root.removeHandler(journal)
        journal.close()


def backhaul(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command, here if that can be: what it prints, and its exit code."""
    if sys.platform == "win32":
        return backhaul_as_a_process(*arguments)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(one) for one in arguments])
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def backhaul_as_a_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT, timeout=300, check=False)


@pytest.fixture
def running(pc: Pc, cloud: FakeCloud) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "agent", "run", "--home", str(pc.home)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT)
    cloud.wait_until(lambda: cloud.calls["ReceiveMessage"])
    yield process
    process.kill()
    process.communicate()


def test_pairing_prints_two_json_lines_and_keeps_the_key_from_others(cloud: FakeCloud, tmp_path: Path) -> None:
    done = backhaul("pair", cloud.url, "--home", tmp_path / "home", "--name", "Den PC", "--json")

    shown, paired = map(json.loads, done.stdout.splitlines())
    home = Home(tmp_path / "home")
    assert done.returncode == 0
    assert shown == {
        "userCode": "ABCD-EFGH",
        "verificationUri": cloud.url + "pair",
        "verificationUriComplete": cloud.url + "pair?code=ABCD-EFGH",
        "expiresIn": 600,
    }
    assert paired == {"deviceId": DEVICE}
    assert HUSH not in done.stdout + done.stderr
    assert home.key.stat().st_mode & 0o077 == 0
    assert HUSH in KeyStore(home, use_keyring=False).find(DEVICE)
    assert home.pairing().name == "Den PC"


@HERE
def test_a_library_that_warns_of_a_cut_off_answer_does_not_tell_a_signed_link(pc: Pc) -> None:
    backhaul("status", "--home", pc.home)
    heard: list[logging.LogRecord] = []
    listening = logging.Handler()
    listening.emit = heard.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(listening)

    logging.getLogger("urllib3.connection").warning("Failed to parse headers (url=%s)", "https://b/a?X-Amz-Sign=ature")

    logging.getLogger().removeHandler(listening)
    assert heard == []


def test_a_person_sees_the_code_and_where_to_type_it(cloud: FakeCloud, tmp_path: Path) -> None:
    done = backhaul("pair", cloud.url, "--home", tmp_path / "home")

    assert "ABCD-EFGH" in done.stdout
    assert cloud.url + "pair?code=ABCD-EFGH" in done.stdout


@pytest.mark.parametrize(("answers", "sentence"), [(["denied"], "said no"), (["pending", "expired"], "expired")])
def test_a_pairing_that_fails_says_so_and_leaves_nothing(
    cloud: FakeCloud, tmp_path: Path, answers: list[str], sentence: str
) -> None:
    cloud.approvals = answers

    done = backhaul("pair", cloud.url, "--home", tmp_path / "home", "--json")

    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (tmp_path / "home").exists()


def test_an_earlier_pairing_is_replaced_only_when_told(pc: Pc, cloud: FakeCloud) -> None:
    refused = backhaul("pair", cloud.url, "--home", pc.home)
    replaced = backhaul("pair", cloud.url, "--home", pc.home, "--yes")

    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert replaced.returncode == 0


def test_the_device_a_folder_was_before_is_named_so_that_it_can_be_revoked(pc: Pc, cloud: FakeCloud) -> None:
    pc.keys.keep("0" * 32, "bh_earlier")
    pc.home.remember(Pairing(cloud.url, "0" * 32, "test PC"))

    replaced = backhaul("pair", cloud.url, "--home", pc.home, "--yes", "--json")

    assert "0" * 32 in replaced.stderr
    assert json.loads(replaced.stdout.splitlines()[-1]) == {"deviceId": DEVICE}


@pytest.mark.parametrize("url", ["http://example.com/", "ftp://x/", "example.com", "https://", ""])
def test_an_address_that_would_show_the_key_is_refused(tmp_path: Path, url: str) -> None:
    done = backhaul("pair", url, "--home", tmp_path / "home")

    assert done.returncode == 1
    assert "https://" in done.stderr


def test_files_come_home_and_a_stop_is_clean(running: subprocess.Popen[str], pc: Pc, cloud: FakeCloud) -> None:
    cloud.ring(cloud.has(b"a photo"))
    cloud.wait_until(lambda: cloud.all_home)

    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=120)

    assert running.returncode == 0
    assert pc.files() == {"2024/2024-07/IMG_1.jpg": b"a photo"}
    assert "came home file_id=" in said
    assert "Traceback" not in said


def test_ctrl_c_stops_it_too(running: subprocess.Popen[str]) -> None:
    running.send_signal(signal.SIGINT)

    assert running.wait(timeout=120) == 0


def used_in_a_second(running: subprocess.Popen[str]) -> float:
    before = cpu_seconds(running.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(timeout=1)
    return cpu_seconds(running.pid) - before


def test_an_idle_agent_uses_no_time(running: subprocess.Popen[str], cloud: FakeCloud) -> None:
    cloud.wait_until(lambda: cloud.calls["heartbeat"])

    # Any quiet second will do: on a slow PC the start still echoes in the first. Whoever spins has none.
    assert any(used_in_a_second(running) <= 0.05 for _ in range(20))


def test_a_second_agent_says_that_one_is_running(running: subprocess.Popen[str], pc: Pc) -> None:
    done = backhaul("run", "--home", pc.home)

    assert running.poll() is None
    assert done.returncode == 5
    assert "already running" in done.stderr


def test_status_of_a_healthy_agent_is_zero(running: subprocess.Popen[str], pc: Pc, cloud: FakeCloud) -> None:
    cloud.ring(cloud.has(b"a photo"))
    cloud.wait_until(lambda: cloud.all_home and cloud.calls["DeleteMessageBatch"])

    done = backhaul("status", "--home", pc.home, "--json")

    told = json.loads(done.stdout)
    assert running.poll() is None
    assert (done.returncode, told["worries"]) == (0, [])
    assert (told["running"], told["filesHome"], told["owed"], told["receiptsWaiting"]) == (True, 1, 0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells of a pipe that nobody reads as of any other trouble")
@pytest.mark.parametrize("command", ["status", "doctor"])
def test_who_reads_no_further_hears_no_complaint(pc: Pc, command: str) -> None:
    unread, pipe = os.pipe()
    os.close(unread)

    with os.fdopen(pipe, "w") as told:
        asked = [sys.executable, "-m", "agent", command, "--home", str(pc.home)]
        done = subprocess.run(asked, stdout=told, stderr=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT, check=False)

    assert (done.returncode, done.stderr) == (1, b"")


def test_status_of_a_stopped_agent_is_something_to_look_at(pc: Pc) -> None:
    done = backhaul("status", "--home", pc.home)

    assert done.returncode == 6
    assert "not running" in done.stdout


def test_a_revoked_pc_exits_with_three(pc: Pc, cloud: FakeCloud) -> None:
    cloud.revoked = True

    done = backhaul_as_a_process("run", "--home", pc.home)

    assert done.returncode == 3
    assert "pair again" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_folder_that_was_never_paired_exits_with_four(tmp_path: Path, command: str) -> None:
    done = backhaul(command, "--home", tmp_path)

    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_lost_key_exits_with_four(pc: Pc) -> None:
    pc.home.key.unlink()

    done = backhaul("run", "--home", pc.home)

    assert done.returncode == 4
    assert "key" in done.stderr


def test_wrong_settings_are_all_said_at_once(pc: Pc) -> None:
    pc.says(fetchers=0, colour="red")

    done = backhaul("run", "--home", pc.home)

    assert done.returncode == 1
    assert "fetchers" in done.stderr
    assert "colour" in done.stderr


def cpu_seconds(process: int) -> float:
    """Read how long a process has been computing."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_folder_that_cannot_be_made_is_told_before_anybody_is_asked(cloud: FakeCloud, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = backhaul("pair", cloud.url, "--home", tmp_path / "file" / "home")

    assert (done.returncode, cloud.calls["pairings"]) == (1, 0)
    assert done.stderr == f"backhaul: {tmp_path / 'file'}: Not a directory\n"


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_damaged_catalog_is_named_in_a_sentence(pc: Pc, command: str) -> None:
    pc.home.catalog.write_bytes(b"no database at all, whatever it is" * 9)

    done = backhaul(command, "--home", pc.home)

    assert done.returncode == 1
    told = done.stderr.splitlines()
    sentence = next(place for place, line in enumerate(told) if line.startswith("backhaul: "))
    assert str(pc.home) in told[sentence]
    assert "delete it" in told[sentence + 1]


class Typed(io.StringIO):
    """A terminal at which somebody types."""

    def isatty(self) -> bool:
        return True


@HERE
@pytest.mark.parametrize(("typed", "code", "device"), [("y\n", 0, DEVICE), ("no\n", 1, "0" * 32), ("", 1, "0" * 32)])
def test_a_person_is_asked_before_an_earlier_pairing_is_replaced(
    pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, device: str
) -> None:
    pc.home.remember(Pairing(cloud.url, "0" * 32, "test PC"))
    monkeypatch.setattr(sys, "stdin", Typed(typed))

    done = backhaul("pair", cloud.url, "--home", pc.home)

    assert "Replace it? [y/N]" in done.stdout
    assert (done.returncode, pc.home.pairing().device_id) == (code, device)


@HERE
def test_three_answers_pair_a_pc_and_the_window_stays_until_enter(
    cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Typed(f"{cloud.url}\n{tmp_path / 'mine'}\nn\n\n"))

    done = backhaul("setup", "--wait")

    assert done.returncode == 0
    assert Home(tmp_path / "mine").pairing().device_id == DEVICE
    assert f"backhaul run --home {tmp_path / 'mine'}\nPress Enter" in done.stdout


@HERE
def test_a_run_that_is_asked_to_stop_ends_with_zero(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"a photo")

    def stop() -> None:
        try:
            cloud.wait_until(lambda: cloud.all_home)
        finally:
            asked: Any = signal.getsignal(signal.SIGTERM)
            asked(signal.SIGTERM, None)

    stopper = threading.Thread(target=stop)
    stopper.start()
    done = backhaul("run", "--home", pc.home, "--limit", "50M")
    stopper.join()

    assert done.returncode == 0
    assert pc.files() == {"2024/2024-07/IMG_1.jpg": b"a photo"}
    assert "came home file_id=" in "".join(page.read_text() for page in pc.home.logs.iterdir())


@HERE
def test_a_service_whose_pc_was_revoked_ends_well_so_that_windows_starts_it_no_more(
    pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.revoked = True
    monkeypatch.setattr(host, "serve", lambda work, _stop: work())

    done = backhaul("serve", "--home", pc.home)

    assert done.returncode == 0
    assert "pair again" in done.stderr
    assert "ERROR   device" in "".join(page.read_text() for page in pc.home.logs.iterdir())


@HERE
@pytest.mark.parametrize("command", ["serve", "leave"])
def test_what_only_windows_calls_says_so_elsewhere(
    pc: Pc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    done = backhaul(command, *(["--home", pc.home] if command == "serve" else []))

    assert done.returncode == 1
    assert done.stderr.startswith("backhaul: ")


@HERE
def test_what_is_not_installed_is_neither_removed_nor_stopped(pc: Pc) -> None:
    removed, stopped = backhaul("uninstall", "--home", pc.home), backhaul("stop", "--home", pc.home)

    assert (removed.returncode, removed.stdout) == (0, f"Nothing is installed for {pc.home}.\n")
    assert stopped.returncode == 1
    assert "install" in stopped.stderr


@HERE
def test_ctrl_c_in_a_command_that_does_not_wait_for_it_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_home: Home) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "of", interrupted)

    done = backhaul("status", "--home", "anywhere")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_settings_that_are_no_text_are_told(pc: Pc) -> None:
    (pc.home.state / "config.toml").write_bytes(b"\xff\xfe")

    done = backhaul("run", "--home", pc.home)

    assert "not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_only_asks_how_things_stand_pays_for_no_large_library(pc: Pc) -> None:
    large = {"obstore", "boto3", "botocore", "cryptography", "keyring"}
    asked = f"from agent.cli import main; main(['status', '--home', {str(pc.home)!r}])"
    told = f"import sys; {asked}; print(sorted({large!r} & sys.modules.keys()))"

    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, timeout=300, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
