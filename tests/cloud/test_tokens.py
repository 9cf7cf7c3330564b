import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from chalicelib.auth import tokens
from tests.access import ANNA, KID, NOW, Signer, claims, pool, settings


def read(token: Any, *, now: Any = NOW, keys: Any = None) -> Any:
    here = settings()
    known = {KID: pool().key.public_key()} if keys is None else keys
    return tokens.read(token, now, tokens.Pool(here.issuer, here.user_pool_client), known.get)


def told(**other: Any) -> dict[str, Any]:
    return claims(now=NOW.timestamp(), **other)


def by_hand(header: Any, payload: Any, signature: Any = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_an_access_token_of_the_pool_names_its_owner() -> None:
    assert read(pool().sign(told())).owner_id == ANNA


def test_groups_are_read_from_the_token() -> None:
    assert read(pool().sign(told(**{"cognito:groups": ["admin", "x"]}))).groups == {"admin", "x"}


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("another issuer", {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other"}),
        ("an issuer that begins alike", {"iss": settings().issuer + "/"}),
        ("no issuer", {"iss": None}),
        ("another client", {"client_id": "other"}),
        ("no client", {"client_id": None}),
        ("the client as audience only", {"client_id": None, "aud": "client"}),
        ("an id token", {"token_use": "id"}),
        ("a refresh token", {"token_use": "refresh"}),
        ("no use", {"token_use": None}),
        ("no expiry", {"exp": None}),
        ("an expiry that is text", {"exp": "9999999999"}),
        ("an expiry that is true", {"exp": True}),
        ("no time of issue", {"iat": None}),
        ("issued tomorrow", {"iat": NOW.timestamp() + 86_400}),
        ("not valid before tomorrow", {"nbf": NOW.timestamp() + 86_400}),
        ("no subject", {"sub": None}),
        ("a subject that is a path", {"sub": "../" + ANNA}),
        ("a subject that is a list", {"sub": [ANNA]}),
        ("groups that are text", {"cognito:groups": "admin"}),
    ],
)
def test_a_token_is_refused_for(why: Any, other: Any) -> None:
    assert read(pool().sign(told(**other))) is None, why


@pytest.mark.parametrize(("seconds", "believed"), [(3659, True), (3660, False), (-60, True), (-61, False)])
def test_clocks_may_differ_by_a_minute(seconds: Any, believed: Any) -> None:
    assert (read(pool().sign(told()), now=NOW + timedelta(seconds=seconds)) is not None) is believed


def test_a_token_without_signature_is_refused() -> None:
    assert read(by_hand({"alg": "none", "kid": KID}, told())) is None


@pytest.mark.parametrize("name", ["None", "NONE", "nOnE", ""])
def test_no_way_of_writing_none_helps(name: Any) -> None:
    assert read(by_hand({"alg": name, "kid": KID}, told())) is None


def test_a_token_signed_with_our_public_key_as_a_secret_is_refused() -> None:
    head = by_hand({"alg": "HS256", "typ": "JWT", "kid": KID}, told()).rpartition(".")[0]
    mac = hmac.digest(pool().public_pem(), head.encode(), "sha256")

    assert read(f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}") is None


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_with_the_right_key_are_refused(algorithm: Any) -> None:
    token = jwt.encode(told(), pool().key, algorithm=algorithm, headers={"kid": KID})

    assert read(token) is None


def test_a_token_of_another_algorithm_makes_nobody_look_for_its_key() -> None:
    asked: list[str] = []
    here = settings()
    token = by_hand({"alg": "HS256", "kid": "unknown"}, told())

    tokens.read(token, NOW, tokens.Pool(here.issuer, here.user_pool_client), asked.append)

    assert asked == []


def test_a_stranger_who_uses_our_key_id_is_refused() -> None:
    assert read(Signer().sign(told())) is None


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    stranger = Signer()
    header = {"kid": KID, "jwk": stranger.jwks()["keys"][0], "jku": "http://127.0.0.1:9/", "x5u": "http://127.0.0.1:9/"}

    assert read(jwt.encode(told(), stranger.key, algorithm="RS256", headers=header)) is None


@pytest.mark.parametrize("kid", [None, 7, ["a"], "unknown"])
def test_a_key_id_that_is_none_of_ours_is_refused(kid: Any) -> None:
    header, payload, signature = pool().sign(told()).split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": kid}).encode()).decode().rstrip("=")

    assert read(f"{forged}.{payload}.{signature}") is None, header


def test_changed_claims_are_refused() -> None:
    header, _, signature = pool().sign(told()).split(".")
    payload = by_hand({}, told(sub="0b0b0b0b-1111-4111-8111-00000000000b")).split(".")[1]

    assert read(f"{header}.{payload}.{signature}") is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "garbage",
        "a.b.c",
        "é.é.é",
        "eyJhbGciOiJSUzI1NiJ9..",
        "bnVsbA.bnVsbA.bnVsbA",
        "W10.W10.W10",
        "\x00",
        "x" * 100_000,
        base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.e30",
    ],
)
def test_garbage_is_refused(token: Any) -> None:
    assert read(token) is None


def test_the_subject_of_a_fresh_token_can_be_read() -> None:
    assert tokens.subject_of(pool().sign(told())) == ANNA
