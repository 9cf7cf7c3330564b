import json
from typing import Any

import pytest

from chalicelib import bodies
from chalicelib.errors import BadInputError, NotAllowedError
from chalicelib.incoming import missing, uploads, wanted
from chalicelib.metadata.files import Status
from tests.builders import STRANGER, Account, Phone, sha256

PHOTO, OTHER = b"photo", b"other"


def ask(phone: Phone, *hashes: str) -> list[str]:
    raw = json.dumps({"hashes": hashes}).encode()
    asked = bodies.parse(raw, missing.Hashes)
    return missing.find(phone.account.world, phone.caller, asked).missing


def test_what_nobody_has_seen_is_missing_in_the_order_asked_each_once(account: Account) -> None:
    hashes = [sha256(body) for body in (b"b", b"a", b"c")]

    assert ask(account.phone(), *hashes, *hashes) == hashes


def test_what_has_arrived_is_not_missing(account: Account) -> None:
    phone = account.phone()
    phone.bring(PHOTO)

    assert ask(phone, sha256(PHOTO), sha256(OTHER)) == [sha256(OTHER)]


def test_what_was_only_begun_is_missing_and_is_begun_again_as_the_same_file(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)

    assert ask(phone, sha256(PHOTO)) == [sha256(PHOTO)]
    assert phone.begin(PHOTO)[0].file_id == begun.file_id


def test_what_is_at_home_is_not_missing(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = phone.bring(PHOTO)
    pc.receipt(*pc.owed())

    assert phone.see(file_id).status == Status.DOWNLOADED
    assert ask(phone, sha256(PHOTO)) == []


def test_contents_that_nobody_declared_are_known_once_they_are_in(account: Account) -> None:
    phone = account.phone()
    account.hear(a_simple_upload(account, PHOTO))

    assert ask(phone, sha256(PHOTO)) == []


def test_contents_that_came_by_another_way_than_they_were_begun_are_known(account: Account) -> None:
    phone = account.phone()
    phone.begin(PHOTO)
    account.hear(a_simple_upload(account, PHOTO))

    assert ask(phone, sha256(PHOTO)) == []


def a_simple_upload(account: Account, body: bytes) -> str:
    asked = wanted.Simple("a.jpg", "image/jpeg")
    key = uploads.begin_simple(account.world, account.phone().caller, asked).key
    account.put(key, body, checked=False)
    return key


def test_what_was_called_off_is_missing_again(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)
    uploads.abort(account.world, phone.caller, begun.file_id)

    assert ask(phone, sha256(PHOTO)) == [sha256(PHOTO)]


def test_what_another_owner_has_is_missing(account: Account) -> None:
    account.phone().bring(PHOTO)

    assert ask(account.phone(STRANGER), sha256(PHOTO)) == [sha256(PHOTO)]


def test_a_thousand_hashes_cost_ten_calls_however_many_are_known(account: Account) -> None:
    phone = account.phone()
    for n in range(3):
        phone.bring(str(n).encode())
    hashes = [sha256(str(n).encode()) for n in range(missing.MOST_HASHES)]

    with account.counting() as calls:
        told = ask(phone, *hashes)

    assert told == hashes[3:]
    assert calls == ["BatchGetItem"] * 10


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "hashes must be given"),
        ({"hashes": []}, "hashes must be `array` of length >= 1"),
        ({"hashes": "a" * 64}, "hashes must be `array`, got `str`"),
        ({"hashes": ["a" * 64] * 1001}, "hashes must be `array` of length <= 1000"),
        ({"hashes": ["A" * 64]}, "hashes[0] must be `str` matching regex"),
        ({"hashes": ["a" * 63]}, "hashes[0] must be `str` matching regex"),
        ({"hashes": ["a" * 64 + "\n"]}, "hashes[0] must be `str` matching regex"),
        ({"hashes": ["ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="]}, "hashes[0] must be `str` matching regex"),
        ({"hashes": [1]}, "hashes[0] must be `str`, got `int`"),
    ],
)
def test_a_refusal_names_field_and_expectation(asked: Any, says: str) -> None:
    with pytest.raises(BadInputError) as refused:
        bodies.parse(json.dumps(asked).encode(), missing.Hashes)

    assert refused.value.message.startswith(says)


def test_a_pc_may_not_ask(account: Account) -> None:
    pc = account.pc()

    with pytest.raises(NotAllowedError):
        missing.find(account.world, pc.caller, missing.Hashes(["a" * 64]))
