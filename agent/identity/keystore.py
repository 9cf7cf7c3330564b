"""Where this PC's key is kept: the credential store of the operating system, or a file that only its owner may read."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from agent.errors import NotPairedError, shown
from agent.identity import private

if TYPE_CHECKING:
    from agent.drive.home import Home

LOG = logging.getLogger(__name__)
SERVICE = "backhaul"


class KeyStore:
    """Keeps the key of one home folder's device."""

    def __init__(self, home: Home, *, use_keyring: bool = True) -> None:
        """Take the home folder; `use_keyring=False` keeps the key in the file alone."""
        self._home = home
        self._use_keyring = use_keyring

    def keep(self, device_id: str, key: str) -> None:
        """Keep a key, in the credential store if there is one."""
        if self._use_keyring and _keep_in_keyring(device_id, key):
            self._home.key.unlink(missing_ok=True)
            return
        if self._use_keyring:
            LOG.warning("no credential store on this PC; the key is kept in %s", shown(self._home.key))
        self.keep_in_file(key)

    def keep_in_file(self, key: str) -> None:
        """Keep a key in the file, where a program finds it that does not run as the person."""
        private.write(self._home.key, key + "\n")

    def forget(self, device_id: str) -> None:
        """Forget a key, wherever it is kept."""
        self._home.key.unlink(missing_ok=True)
        if self._use_keyring:
            _drop_from_keyring(device_id)

    def find(self, device_id: str) -> str:
        """Return the key, or raise when it is nowhere."""
        key = self._from_file() or (_from_keyring(device_id) if self._use_keyring else None)
        if key is None:
            raise NotPairedError(self._home, "key")
        return key

    def _from_file(self) -> str | None:
        if not self._home.key.exists():
            return None
        if private.is_open(self._home.key):
            LOG.warning("others may read the key in %s; closing it to them", shown(self._home.key))
            private.close(self._home.key)
        return self._home.key.read_text(encoding="utf-8").strip() or None


def _keep_in_keyring(device_id: str, key: str) -> bool:
    """Try the credential store; it counts only if the key can be read back."""
    import keyring  # noqa: PLC0415 - slow to import, and not wanted where the file is asked for
    import keyring.errors  # noqa: PLC0415

    try:
        keyring.set_password(SERVICE, device_id, key)
    except (keyring.errors.KeyringError, RuntimeError):
        return False
    return _from_keyring(device_id) == key


def _from_keyring(device_id: str) -> str | None:
    import keyring  # noqa: PLC0415 - as above
    import keyring.errors  # noqa: PLC0415

    try:
        return keyring.get_password(SERVICE, device_id)
    except (keyring.errors.KeyringError, RuntimeError):
        return None


def _drop_from_keyring(device_id: str) -> None:
    import keyring  # noqa: PLC0415 - as above
    import keyring.errors  # noqa: PLC0415

    with contextlib.suppress(keyring.errors.KeyringError, RuntimeError):
        keyring.delete_password(SERVICE, device_id)
