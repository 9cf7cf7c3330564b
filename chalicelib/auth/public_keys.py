"""The public keys our user pool signs with: fetched when an unknown one is named, at most once a minute, kept between.

The address comes from the settings alone; nothing in a token can choose where we look.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from chalicelib.errors import BackhaulError

REST = timedelta(minutes=1)
_TIMEOUT_SECONDS = 3.0
_MOST_BYTES = 64 * 1024
_OK = 200

Fetch = Callable[[], Mapping[str, Any]]


class KeysUnavailableError(BackhaulError):
    """Raised when no key is known and none can be fetched: our trouble, so the caller may come again."""


class PublicKeys:
    """Key ids and what they stand for."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        self._asked: datetime | None = None

    def find(self, kid: str, now: datetime) -> Any:
        """Return the key, or `None` if the pool knows no such key."""
        if kid not in self._keys and (self._asked is None or now - self._asked >= REST):
            self._asked = now
            self._refresh()
        if not self._keys:
            raise KeysUnavailableError("the public keys of the user pool could not be fetched")
        return self._keys.get(kid)

    def learn(self, document: Mapping[str, Any], now: datetime) -> None:
        """Take the keys of a JWKS document in the place of those known so far."""
        self._asked = now
        self._keys = _read(document)

    def _refresh(self) -> None:
        try:
            self._keys = _read(self._fetch()) or self._keys
        except (OSError, ValueError, RecursionError):
            # What we knew stays true; with nothing known, `find` says so.
            return


@cache
def keys_at(url: str) -> PublicKeys:
    """Return the keys published at an address; kept across the invocations of one process."""
    return PublicKeys(lambda: _fetch(url))


def _fetch(url: str) -> Mapping[str, Any]:
    import urllib3  # noqa: PLC0415 (only the first token of a process needs it)

    try:
        with urllib3.PoolManager() as pool:
            reply = pool.request("GET", url, timeout=_TIMEOUT_SECONDS, retries=1, redirect=False, preload_content=False)
            told = reply.read(_MOST_BYTES)
    except urllib3.exceptions.HTTPError as error:
        raise OSError("the keys could not be fetched") from error
    if reply.status != _OK:
        raise OSError(f"the keys were answered with status {reply.status}")
    document = json.loads(told)
    if not isinstance(document, dict):
        raise ValueError("the keys must be a JSON object")  # noqa: TRY004 (what came is wrong, not its Python type)
    return document


def _read(document: Mapping[str, Any]) -> dict[str, Any]:
    from jwt import PyJWK, PyJWTError  # noqa: PLC0415 (see tokens.py)

    keys: dict[str, Any] = {}
    listed = document.get("keys")
    for told in listed if isinstance(listed, list) else ():
        if not _is_for_signing(told):
            continue
        try:
            keys[told["kid"]] = PyJWK(told, algorithm="RS256").key
        except (PyJWTError, TypeError, ValueError):
            continue
    return keys


def _is_for_signing(told: object) -> bool:
    return (
        isinstance(told, dict)
        and isinstance(told.get("kid"), str)
        and (told.get("kty"), told.get("use", "sig"), told.get("alg", "RS256")) == ("RSA", "sig", "RS256")
    )
