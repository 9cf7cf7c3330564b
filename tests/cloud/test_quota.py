"""How much an owner may bring in, and what is told to one who wants more."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.incoming import quota, uploads, wanted
from chalicelib.incoming.quota import QuotaExceededError
from chalicelib.incoming.wanted import Refused, Wanted
from chalicelib.upkeep import sweeps
from tests.builders import SETTINGS, STRANGER, Account, Phone, declare, sha256
from tests.thrown import purge

QUOTA = 100


@pytest.fixture
def phone(account: Account) -> Phone:
    account.world.settings = replace(SETTINGS, quota_bytes=QUOTA)
    return account.phone()


def a_body(size: int, name: str = "a") -> bytes:
    return name.encode().ljust(size, b".")


def a_wish(size: int, n: int = 0) -> Wanted:
    return Wanted("a", "b/c", size, f"{n:064x}")


@pytest.mark.parametrize(
    ("sizes", "admitted"),
    [
        ([100], [100]),
        ([101], []),
        ([60, 60], [60]),
        ([60, 60, 40], [60, 40]),
        ([101, 1], [1]),
        ([50, 50, 1], [50, 50]),
    ],
)
def test_what_fits_is_let_in_in_the_order_asked(sizes: list[int], admitted: list[int]) -> None:
    let_in, _ = quota.admit(QUOTA, {}, [a_wish(size, n) for n, size in enumerate(sizes)])

    assert [file.size for file in let_in] == admitted


@given(st.integers(1, 1000), st.lists(st.integers(1, 500)), st.dictionaries(st.text(), st.integers(0, 99)))
def test_never_more_than_there_is_room_for(most: int, sizes: list[int], other: dict[str, int]) -> None:
    room = quota.left(most, other)

    let_in, refused = quota.admit(most, other, [a_wish(size, n) for n, size in enumerate(sizes)])

    assert sum(file.size for file in let_in) <= room
    assert len(let_in) + len(refused) == len(sizes)


def test_without_a_quota_everything_fits() -> None:
    assert quota.admit(0, {"uploadedBytes": 10**15}, [a_wish(10**12)]) == ([a_wish(10**12)], {})


@pytest.mark.parametrize("what", ["pendingBytes", "uploadedBytes", "downloadedBytes", "trashedBytes"])
def test_what_is_begun_and_what_is_there_counts(what: str) -> None:
    assert quota.left(QUOTA, {what: 30, "files": 9}) == 70
    assert quota.left(QUOTA, {what: 130}) == 0


@pytest.mark.parametrize("what", ["downloadedBytes", "trashedBytes", "lostBytes"])
def test_what_has_left_the_cloud_takes_no_room(what: str) -> None:
    assert quota.left(QUOTA, {what: 130, "goneBytes": 60}) == 30
    assert quota.left(QUOTA, {what: 130, "goneBytes": 130}) == 100


def test_what_is_in_the_trash_takes_room_until_it_is_purged(account: Account, phone: Phone) -> None:
    file_id = phone.bring(a_body(60))
    phone.throw_away(file_id)
    (refused,) = phone.begin(a_body(60, "b"))
    assert refused.details == {"left": 40}

    purge(account, file_id)

    assert phone.begin(a_body(60, "b"))[0].outcome == "upload"


def test_who_wants_more_is_told_how_much_is_left(phone: Phone) -> None:
    phone.bring(a_body(70))

    big, small = phone.begin(a_body(31, "big"), a_body(30, "small"))

    assert (big.outcome, big.reason, big.details) == ("refused", "quota", {"left": 30})
    assert big.message == "31 bytes must fit into the quota, of which 30 are left"
    assert small.outcome == "upload"


def test_what_is_there_already_needs_no_room(phone: Phone) -> None:
    phone.bring(a_body(100))

    (again,) = phone.begin(a_body(100))

    assert again.outcome == "duplicate"


def test_a_refusal_is_the_same_for_both_that_ask_in_one_batch(phone: Phone) -> None:
    answers = phone.begin(a_body(101), declare(a_body(101), name="b.jpg"))

    assert [answer.reason for answer in answers] == ["quota", "quota"]


def test_owners_do_not_share_a_quota(account: Account, phone: Phone) -> None:
    phone.bring(a_body(100))

    (begun,) = account.phone(STRANGER).begin(a_body(100))

    assert begun.outcome == "upload"


def test_calling_off_makes_room(account: Account, phone: Phone) -> None:
    (begun,) = phone.begin(a_body(100, "x"))
    assert phone.begin(a_body(100, "y"))[0].reason == "quota"

    uploads.abort(account.world, phone.caller, begun.file_id)

    assert phone.begin(a_body(100, "y"))[0].outcome == "upload"


def test_expiry_makes_room(account: Account, phone: Phone) -> None:
    phone.begin(a_body(100, "x"))

    account.clock.wind(hours=25)
    sweeps.sweep_pending(account.world)

    assert phone.begin(a_body(100, "y"))[0].outcome == "upload"


@pytest.mark.parametrize(("count", "calls"), [(1, 2), (49, 2), (100, 5)])
def test_the_quota_costs_no_call_but_for_a_full_batch(account: Account, count: int, calls: int) -> None:
    account.world.settings = replace(SETTINGS, quota_bytes=10**6)
    phone = account.phone()

    with account.counting() as counted:
        phone.begin(*[f"{n}".encode() for n in range(count)])

    assert len(counted) == calls


def begin_simple(account: Account, phone: Phone, **more: Any) -> uploads.SimpleLink:
    return uploads.begin_simple(account.world, phone.caller, wanted.Simple("a.jpg", "image/jpeg", **more))


@pytest.mark.parametrize("more", [{"size": 101}, {"size": 101, "sha256": sha256(b"x")}])
def test_the_simplest_client_is_told_too(account: Account, phone: Phone, more: dict[str, Any]) -> None:
    with pytest.raises(QuotaExceededError) as refusal:
        begin_simple(account, phone, **more)

    assert refusal.value.details == {"left": 100}


def test_a_size_nobody_told_needs_some_room(account: Account, phone: Phone) -> None:
    begin_simple(account, phone)
    phone.bring(a_body(100))

    with pytest.raises(QuotaExceededError):
        begin_simple(account, phone)


def test_a_refusal_says_why() -> None:
    _, refused = quota.admit(QUOTA, {}, [a_wish(101)])

    assert list(refused.values()) == [
        Refused("quota", "101 bytes must fit into the quota, of which 100 are left", {"left": 100})
    ]
