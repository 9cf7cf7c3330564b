import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import __main__ as command
from local import too_old
from local.errors import MissingToolError, PortTakenError
from local.lock import Lock
from local.places import Places
from local.ports import free, holder, refuse_taken
from local.state import open_state
from tests.ports import a_free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


class _Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"status": "ok", "stage": "local"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def backhaul() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_taken_port_is_told_with_how_to_choose_another(tmp_path: Path, backhaul: int) -> None:
    places = Places(tmp_path, tmp_path, tmp_path, cloud_port=a_free_port(), api_port=backhaul)

    with pytest.raises(PortTakenError, match=f"Port {backhaul} is in use by another Backhaul") as raised:
        refuse_taken(places)

    assert f"make run PORT={backhaul + 100}" in raised.value.hint


def test_the_cloud_port_has_its_own_option(tmp_path: Path, backhaul: int) -> None:
    with pytest.raises(PortTakenError) as raised:
        refuse_taken(Places(tmp_path, tmp_path, tmp_path, cloud_port=backhaul, api_port=a_free_port()))

    assert "CLOUD_PORT=" in raised.value.hint


def test_a_stranger_on_a_port_stays_one() -> None:
    assert holder(a_free_port()) == "another program"


def test_a_port_is_free_or_not(taken: int) -> None:
    assert free(a_free_port())
    assert not free(taken)


def test_an_old_python_is_refused() -> None:
    assert too_old((3, 9, 2)).startswith("Python must be 3.11 or newer, got 3.9.")
    assert too_old((3, 11, 0)) == ""


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = command.main(arguments)
    return code, capsys.readouterr().err.splitlines()


def test_trouble_is_a_sentence_and_a_way_out(capsys: pytest.CaptureFixture[str], tmp_path: Path, taken: int) -> None:
    state = tmp_path / "state"
    state.write_text("a file in the way")

    code, lines = said(capsys, "up", "--state", str(state), "--api-port", str(taken))

    assert code == 1
    assert lines[0].startswith(f"The state folder '{state}' cannot be written")
    assert "STATE=" in lines[1]


def test_starting_twice_names_the_first(capsys: pytest.CaptureFixture[str], places: Places) -> None:
    open_state(places, "1.5.33")
    lock = Lock(places.lock_file)
    lock.take()

    code, lines = said(capsys, "up", "--state", str(places.state))

    lock.release()
    assert code == 1
    assert "already running" in lines[0]


def test_a_start_that_fails_lets_the_lock_go(capsys: pytest.CaptureFixture[str], tmp_path: Path, backhaul: int) -> None:
    said(capsys, "up", "--state", str(tmp_path / "s"), "--cloud-port", str(a_free_port()), "--api-port", str(backhaul))

    lock = Lock(tmp_path / "s" / "lock")
    lock.take()
    lock.release()


def test_a_start_that_fails_on_a_port_leaves_no_half_made_state(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, backhaul: int
) -> None:
    said(capsys, "up", "--state", str(tmp_path / "s"), "--cloud-port", str(a_free_port()), "--api-port", str(backhaul))

    assert [path.name for path in (tmp_path / "s").iterdir()] == ["lock"]


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", ""])
def test_a_port_must_be_one(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["up", "--api-port", text])

    assert "a port must be a whole number from 1 to 65535" in capsys.readouterr().err


def test_reset_says_what_it_removed(capsys: pytest.CaptureFixture[str], places: Places) -> None:
    open_state(places, "1.5.33")

    code = command.main(["reset", "--state", str(places.state), "--home", str(places.home)])

    assert (code, f"Removed {places.state}" in capsys.readouterr().out) == (0, True)


def test_a_missing_tool_is_told_with_how_to_get_it() -> None:
    assert "local/requirements.txt" in MissingToolError("ministack").hint
