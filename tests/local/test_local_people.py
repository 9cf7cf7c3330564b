"""The demo owner and the demo PC."""

import socket
import stat
import subprocess
import sys
import threading
from typing import Any

import pytest

from local import owner, pc
from local.api import Api, patiently
from local.emulator import without_foreign
from local.errors import ApiError, BrokenStateError, OwnerError
from local.places import Places


class Accounts:
    """An API that knows who registered."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.waiting: dict[str, str] = {}
        self.down = False
        self.token = ""

    def signed_in(self, token: str) -> "Accounts":
        self.token = token
        return self

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.down:
            raise ApiError("POST", path, 503, "Busy", "later")
        deed = {"/auth/login": self._login, "/auth/register": self._register, "/auth/confirm": self._confirm}[path]
        return deed(path, body["email"], body)

    def _login(self, path: str, email: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.known.get(email) != body["password"]:
            raise ApiError("POST", path, 401, "WrongPasswordError", "no")
        return {"accessToken": f"token of {email}"}

    def _register(self, path: str, email: str, body: dict[str, Any]) -> dict[str, Any]:
        if email in self.known or email in self.waiting:
            raise ApiError("POST", path, 409, "KnownOwnerError", "known")
        self.waiting[email] = body["password"]
        return {}

    def _confirm(self, path: str, email: str, body: dict[str, Any]) -> dict[str, Any]:
        if email not in self.waiting or body["code"] != owner.EMULATOR_CODE:
            raise ApiError("POST", path, 400, "WrongCodeError", "no")
        self.known[email] = self.waiting.pop(email)
        return {}


def an_owner() -> owner.Owner:
    return owner.Owner("demo@backhaul.example", "a-Very-long-passw0rd")


def test_a_new_owner_is_registered_and_signed_in() -> None:
    api = owner.sign_in(Accounts(), an_owner())

    assert api.token == "token of demo@backhaul.example"


def test_a_known_owner_is_signed_in() -> None:
    api = owner.sign_in(Accounts(**{an_owner().email: an_owner().password}), an_owner())

    assert api.token


def test_an_owner_who_was_never_confirmed_is_confirmed_now() -> None:
    accounts = Accounts()
    accounts.waiting[an_owner().email] = an_owner().password

    assert owner.sign_in(accounts, an_owner()).token


def test_a_wrong_password_is_told_with_a_way_out() -> None:
    with pytest.raises(OwnerError, match="cannot sign in") as raised:
        owner.sign_in(Accounts(**{an_owner().email: "another"}), an_owner())

    assert "make reset" in raised.value.hint


def test_an_api_in_trouble_is_no_reason_to_register() -> None:
    accounts = Accounts()
    accounts.down = True

    with pytest.raises(ApiError, match="503"):
        owner.sign_in(accounts, an_owner(), pauses=())

    assert accounts.waiting == {}


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_an_api_that_is_unwell_is_asked_again(status: int) -> None:
    answers: list[Any] = [ApiError("GET", "/devices", status, "Busy", "later"), {"devices": []}]

    assert patiently(lambda: raised_or(answers.pop(0)), pauses=(1,), sleep=lambda _: None) == {"devices": []}


@pytest.mark.parametrize("status", [400, 401, 404, 409])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    answers: list[Any] = [ApiError("GET", "/devices", status, "No", "no"), {"devices": []}]

    with pytest.raises(ApiError):
        patiently(lambda: raised_or(answers.pop(0)), pauses=(1,), sleep=lambda _: None)

    assert len(answers) == 1


def raised_or(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_the_owner_is_invented_once(places: Places) -> None:
    places.state.mkdir()

    assert owner.find_or_invent(places.owner_file) == owner.find_or_invent(places.owner_file)


def test_the_password_is_long_and_of_every_kind(places: Places) -> None:
    places.state.mkdir()

    password = owner.find_or_invent(places.owner_file).password

    assert len(password) >= 24
    assert any(map(str.islower, password))
    assert any(map(str.isupper, password))
    assert any(map(str.isdigit, password))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_password_is_for_this_user_only(places: Places) -> None:
    places.state.mkdir()

    owner.find_or_invent(places.owner_file)

    assert stat.S_IMODE(places.owner_file.stat().st_mode) == 0o600


def test_the_password_is_not_shown() -> None:
    assert an_owner().password not in repr(an_owner())


def test_a_broken_owner_file_is_named(places: Places) -> None:
    places.state.mkdir()
    places.owner_file.write_text('{"email": 5}')

    with pytest.raises(BrokenStateError, match=r"owner\.json"):
        owner.find_or_invent(places.owner_file)


def recorded(places: Places, **other: Any) -> dict[str, Any]:
    return {"deviceId": "d1", "apiUrl": places.api_url, "home": str(places.home), **other}


@pytest.fixture
def paired(places: Places) -> Places:
    (places.home / ".backhaul").mkdir(parents=True)
    return places


def test_a_pc_that_is_known_is_not_paired_again(paired: Places) -> None:
    assert not pc.needs_pairing(recorded(paired), [{"deviceId": "d1"}], paired)


@pytest.mark.parametrize(
    ("record", "devices"),
    [
        (None, [{"deviceId": "d1"}]),
        ({}, []),
        ({}, [{"deviceId": "d2"}]),
        ({}, [{"deviceId": "d1", "revokedAt": "2026-11-21T10:00:00.000Z"}]),
        ({"apiUrl": "http://127.0.0.1:9999"}, [{"deviceId": "d1"}]),
        ({"home": "/elsewhere"}, [{"deviceId": "d1"}]),
    ],
)
def test_a_pc_whose_pairing_is_lost_is_paired_again(
    paired: Places, record: dict[str, Any] | None, devices: list[dict[str, Any]]
) -> None:
    found = None if record is None else recorded(paired, **record)

    assert pc.needs_pairing(found, devices, paired)


def test_a_home_folder_without_the_agents_own_is_paired_again(places: Places) -> None:
    assert pc.needs_pairing(recorded(places), [{"deviceId": "d1"}], places)


@pytest.mark.parametrize(
    ("previous", "ran", "pause"), [(0, 0.1, 1), (1, 0.1, 2), (32, 5, 60), (60, 5, 60), (60, 61, 1)]
)
def test_an_agent_that_keeps_dying_is_started_less_and_less_often(previous: float, ran: float, pause: float) -> None:
    assert pc.next_pause(previous, ran) == pause


def test_nobodys_own_aws_settings_reach_the_agent_or_the_functions() -> None:
    mine = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL": "http://x", "BACKHAUL_STAGE": "prod", "PATH": "/bin"}

    assert without_foreign(mine) == {"PATH": "/bin"}


def test_a_command_on_a_leash_ends_when_we_do() -> None:
    sleeper = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
    leash = subprocess.Popen(
        [sys.executable, "-m", "local.leash", *sleeper], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert leash.stdin is not None
    assert leash.stdout is not None
    leash.stdout.readline()

    leash.stdin.close()

    assert leash.wait(timeout=60) != 0
    assert leash.stdout.read() == b""
    leash.stdout.close()


def test_a_command_on_a_leash_ends_as_it_does_by_itself() -> None:
    command = [sys.executable, "-m", "local.leash", sys.executable, "-c", "raise SystemExit(3)"]

    with subprocess.Popen(command, stdin=subprocess.PIPE) as leash:
        assert leash.wait(timeout=60) == 3


def test_an_unexpected_answer_names_request_status_and_code() -> None:
    error = ApiError("GET", "/me", 401, "Error", "Unauthorized")

    assert str(error) == "GET /me answered 401 Error: Unauthorized"


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable"])
def test_an_answer_that_ends_early_is_an_api_that_is_unwell(status: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        far = threading.Thread(target=_answer_in_part, args=[server, status])
        far.start()
        with pytest.raises(ApiError) as told:
            Api(f"http://127.0.0.1:{server.getsockname()[1]}").get("/me")
        far.join()

    assert not told.value.is_refusal


def _answer_in_part(server: socket.socket, status: str) -> None:
    with server.accept()[0] as connection:
        connection.recv(1 << 16)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\n{{".encode())
