"""Who is calling: the verified token's or device key's bearer as a Caller. Everything about trust begins here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import NotAllowedError


@dataclass(frozen=True)
class Caller:
    """A verified caller: whose files, which device (a person signed in has none), and what it may do."""

    owner_id: str
    device_id: str | None
    scopes: frozenset[str]

    def must_have(self, scope: str) -> None:
        """Refuse unless the caller holds the scope."""
        if scope not in self.scopes:
            raise NotAllowedError(scope)


def caller_of(context: Mapping[str, Any]) -> Caller:
    """Read what our own authorizer put into the request context; nothing else there says who calls."""
    told = context["authorizer"]
    return Caller(told["ownerId"], told.get("deviceId") or None, frozenset(told["scopes"].split()))
