"""Who is let in: the authorizer's rule, and what it tells the handlers."""

from typing import Any

import pytest

from chalicelib.auth import callers, device_keys, public_keys
from chalicelib.auth.callers import Caller
from chalicelib.auth.tokens import Person
from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.metadata import devices, owners
from tests.access import ANNA, NOW, a_device, a_token, a_world, pool, settings

KEY = device_keys.new("0192f0c1a2b37c4d8e5f60718293a4b5")
PERSON = Person(ANNA, frozenset())


@pytest.fixture
def world() -> Any:
    with a_world() as world:
        public_keys.keys_at(settings().keys_url).learn(pool().jwks(), NOW)
        yield world


def token(**other: Any) -> str:
    return a_token(now=NOW.timestamp(), **other)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_scheme_is_read_in_any_case(scheme: str) -> None:
    assert callers.judge(f"{scheme} x", lambda _: PERSON, lambda _: None) is not None


@pytest.mark.parametrize("header", ["", "Bearer", "Basic x", "x", " Bearer x", "Bearer\tx", "Token x"])
def test_another_scheme_is_not_read(header: str) -> None:
    def read(credential: str) -> Person | None:
        return PERSON if credential else None

    assert callers.judge(header, read, lambda _: None) is None


def test_a_device_key_is_never_tried_as_a_token() -> None:
    def read(_: str) -> Person:
        raise AssertionError("cryptography would be imported for nothing")

    assert callers.judge(f"Bearer {KEY.text()}", read, lambda _: None) is None


def test_a_person_may_do_what_persons_do() -> None:
    caller = callers.judge("Bearer x", lambda _: PERSON, lambda _: None)

    assert caller == Caller(ANNA, None, frozenset({"owner", "read", "upload"}))


def test_an_admin_may_do_more() -> None:
    caller = callers.judge("Bearer x", lambda _: Person(ANNA, frozenset({"admin"})), lambda _: None)

    assert "admin" in (caller.scopes if caller else ())


def test_other_groups_give_nothing() -> None:
    caller = callers.judge("Bearer x", lambda _: Person(ANNA, frozenset({"Admin", "pc", "owner"})), lambda _: None)

    assert caller == Caller(ANNA, None, frozenset({"owner", "read", "upload"}))


def test_a_token_of_the_pool_is_let_in_everywhere(world: Any) -> None:
    admitted = callers.admit(world, f"Bearer {token()}")

    assert (admitted.routes, admitted.principal_id) == (["*"], ANNA)
    assert admitted.context == {"ownerId": ANNA, "deviceId": "", "deviceName": "", "scopes": "owner read upload"}


def test_what_the_authorizer_tells_is_what_the_handler_reads(world: Any) -> None:
    pc, key = a_device(world)

    admitted = callers.admit(world, f"Bearer {key}")

    assert callers.caller_of({"authorizer": admitted.context}) == pc


def test_what_the_authorizer_tells_is_plain_letters(world: Any) -> None:
    """API Gateway carries it from there to the handler; what it does to others is not ours to find out."""
    phone, key = a_device(world, "phone", name="100 % Zoë")

    context = callers.admit(world, f"Bearer {key}").context

    assert "".join(context.values()).isascii()
    assert callers.caller_of({"authorizer": context}) == phone


def test_a_devices_key_is_let_in_only_with_its_secret(world: Any) -> None:
    pc, _ = a_device(world)
    forged = device_keys.new(pc.device_id or "").text()

    with pytest.raises(callers.UnauthorizedError, match=r"^Unauthorized$"):
        callers.admit(world, f"Bearer {forged}")


def test_a_key_with_another_devices_id_is_not_let_in(world: Any) -> None:
    _, key = a_device(world)
    other, _ = a_device(world, "phone")
    mixed = f"bh_{other.device_id}_{key[36:]}"

    with pytest.raises(callers.UnauthorizedError):
        callers.admit(world, f"Bearer {mixed}")


def test_a_revoked_key_is_not_let_in(world: Any) -> None:
    pc, key = a_device(world)
    device = devices.find(world.table, ANNA, pc.device_id or "")
    assert device is not None
    devices.revoke(world.table, ANNA, device, world.now_text(), "")

    with pytest.raises(callers.UnauthorizedError):
        callers.admit(world, f"Bearer {key}")


@pytest.mark.parametrize("kind", ["token", "key"])
def test_nobody_calls_for_an_owner_who_left(world: Any, kind: str) -> None:
    _, key = a_device(world)
    owners.close(world.table, ANNA, world.now_text())

    with pytest.raises(callers.UnauthorizedError):
        callers.admit(world, f"Bearer {token() if kind == 'token' else key}")


@pytest.mark.parametrize(
    "header", ["", "Bearer ", "Bearer garbage", "Bearer bh_x_y", "Bearer é", "Bearer " + "x" * 20_000]
)
def test_garbage_is_not_let_in(world: Any, header: str) -> None:
    with pytest.raises(callers.UnauthorizedError):
        callers.admit(world, header)


def test_a_device_costs_two_reads_and_a_person_one(world: Any) -> None:
    _, key = a_device(world)
    calls: list[str] = []
    world.table._client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))

    callers.admit(world, f"Bearer {key}")
    callers.admit(world, f"Bearer {token()}")

    assert calls == ["GetItem"] * 3


def test_a_scope_that_is_missing_is_named() -> None:
    with pytest.raises(NotAllowedError, match="'pc'"):
        Caller(ANNA, None, frozenset({"read"})).must_have("pc")


def test_another_device_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        Caller(ANNA, "a" * 32, frozenset({"pc"})).must_be("b" * 32)


def test_a_person_is_no_device() -> None:
    with pytest.raises(NotFoundError):
        Caller(ANNA, None, frozenset({"pc"})).must_be("b" * 32)
