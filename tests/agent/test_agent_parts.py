"""The doing parts one by one: pairing, key, credentials, room on the drive, catalog, receipts, crew."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
import urllib3
from notices_told import FILE_ID, a_notice

from agent.drive.catalog import Catalog, Receipt
from agent.drive.home import Home
from agent.drive.lock import is_held, only_one
from agent.drive.room import Room
from agent.drive.shelf import Shelf
from agent.errors import (
    AlreadyRunningError,
    BusyError,
    NotPairedError,
    PairingError,
    PathTakenError,
    RequestRefusedError,
    RevokedError,
    UnreachableError,
    UnsafeAddressError,
)
from agent.fetch.crew import Crew
from agent.identity import pairing
from agent.identity.keystore import KeyStore
from agent.wire.api import Api, DeviceApi, safe_address
from agent.wire.credentials import Wallet

BEGUN = {"deviceCode": "code", "userCode": "AB", "verificationUri": "https://x/", "expiresIn": 60, "interval": 5}
CLAIMED = {"deviceId": "d", "key": "k"}


class ScriptedHttp:
    """Answers requests from a list: a status and a body, or an error."""

    def __init__(self, *answers: tuple[int, bytes] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, url: str, **_: Any) -> Any:
        self.asked.append((method, url))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return urllib3.HTTPResponse(status=answer[0], body=answer[1])


class PairingApi(Api):
    """An API whose claims are answered from a list."""

    def __init__(self, *claims: Any) -> None:
        super().__init__("https://cloud")
        self._claims = list(claims)

    def begin_pairing(self, name: str, platform: str) -> dict[str, Any]:
        return BEGUN | {"for": (name, platform)}

    def claim(self, device_code: str) -> dict[str, Any]:
        answer = self._claims.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer, asked=device_code)


class Wait:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> float:
        return sum(self.slept)

    def pair(self, api: Api) -> dict[str, Any]:
        return pairing.pair(api, "PC", lambda _: None, clock=self.clock, sleep=self.slept.append)


def refused(code: str) -> RequestRefusedError:
    return RequestRefusedError("claim", 400, code, "")


def test_a_pairing_waits_as_it_is_told_and_slows_down_when_told() -> None:
    wait = Wait()
    pending, slow, hiccup = refused("AuthorizationPendingError"), refused("SlowDownError"), UnreachableError("x", "y")

    assert wait.pair(PairingApi(pending, slow, pending, hiccup, CLAIMED))["key"] == "k"
    assert wait.slept == [5, 5, 10, 10, 15]


def test_a_pairing_nobody_agrees_to_ends() -> None:
    with pytest.raises(PairingError, match="expired"):
        Wait().pair(PairingApi(*[refused("AuthorizationPendingError")] * 20))


@pytest.mark.parametrize("claims", [({"deviceId": "d"},), ({},)])
def test_the_answer_of_some_other_service_is_no_pairing(claims: Any) -> None:
    with pytest.raises(PairingError, match=r"has no .*key; is this the address of a Backhaul API"):
        Wait().pair(PairingApi(*claims))


@pytest.mark.parametrize("code", ["ExpiredCodeError", "AccessDeniedError", "SomethingElseError"])
def test_a_pairing_that_is_refused_ends(code: str) -> None:
    with pytest.raises(PairingError):
        Wait().pair(PairingApi(refused(code)))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, b'{"message":"Unauthorized"}'), RevokedError),
        ((403, b'{"Message":"User is not authorized"}'), RevokedError),
        ((404, b'{"Code":"NotFoundError","Message":"no such device"}'), RevokedError),
        ((403, b'{"message":"Missing Authentication Token"}'), UnreachableError),
        ((403, b'{"Code":"MISSING_AUTHENTICATION_TOKEN","Message":"Missing Authentication Token"}'), UnreachableError),
        ((404, b"<html>"), UnreachableError),
        ((403, b"<html>"), UnreachableError),
        ((200, b"<html>sign in to the hotel</html>"), UnreachableError),
        ((302, b"{}"), UnreachableError),
        ((400, b'{"Code":"BadInputError","Message":"no"}'), RequestRefusedError),
        ((429, b"{}"), BusyError),
        ((503, b""), BusyError),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "slow"), UnreachableError),  # type: ignore[arg-type]
        (urllib3.exceptions.ProtocolError("reset"), UnreachableError),
    ],
)
def test_what_the_api_answers_is_told_apart(answer: tuple[int, bytes] | Exception, error: type[Exception]) -> None:
    api = DeviceApi("https://cloud/api", "d", "bh_d_hush", ScriptedHttp(answer))

    with pytest.raises(error) as caught:
        api.owed(500)

    assert "hush" not in str(caught.value)


def test_pages_are_asked_for_by_their_mark() -> None:
    http = ScriptedHttp((200, b"{}"))

    DeviceApi("https://cloud/api/", "d/1", "key", http).owed(500, "a mark&")

    assert http.asked == [("GET", "https://cloud/api/devices/d%2F1/owed?limit=500&next=a+mark%26")]


def test_an_address_is_safe_or_refused() -> None:
    assert safe_address("https://x.example/api") == "https://x.example/api/"
    assert safe_address("http://127.0.0.1:8700") == "http://127.0.0.1:8700/"
    with pytest.raises(UnsafeAddressError):
        safe_address("http://192.168.1.5/")


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A credential store in memory, or one that does not work."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, *, works: bool) -> None:
        super().__init__()
        self.works, self.kept = works, dict[tuple[str, str], str]()

    def set_password(self, service: str, username: str, password: str) -> None:
        if not self.works:
            raise keyring.errors.NoKeyringError
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        if not self.works:
            raise keyring.errors.NoKeyringError
        return self.kept.get((service, username))


@pytest.fixture
def restored_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("restored_keyring")
def test_the_key_is_kept_in_the_credential_store(home: Home) -> None:
    keyring.set_keyring(MemoryKeyring(works=True))

    KeyStore(home).keep("d", "hush")

    assert KeyStore(home).find("d") == "hush"
    assert not home.key.exists()


@pytest.mark.usefixtures("restored_keyring")
def test_without_a_credential_store_the_key_is_kept_in_a_file_and_it_is_said(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    keyring.set_keyring(MemoryKeyring(works=False))

    KeyStore(home).keep("d", "hush")

    assert KeyStore(home).find("d") == "hush"
    assert home.key.stat().st_mode & 0o777 == 0o600
    assert "no credential store" in caplog.text
    assert "hush" not in caplog.text


def test_a_key_file_others_may_read_is_closed(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    store = KeyStore(home, use_keyring=False)
    store.keep("d", "hush")
    home.key.chmod(0o644)

    assert store.find("d") == "hush"
    assert home.key.stat().st_mode & 0o777 == 0o600
    assert "others may read" in caplog.text


def test_a_key_that_is_nowhere_is_missed(home: Home) -> None:
    with pytest.raises(NotPairedError):
        KeyStore(home, use_keyring=False).find("d")


class Lender:
    """Lends credentials that expire so many seconds from now, by a clock that may be wrong."""

    def __init__(self, lasting: float, clock_is_off: float = 0) -> None:
        self.lent = 0
        self.time = 0.0
        self._lasting, self._off = lasting, clock_is_off
        self.wallet = Wallet(self.lend, clock=lambda: self.time, now=lambda: self._now() + timedelta(seconds=self._off))

    def lend(self) -> dict[str, Any]:
        self.lent += 1
        words = ("accessKeyId", "secretAccessKey", "sessionToken", "region", "bucket")
        expires_at = self._now() + timedelta(seconds=self._lasting)
        return dict.fromkeys(words, "x") | {"queueUrl": "https://sqs/q", "expiresAt": expires_at.isoformat()}

    def _now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.time)


@pytest.mark.parametrize(("after", "lent"), [(0, 1), (2900, 1), (3100, 2)])
def test_credentials_are_renewed_before_they_expire(after: float, lent: int) -> None:
    lender = Lender(3600)
    lender.wallet.current()

    lender.time = after
    lender.wallet.current()

    assert lender.lent == lent


@pytest.mark.parametrize("off", [-90_000, 90_000])
def test_a_wrong_clock_neither_keeps_credentials_too_long_nor_asks_without_end(off: float) -> None:
    lender = Lender(3600, clock_is_off=off)

    for lender.time in range(0, 3600, 10):
        lender.wallet.current()

    assert 2 <= lender.lent <= 121


def test_refused_credentials_are_given_up_once() -> None:
    lender = Lender(3600)
    refused_ones = lender.wallet.current()

    lender.wallet.give_up(refused_ones)
    renewed = lender.wallet.current()
    lender.wallet.give_up(refused_ones)

    assert lender.wallet.current() is renewed


def test_credentials_never_show_their_secrets() -> None:
    shown = repr(Lender(3600).wallet.current())

    assert "secret_access_key" not in shown
    assert "session_token" not in shown


def test_the_drive_is_looked_at_once_a_second_and_spoken_of_when_it_changes(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    time, free = [0.0], [100]
    room = Room(home, 50, clock=lambda: time[0], free_bytes=lambda _: free[0])
    caplog.set_level(logging.INFO)

    changes = []
    for time[0], free[0] in [(0.0, 100), (0.5, 10), (1.0, 10), (2.0, 10), (3.0, 50), (4.0, 60)]:
        changes.append((room.changed(), room.full))

    assert changes == [(False, False), (False, False), (True, True), (False, True), (True, False), (False, False)]
    assert len(caplog.records) == 2


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


def test_a_path_recorded_is_found_again_whatever_the_template_says_later(catalog: Catalog) -> None:
    first = Shelf(catalog, "{year}/{name}").place([a_notice()])

    assert Shelf(catalog, "{name}").place([a_notice()]) == first
    assert first[FILE_ID].path == "2024/IMG_1.jpg"


def test_a_path_belongs_to_one_file(catalog: Catalog) -> None:
    catalog.intend(a_notice(), "a/É.jpg")

    with pytest.raises(sqlite3.IntegrityError):
        catalog.intend(a_notice(fileId="1" * 32, key="originals/o/" + "1" * 32), "a/e\u0301.JPG")

    assert catalog.find(FILE_ID) is not None


def test_a_file_without_any_free_path_gives_trouble_to_itself(catalog: Catalog) -> None:
    shelf = Shelf(catalog, "{name}")
    entry = shelf.place([a_notice()])[FILE_ID]

    entry = shelf.place_after(a_notice(), entry.path)
    entry = shelf.place_after(a_notice(), entry.path)

    with pytest.raises(PathTakenError):
        shelf.place_after(a_notice(), entry.path)


def test_changes_made_together_are_made_at_once_or_not_at_all(catalog: Catalog) -> None:
    def half_way() -> None:
        with catalog.together():
            catalog.came_home(Receipt(FILE_ID, "0" * 64, 5, "a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()

    assert catalog.receipts(0) == []


def test_a_refused_receipt_waits_and_a_taken_one_goes(catalog: Catalog) -> None:
    catalog.came_home(Receipt("a", "0" * 64, 5, "a"))
    catalog.came_home(Receipt("b", "0" * 64, 5, "b"))

    catalog.receipt_refused("a", "other contents", due=100)
    catalog.receipt_taken("b")

    assert catalog.receipts(99) == []
    assert [receipt.file_id for receipt in catalog.receipts(100)] == ["a"]


def test_a_receipt_refused_under_a_clock_far_ahead_is_sent_once_the_clock_is_right(catalog: Catalog) -> None:
    catalog.came_home(Receipt("a", "0" * 64, 5, "a"))

    catalog.receipt_refused("a", "other contents", due=2e9 + 3600)

    assert [receipt.file_id for receipt in catalog.receipts(1e9)] == ["a"]


def test_an_agent_that_starts_while_its_status_is_asked_looks_at_the_lock_again(home: Home) -> None:
    asking = only_one(home)
    asking.__enter__()

    with only_one(home, sleep=lambda _: asking.__exit__(None, None, None)):
        assert is_held(home)


def test_an_agent_that_keeps_the_lock_keeps_it(home: Home) -> None:
    slept: list[float] = []

    with only_one(home), pytest.raises(AlreadyRunningError), only_one(home, sleep=slept.append):
        pass

    assert len(slept) == 2


def test_a_worker_survives_whatever_its_task_raises() -> None:
    reported: SimpleQueue[Any] = SimpleQueue()
    crew: Crew[int, float] = Crew(lambda task: 1 / task, lambda task, result: reported.put((task, result)))

    crew.grow(1)
    crew.give(0)
    crew.give(2)
    failed, well = reported.get(), reported.get()
    crew.dismiss(60)

    assert isinstance(failed[1], ZeroDivisionError)
    assert well == (2, 0.5)
