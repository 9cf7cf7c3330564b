"""Who is calling: a verified token's or device key's bearer as a Caller. Everything about trust begins here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from chalice.app import AuthResponse

from chalicelib.auth import device_keys, public_keys, scopes, tokens
from chalicelib.auth.device_keys import DeviceKey
from chalicelib.auth.tokens import Person
from chalicelib.cloud import Cloud
from chalicelib.errors import BackhaulError, NotAllowedError, NotFoundError
from chalicelib.metadata import devices, owners


class UnauthorizedError(BackhaulError):
    """Raised by the authorizer alone: API Gateway answers 401 for this very message, and 500 for any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@dataclass(frozen=True)
class Caller:
    """A verified caller: whose files, which device (a person signed in has none), and what it may do."""

    owner_id: str
    device_id: str | None
    scopes: frozenset[str]
    device_name: str | None = None

    def must_have(self, scope: str) -> None:
        """Refuse unless the caller holds the scope."""
        if scope not in self.scopes:
            raise NotAllowedError(scope)

    def must_be(self, device_id: str) -> None:
        """Refuse another device's path as if that device did not exist."""
        if device_id != self.device_id:
            raise NotFoundError("device", device_id)


def caller_of(context: Mapping[str, Any]) -> Caller:
    """Read what our own authorizer put into the request context; nothing else there says who calls."""
    told = context["authorizer"]
    name = unquote(told.get("deviceName", "")) or None
    return Caller(told["ownerId"], told.get("deviceId") or None, frozenset(told["scopes"].split()), name)


def judge(
    header: str, read_token: Callable[[str], Person | None], find_key: Callable[[DeviceKey], Caller | None]
) -> Caller | None:
    """Decide who the bearer of an Authorization header is, or `None`."""
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    key = device_keys.parse(credential)
    if key:
        return find_key(key)
    person = read_token(credential)
    return Caller(person.owner_id, None, scopes.of_person(person.groups)) if person else None


def admit(world: Cloud, header: str) -> AuthResponse:
    """Let the caller in, everywhere: scopes are checked where the deed begins, so that one answer may be kept."""
    caller = judge(header, lambda token: _person(world, token), lambda key: _device(world, key))
    if caller is None or owners.is_closed(world.table, caller.owner_id):
        raise UnauthorizedError
    context = {
        "ownerId": caller.owner_id,
        "deviceId": caller.device_id or "",
        "deviceName": quote(caller.device_name or ""),
        "scopes": " ".join(sorted(caller.scopes)),
    }
    return AuthResponse(routes=["*"], principal_id=caller.owner_id, context=context)


def _person(world: Cloud, token: str) -> Person | None:
    here, now = world.settings, world.now()
    keys = public_keys.keys_at(here.keys_url)
    return tokens.read(token, now, tokens.Pool(here.issuer, here.user_pool_client), lambda kid: keys.find(kid, now))


def _device(world: Cloud, key: DeviceKey) -> Caller | None:
    kept = devices.find_key(world.table, key.device_id)
    if kept is None or not key.fits(kept.key_hash):
        return None
    return Caller(kept.owner_id, key.device_id, kept.scopes, kept.name)
