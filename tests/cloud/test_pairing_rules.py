"""The rules of pairing that need no account: codes, names, and what a polling device is told."""

import pytest

from chalicelib.auth import pairings
from chalicelib.auth.pairings import AccessDeniedError, Ask, AuthorizationPendingError, ExpiredCodeError, SlowDownError
from chalicelib.bodies import parse
from chalicelib.errors import BadInputError
from chalicelib.metadata.pairings import APPROVED, ASKED, CLAIMED, DENIED, Pairing

NOW = 1000


def a_pairing(state: str, expires: int = NOW + 1) -> Pairing:
    return Pairing("hash", "BCDF-GHJK", "0" * 32, "den", "pc", "an OS", "203.0.113.7", expires, state)


@pytest.mark.parametrize(
    ("found", "in_time", "told"),
    [
        (None, True, ExpiredCodeError),
        (a_pairing(APPROVED, expires=NOW), True, ExpiredCodeError),
        (a_pairing(ASKED, expires=NOW), False, ExpiredCodeError),
        (a_pairing(DENIED), True, AccessDeniedError),
        (a_pairing(DENIED), False, AccessDeniedError),
        (a_pairing(ASKED), True, AuthorizationPendingError),
        (a_pairing(ASKED), False, SlowDownError),
        (a_pairing(APPROVED), False, SlowDownError),
        (a_pairing(CLAIMED), False, SlowDownError),
    ],
)
def test_what_a_polling_device_is_told(found: Pairing | None, in_time: bool, told: type[Exception]) -> None:
    with pytest.raises(told):
        pairings.judge(found, NOW, in_time=in_time)


@pytest.mark.parametrize("state", [APPROVED, CLAIMED])
def test_only_an_approved_pairing_goes_on(state: str) -> None:
    assert pairings.judge(a_pairing(state), NOW, in_time=True).state == state


@pytest.mark.parametrize("text", ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "BCDF\u2013GHJK", "b c d f g h j k"])
def test_a_code_is_read_however_it_is_typed(text: str) -> None:
    assert pairings.read_user_code(text) == "BCDF-GHJK"


def test_no_letter_looks_like_another_or_makes_a_word() -> None:
    assert not set(pairings.LETTERS) & set("AEIOUY0123456789")


def test_there_are_too_many_user_codes_to_guess() -> None:
    assert len(set(pairings.LETTERS)) ** 8 > 2.5e10


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind": "pc"}',
        b'{"name": "", "kind": "pc"}',
        b'{"name": "   ", "kind": "pc"}',
        b'{"name": "a\\nb", "kind": "pc"}',
        b'{"name": "a\\u0000b", "kind": "pc"}',
        b'{"name": "den", "kind": "admin"}',
        b'{"name": "den"}',
        b'{"name": "den", "kind": "pc", "platform": 7}',
        b'{"name": "' + b"x" * 81 + b'", "kind": "pc"}',
        b"[]",
        b"",
    ],
)
def test_what_does_not_describe_a_device_is_refused(body: bytes) -> None:
    with pytest.raises(BadInputError):
        parse(body, Ask)


def test_names_may_hold_any_letter() -> None:
    assert parse('{"name": "Büro 🏠 的", "kind": "pc"}'.encode(), Ask).name == "Büro 🏠 的"
