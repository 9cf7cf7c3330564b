"""What an owner's files add up to: counted in the writes that change them, so that no answer ever reads a file."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.auth.callers import Caller
from chalicelib.errors import NotAllowedError
from chalicelib.library import analytics, prices, usage
from chalicelib.library.usage import Amount
from chalicelib.metadata import files, owners, tallies
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Update
from tests.builders import OWNER, SETTINGS, STRANGER, Account, sha256

PERSON = Caller(OWNER, None, frozenset({"owner", "read", "upload"}))
NOTHING = Amount(0, 0)
# DynamoDB's own limit.
MOST_IN_AN_EXPRESSION = 4096


def used(account: Account, caller: Caller = PERSON) -> usage.Usage:
    return usage.show(account.world, caller)


def stood(account: Account) -> analytics.Storage:
    return analytics.storage(account.world, PERSON)


def a_file(**more: Any) -> File:
    told: dict[str, Any] = {
        "owner_id": OWNER,
        "file_id": "0" * 32,
        "name": "a.jpg",
        "type": "image/jpeg",
        "status": Status.UPLOADED,
        "key": "k",
        "created_at": "2026-10-31T23:59:59.000Z",
        "uploaded_at": "2026-11-01T00:00:01.000Z",
        "size": 5,
        "sha256": sha256(b"x"),
    }
    return File(**told | more)


def test_files_and_bytes_are_told_by_status(account: Account) -> None:
    phone = account.phone()
    trashed = phone.bring(b"trashed")
    phone.bring(b"in")
    phone.begin(b"never put")
    phone.throw_away(trashed)

    told = used(account)

    assert (told.by_status.uploaded, told.by_status.trashed) == (Amount(1, 2), Amount(1, 7))
    assert (told.by_status.pending, told.by_status.downloaded) == (Amount(1, 9), NOTHING)
    assert told.in_cloud == Amount(2, 9)


def test_what_is_only_at_home_takes_no_room() -> None:
    counters = {"downloadedFiles": 3, "downloadedBytes": 30, "goneFiles": 1, "goneBytes": 10}

    assert usage.in_cloud(counters) == Amount(2, 20)


def test_without_a_quota_none_is_told(account: Account) -> None:
    assert (used(account).quota_bytes, used(account).left_bytes) == (None, None)


def test_what_is_left_of_the_quota_is_told(account: Account) -> None:
    account.world.settings = replace(SETTINGS, quota_bytes=100)
    account.phone().bring(b"five!")

    assert (used(account).quota_bytes, used(account).left_bytes) == (100, 95)


def test_a_phone_may_ask_how_much_is_left_and_a_pc_may_not(account: Account) -> None:
    used(account, account.phone().caller)

    with pytest.raises(NotAllowedError):
        used(account, account.pc().caller)


@pytest.mark.parametrize("show", [analytics.overview, analytics.storage])
def test_a_device_sees_no_analytics(account: Account, show: Any) -> None:
    for caller in (account.phone().caller, account.pc().caller):
        with pytest.raises(NotAllowedError):
            show(account.world, caller)


def test_a_stranger_counts_nothing_of_it(account: Account) -> None:
    account.phone().bring(b"photo")
    stranger = Caller(STRANGER, None, PERSON.scopes)

    assert used(account, stranger).in_cloud == NOTHING
    assert analytics.storage(account.world, stranger).by_month == []


def test_what_is_in_is_told_by_kind_device_and_month(account: Account) -> None:
    phone = account.phone()
    phone.bring(b"photo")
    phone.bring(b"film", type="video/mp4")
    phone.bring(b"text", type="text/plain")
    phone.bring(b"photo 2")

    told = stood(account)

    assert [(one.kind, one.files, one.bytes) for one in told.by_kind] == [
        ("other", 1, 4),
        ("photo", 2, 12),
        ("video", 1, 4),
    ]
    assert [(one.device_id, one.files, one.bytes) for one in told.by_device] == [(phone.caller.device_id, 4, 20)]
    assert [(one.month, one.kept) for one in told.by_month] == [("2026-11", Amount(4, 20))]


def test_trash_is_taken_off_and_put_back(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"photo")
    account.clock.wind(days=20)

    phone.throw_away(file_id)
    without = stood(account)
    phone.restore(file_id)

    assert (without.by_kind, without.by_device, without.by_month[0].kept) == ([], [], NOTHING)
    assert stood(account).by_month[0].kept == Amount(1, 5)


def test_what_came_in_stays_told_whatever_became_of_it(account: Account) -> None:
    phone = account.phone()
    phone.throw_away(phone.bring(b"photo"))

    assert stood(account).by_month[0].came_in == Amount(1, 5)


def test_what_went_home_is_told_for_each_pc_in_its_month(account: Account) -> None:
    one, other = account.pc(), account.pc()
    account.phone().bring(b"photo")
    one.receipt(*one.owed())
    account.clock.wind(days=20)
    other.receipt(*other.owed())

    assert [(told.month, told.went_home) for told in stood(account).by_month] == [
        ("2026-12", Amount(1, 5)),
        ("2026-11", Amount(1, 5)),
    ]


def test_a_receipt_sent_again_counts_once(account: Account) -> None:
    pc = account.pc()
    account.phone().bring(b"photo")
    notices = pc.owed()

    pc.receipt(*notices)
    pc.receipt(*notices)

    assert stood(account).by_month[0].went_home == Amount(1, 5)


def test_a_receipt_takes_nothing_off_the_tallies(account: Account) -> None:
    pc = account.pc()
    account.phone().bring(b"photo")

    pc.receipt(*pc.owed())

    assert stood(account).by_month[0].kept == Amount(1, 5)


def test_what_is_only_begun_has_not_come_in(account: Account) -> None:
    account.phone().begin(b"never put")

    assert stood(account).by_month == []


def test_an_event_delivered_twice_counts_once(account: Account) -> None:
    begun = account.phone().send(b"photo")

    account.hear(begun.key)
    account.hear(begun.key)

    assert stood(account).by_month[0].came_in == Amount(1, 5)


def test_how_far_behind_each_pc_is(account: Account) -> None:
    behind, done, gone = account.pc(), account.pc(), account.pc()
    account.phone().bring(b"photo")
    since = account.world.now_text()
    account.clock.wind(days=2)
    done.receipt(*done.owed())
    gone.revoke()

    told = analytics.overview(account.world, PERSON).pcs

    assert {pc.device_id: pc.owed_since for pc in told} == {behind.device_id: since, done.device_id: None}


def test_what_a_month_costs_follows_from_what_is_counted() -> None:
    counters = {
        "uploadedFiles": 1,
        "uploadedBytes": 2**30,
        "i_2026_11_f": 2,
        "i_2026_11_b": 9,
        "h_2026_11_f": 3,
        "h_2026_11_b": 2**31,
        "i_2026_10_f": 1000,
        "i_2026_10_b": 1,
    }

    told = analytics.cost_of(counters, "2026-11")

    assert (told.storage, told.transfer) == (prices.STORED_GIB_MONTH, 2 * prices.SENT_GIB)
    work = 2 * prices.of(prices.ARRIVALS) + 3 * prices.of(prices.HOMECOMINGS)
    assert told.requests == work // prices.FILES
    assert told.total == told.storage + told.requests + told.transfer


def test_work_costs_the_sum_of_its_parts() -> None:
    assert prices.of(prices.Work(puts=2, reads=3)) == 2 * 5_000 + 3 * 125


def test_an_owner_without_files_is_told_so(account: Account) -> None:
    told = analytics.overview(account.world, PERSON)

    assert (told.files, told.by_kind, told.pcs, told.cost.total) == (NOTHING, [], [], 0)


@pytest.mark.parametrize("count", [1, 60])
def test_answers_cost_the_same_however_many_files(account: Account, count: int) -> None:
    account.pc()
    for n in range(count):
        *_, moved = files.uploaded(None, a_file(file_id=f"{n:032x}"))
        account.world.table.put(moved)
    with account.counting() as calls:
        used(account)
        calls.append("then")
        analytics.storage(account.world, PERSON)
        calls.append("then")
        analytics.overview(account.world, PERSON)

    told = "BatchGetItem then BatchGetItem Query then BatchGetItem Query Query"
    assert calls == told.split()
    assert used(account).by_status.uploaded.files == count


def test_counters_of_many_months_and_devices_fit_into_one_expression() -> None:
    many = [a_file(device_id=f"{n:032x}", uploaded_at=f"{1990 + n}-01-01T00:00:00.000Z") for n in range(49)]

    (moved,) = files.counted(OWNER, files.share(Status.UPLOADED, many))

    assert isinstance(moved, Update)
    assert len(moved.does) < MOST_IN_AN_EXPRESSION
    assert set(moved.names.values()) >= {f"d_{48:032x}_b", "m_2038_01_f"}


def test_an_upload_moves_its_counters_in_one_operation() -> None:
    assert len(files.uploaded(a_file(status=Status.PENDING), a_file())) == 3


def test_tallies_are_no_counters_of_status(account: Account) -> None:
    account.phone().bring(b"photo")

    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}
    assert any(map(tallies.is_tally, owners.counters(account.world.table, OWNER)))


def test_what_is_in_counts_in_the_month_it_arrived() -> None:
    assert tallies.read("m", tallies.of_what_is_in(a_file())) == {"2026-11": (1, 5)}


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("image/heic", "photo"), ("video/mp4", "video"), ("text/plain", "other"), ("", "other"), ("imagery/x", "other")],
)
def test_the_kind_of_a_type(media_type: str, kind: str) -> None:
    assert tallies.kind_of(media_type) == kind


def test_who_sent_it_signed_in_is_no_device() -> None:
    assert tallies.read("d", tallies.of_what_is_in(a_file())) == {tallies.NOBODY: (1, 5)}


def test_what_has_none_left_is_not_told() -> None:
    assert tallies.read("k", {"k_photo_f": 0, "k_photo_b": 0, "k_video_f": 1, "k_video_b": 2}) == {"video": (1, 2)}
