"""Where the key is kept: in the credential store if that can be trusted to give it back, in a private file if not."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from agent.drive.home import Home
from agent.errors import NotPairedError
from agent.identity.keystore import KeyStore

KEY = "bh_key"


class Store(KeyringBackend):
    """A credential store in memory, which may be locked, or forget at once."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, *, locked: bool = False, forgets: bool = False) -> None:
        super().__init__()
        self.locked, self.forgets = locked, forgets
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self._require_open()
        if not self.forgets:
            self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        self._require_open()
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")

    def _require_open(self) -> None:
        if self.locked:
            raise KeyringLocked("nobody is logged on")


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


pytestmark = pytest.mark.usefixtures("_as_it_was")


def keys_with(store: Store, home: Home) -> KeyStore:
    keyring.set_keyring(store)
    return KeyStore(home)


def test_a_key_is_kept_in_the_credential_store_and_in_no_file(home: Home) -> None:
    store = Store()
    home.key.write_text("an earlier key")

    keys = keys_with(store, home)
    keys.keep("device", KEY)

    assert store.kept == {("backhaul", "device"): KEY}
    assert not home.key.exists()
    assert keys.find("device") == KEY


@pytest.mark.parametrize("store", [Store(locked=True), Store(forgets=True)])
def test_where_the_store_does_not_give_it_back_the_key_is_in_a_file(
    home: Home, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    keys = keys_with(store, home)
    keys.keep("device", KEY)

    assert home.key.read_text().strip() == keys.find("device") == KEY
    assert "no credential store" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("store", [Store(), Store(locked=True)])
def test_a_key_that_is_nowhere_is_told(home: Home, store: Store) -> None:
    with pytest.raises(NotPairedError, match="key"):
        keys_with(store, home).find("device")


def test_a_key_is_forgotten_wherever_it_is_and_twice_is_no_mistake(home: Home) -> None:
    store = Store()
    keys = keys_with(store, home)
    keys.keep("device", KEY)
    keys.keep_in_file(KEY)

    keys.forget("device")
    keys.forget("device")

    assert (store.kept, home.key.exists()) == ({}, False)
