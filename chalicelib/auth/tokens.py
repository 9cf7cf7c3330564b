"""Access tokens of the user pool: believed only when every one of its claims fits. No I/O.

RS256 and nothing else: a token that could choose its own algorithm could choose `none`, or HMAC with our public key.
PyJWT is imported when the first token is read; only the authorizer ever reads one.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LEEWAY_SECONDS = 60
_ALGORITHM = "RS256"
_MOST_CHARACTERS = 8192
_SUBJECT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

FindKey = Callable[[str], Any]


@dataclass(frozen=True)
class Pool:
    """Whose tokens are believed, and made for whom."""

    issuer: str
    client_id: str


@dataclass(frozen=True)
class Person:
    """Who a token speaks for."""

    owner_id: str
    groups: frozenset[str]


def read(token: str, now: datetime, pool: Pool, find_key: FindKey) -> Person | None:
    """Return who the token speaks for, or `None` if anything about it is not as it must be."""
    import jwt  # noqa: PLC0415 (76 ms with cryptography, which a device's key does not need)

    if len(token) > _MOST_CHARACTERS:
        return None
    try:
        key = _key_of(jwt.get_unverified_header(token), find_key)
        claims = key and jwt.decode(token, key, algorithms=[_ALGORITHM], options=_only_the_signature())
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return _person(claims) if claims and _fits(claims, now.timestamp(), pool) else None


def subject_of(token: str) -> str:
    """Return whom a token speaks for that the pool itself has just handed us; no other token may be read like this."""
    payload = token.split(".")[1]
    subject: str = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]
    return subject


def _key_of(header: Mapping[str, Any], find_key: FindKey) -> Any:
    kid = header.get("kid")
    if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
        return None
    return find_key(kid)


def _only_the_signature() -> Any:
    """Switch off the checks that look at the wall clock: ours take the moment as an argument."""
    unchecked = ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")
    return {"verify_signature": True} | {f"verify_{claim}": False for claim in unchecked}


def _fits(claims: Mapping[str, Any], now: float, pool: Pool) -> bool:
    return (
        claims.get("iss") == pool.issuer
        and claims.get("client_id") == pool.client_id
        and claims.get("token_use") == "access"
        and _moment(claims, "exp", missing=0) > now - LEEWAY_SECONDS
        and _moment(claims, "iat", missing=now * 2) <= now + LEEWAY_SECONDS
        and _moment(claims, "nbf", missing=0) <= now + LEEWAY_SECONDS
    )


def _moment(claims: Mapping[str, Any], name: str, *, missing: float) -> float:
    told = claims.get(name, missing)
    return told if isinstance(told, int | float) and not isinstance(told, bool) else float("nan")


def _person(claims: Mapping[str, Any]) -> Person | None:
    subject, groups = claims.get("sub"), claims.get("cognito:groups", [])
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject) or not isinstance(groups, list):
        return None
    return Person(subject, frozenset(group for group in groups if isinstance(group, str)))
