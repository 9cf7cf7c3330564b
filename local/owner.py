"""The demo owner: made through the app's own API, kept in a file that only this user can read."""

import functools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.api import PAUSES, Api, patiently
from local.disk import read_json, write_json
from local.errors import ApiError, BrokenStateError, OwnerError

EMAIL = "demo@backhaul.example"
EMULATOR_CODE = "123456"


@dataclass(frozen=True)
class Owner:
    """How the demo owner signs in."""

    email: str
    password: str

    def __repr__(self) -> str:
        """Leave the password out of tracebacks and logs."""
        return f"Owner({self.email!r})"


def find_or_invent(file: Path) -> Owner:
    """Read the owner, or invent one and write it down before anybody is told."""
    if not file.exists():
        owner = Owner(EMAIL, secrets.token_urlsafe(18) + "-aA1")
        write_json(file, {"email": owner.email, "password": owner.password})
        return owner
    found = read_json(file)
    if not isinstance(found.get("email"), str) or not isinstance(found.get("password"), str):
        raise BrokenStateError(file, "email and password are expected")
    return Owner(found["email"], found["password"])


def sign_in(api: Api, owner: Owner, *, pauses: Sequence[float] = PAUSES) -> Api:
    """Sign in, registering the owner first where the cloud does not know them (yet, or any more)."""
    try:
        return patiently(lambda: _log_in(api, owner), pauses=pauses)
    except ApiError as error:
        if not error.is_refusal:
            raise
    _register(api, owner)
    try:
        return patiently(lambda: _log_in(api, owner), pauses=pauses)
    except ApiError as error:
        raise OwnerError(f"The demo owner {owner.email!r} cannot sign in: {error}") from error


def _log_in(api: Api, owner: Owner) -> Api:
    told = api.post("/auth/login", {"email": owner.email, "password": owner.password})
    return api.signed_in(told["accessToken"])


def _register(api: Api, owner: Owner) -> None:
    """Register and confirm; either may have happened before a stop, so refusals are left to the sign-in to judge."""
    for path, body in (
        ("/auth/register", {"email": owner.email, "password": owner.password}),
        ("/auth/confirm", {"email": owner.email, "code": EMULATOR_CODE}),
    ):
        try:
            patiently(functools.partial(api.post, path, body))
        except ApiError as error:
            if not error.is_refusal:
                raise
