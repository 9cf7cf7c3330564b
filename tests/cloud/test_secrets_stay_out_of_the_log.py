"""A whole life of an account, and what goes wrong in one, leaves no secret and no address in the log."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import log
from chalicelib.auth import device_keys
from chalicelib.cloud import cloud
from tests.access import ANNA, an_account
from tests.expected import EMAIL, PASSWORD, PC, PERSON
from tests.pool import APP_CODE, CODE
from tests.stage import Stage, set_up

NEW = "Another-horse-2"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that would be printed, at any level, ours or a library's."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log.JsonLine())
    root = logging.getLogger()
    for logger in (root, log.logger):
        logger.addHandler(handler)
    yield written
    for logger in (root, log.logger):
        logger.removeHandler(handler)


def sign_in(stage: Stage) -> dict[str, str]:
    call = stage.gateway.call
    call("POST", "/auth/register", {"email": "new@example.com", "password": NEW})
    call("POST", "/auth/register", {"email": EMAIL, "password": "weak-secret"})
    call("POST", "/auth/confirm", {"email": "new@example.com", "code": CODE})
    call("POST", "/auth/login", {"email": EMAIL, "password": "Wrong-secret-12"})
    told: dict[str, str] = call("POST", "/auth/login", {"email": EMAIL, "password": PASSWORD}).body
    call("POST", "/auth/refresh", {"refreshToken": told["refreshToken"]})
    return told


def pair(stage: Stage, token: str) -> tuple[dict[str, str], dict[str, str]]:
    call = stage.gateway.call
    asked = call("POST", "/pairings", {"name": "den", "kind": "pc"}).body
    call("GET", f"/pairings/{asked['userCode']}", token=token)
    call("POST", "/pairings/approve", {"userCode": asked["userCode"], "approve": True}, token=token)
    return asked, call("POST", "/pairings/claim", {"deviceCode": asked["deviceCode"]}).body


def test_no_line_holds_a_secret(stage: Stage, lines: io.StringIO) -> None:
    call = stage.gateway.call
    signed_in = sign_in(stage)
    token = signed_in["accessToken"]
    asked, claimed = pair(stage, token)
    lent = call("POST", f"/devices/{claimed['deviceId']}/credentials", token=claimed["key"]).body
    secret = call("POST", "/auth/mfa", token=token).body
    call("POST", "/auth/mfa/verify", {"code": APP_CODE}, token=token)
    challenged = call("POST", "/auth/login", {"email": EMAIL, "password": PASSWORD}).body
    call("POST", "/auth/challenge", {"session": challenged["session"], "code": APP_CODE})
    call("POST", "/auth/password", {"password": PASSWORD, "newPassword": NEW}, token=token)
    call("POST", "/auth/forgot", {"email": EMAIL})
    call("POST", "/auth/reset", {"email": EMAIL, "code": CODE, "password": PASSWORD})
    call("POST", "/auth/logout", {"refreshToken": signed_in["refreshToken"]})
    call("GET", "/me", token="made-up-secret")
    call("DELETE", f"/devices/{claimed['deviceId']}", token=token)
    call("DELETE", "/me", {"password": PASSWORD}, token=token)

    written = lines.getvalue()
    key = device_keys.parse(claimed["key"])
    assert key is not None
    secrets = [
        PASSWORD,
        NEW,
        EMAIL,
        "new@example.com",
        "weak-secret",
        "Wrong-secret-12",
        "made-up-secret",
        CODE,
        APP_CODE,
    ]
    secrets += [*signed_in.values(), key.secret, key.hashed(), asked["deviceCode"], asked["userCode"], secret["secret"]]
    secrets += [challenged["session"], lent["secretAccessKey"], lent["sessionToken"], lent["accessKeyId"], ANNA]
    assert [each for each in map(str, secrets) if each in written and each != "3600"] == []
    assert '"said": "answered"' in written


@pytest.mark.parametrize("failure", ["SomethingNewException", "InternalErrorException"])
def test_no_traceback_holds_a_secret(stage: Stage, lines: io.StringIO, failure: str) -> None:
    stage.world.cognito.refusing = failure
    answers: list[Any] = [
        stage.gateway.call("POST", "/auth/login", {"email": EMAIL, "password": PASSWORD}),
        stage.gateway.call("POST", "/auth/register", {"email": EMAIL, "password": PASSWORD}),
        stage.gateway.call("DELETE", "/me", {"password": PASSWORD}, token=stage.anna["tokens"][PERSON]),
    ]

    assert {answer.status for answer in answers} <= {500, 503}
    for secret in (EMAIL, PASSWORD, "quoted-secret", stage.anna["tokens"][PERSON], stage.anna["tokens"][PC]):
        assert secret not in lines.getvalue()
