"""Receipts: taken, repeated, forged."""

from typing import Any

import pytest

from chalicelib import bodies
from chalicelib.debts import receipts
from chalicelib.errors import BadInputError, CrowdedError, NotAllowedError, NotFoundError
from chalicelib.metadata import owners
from chalicelib.metadata.files import File, Status
from tests.builders import OWNER, STRANGER, Account, Pc

DEVICE = "d" * 32
FILE_ID = "0199aabbccdd7eff8011223344556677"
HASH = "ab" * 32


@pytest.fixture
def pc(account: Account) -> Pc:
    return account.pc()


def brought(pc: Pc, count: int) -> list[dict[str, Any]]:
    """Bring photos in; return what the one PC is owed."""
    phone = pc.account.phone()
    for n in range(count):
        phone.bring(f"photo {n}".encode())
    return pc.owed()


def test_the_last_receipt_makes_a_file_downloaded(account: Account) -> None:
    phone, one, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")

    assert one.receipt(*one.owed()) == [("taken", None)]
    assert phone.see(file_id).status == "uploaded"
    assert phone.see(file_id).owed_to == [other.device_id]
    account.clock.wind(days=1)
    assert other.receipt(*other.owed()) == [("taken", None)]

    shown = phone.see(file_id)
    assert (shown.status, shown.downloaded_at, shown.owed_to) == ("downloaded", "2026-11-22T10:00:00.000Z", [])
    assert shown.home == {one.device_id: "2026-11-21T10:00:00.000Z", other.device_id: "2026-11-22T10:00:00.000Z"}


def test_the_last_receipt_starts_the_grace(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)

    pc.receipt(notice)

    kept = account.item(f"owner#{OWNER}", f"file#{notice['fileId']}")
    assert kept
    assert kept["dueKind"].startswith("grace#")
    assert kept["dueAt"] == kept["downloadedAt"] == "2026-11-21T10:00:00.000Z"


def test_a_repeated_receipt_changes_nothing(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)
    pc.receipt(notice)
    before = account.everything()

    assert pc.receipt(notice) == [("repeated", None)]
    assert account.everything() == before


def test_the_same_receipt_twice_in_one_batch_is_taken_once(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)
    forged = notice | {"sha256": HASH}

    answers = pc.receipt(notice, forged, notice)

    assert answers == [("taken", None), ("refused", "otherSha256"), ("repeated", None)]
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 7}


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        ({"sha256": "0" * 64}, "otherSha256"),
        ({"size": 8}, "otherSize"),
        ({"size": -1}, "otherSize"),
        ({"fileId": "0" * 32}, "unknownFile"),
    ],
)
def test_a_receipt_that_does_not_fit_changes_nothing(
    account: Account, pc: Pc, forged: dict[str, Any], reason: str
) -> None:
    (notice,) = brought(pc, 1)
    before = account.everything()

    assert pc.receipt(notice | forged) == [("refused", reason)]
    assert account.everything() == before


def test_a_receipt_for_another_owners_file_changes_nothing(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)
    stranger = account.pc(STRANGER)
    before = account.everything()

    assert stranger.receipt(notice) == [("refused", "unknownFile")]
    assert account.everything() == before


def test_a_receipt_from_a_pc_that_is_not_owed_changes_nothing(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)
    later = account.pc()

    assert later.receipt(notice) == [("refused", "notOwed")]


def test_a_file_that_has_not_arrived_cannot_be_receipted(account: Account) -> None:
    pc = account.pc()
    (begun,) = account.phone().begin(b"photo")

    told = {"fileId": begun.file_id, "sha256": HASH, "size": 5}

    assert pc.receipt(told) == [("refused", "otherSha256")]


def test_bad_receipts_spoil_no_good_one(pc: Pc) -> None:
    good, other = brought(pc, 2)

    answers = pc.receipt(other | {"size": 1}, good, {"fileId": "0" * 32, "sha256": HASH, "size": 1})

    assert [outcome for outcome, _ in answers] == ["refused", "taken", "refused"]
    assert [notice["fileId"] for notice in pc.owed()] == [other["fileId"]]


def test_a_hundred_receipts_cost_four_calls(account: Account, pc: Pc) -> None:
    account.stock(100, pc)
    notices = pc.owed()

    with account.counting() as counted:
        answers = pc.receipt(*notices)

    assert answers == [("taken", None)] * 100
    assert counted == ["BatchGetItem"] + ["TransactWriteItems"] * 3
    assert account.usage()["downloadedFiles"] == 100


def test_two_pcs_that_receipt_at_once_leave_one_downloaded_file(account: Account) -> None:
    phone, one, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    meanwhile: list[None] = []

    def the_other_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            other.receipt(*other.owed())

    account.dynamodb.meta.events.register("before-call", the_other_is_quicker)
    assert one.receipt(*one.owed()) == [("taken", None)]

    assert phone.see(file_id).status == "downloaded"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5}


def test_a_pc_answers_for_itself_alone(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)
    other = account.pc()
    batch = receipts.Receipts([receipts.Receipt(notice["fileId"], notice["sha256"], notice["size"])])

    with pytest.raises(NotFoundError):
        receipts.take(account.world, other.caller, pc.device_id, batch)


def test_a_phone_receipts_nothing(account: Account) -> None:
    phone = account.phone()

    with pytest.raises(NotAllowedError):
        receipts.take(account.world, phone.caller, phone.caller.device_id or "", receipts.Receipts([]))


def test_what_meets_other_writers_for_ever_is_told(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)

    def another_pc_again(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems":
            account.dynamodb.update_item(
                TableName="backhaul-test",
                Key={"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": f"file#{notice['fileId']}"}},
                UpdateExpression="ADD owedTo :more",
                ExpressionAttributeValues={":more": {"SS": [account.world.new_id()]}},
            )

    account.dynamodb.meta.events.register("before-call", another_pc_again)

    with pytest.raises(CrowdedError, match="1 of 1 receipts met other writers"):
        pc.receipt(notice)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "receipts"),
        (b'{"receipts": []}', "receipts"),
        (b'{"receipts": [{"fileId": "x", "sha256": "", "size": 1}]}', "receipts[0].fileId"),
        (b'{"receipts": [{"fileId": "%s", "sha256": "AB", "size": 1}]}' % FILE_ID.encode(), "receipts[0].sha256"),
        (
            b'{"receipts": [{"fileId": "%s", "sha256": "%s", "size": "1"}]}' % (FILE_ID.encode(), HASH.encode()),
            "receipts[0].size",
        ),
    ],
)
def test_what_is_no_receipt_is_refused_by_name(body: bytes, field: str) -> None:
    with pytest.raises(BadInputError) as refused:
        bodies.parse(body, receipts.Receipts)

    assert refused.value.details["field"] == field


def a_file(status: Status = Status.UPLOADED, **more: Any) -> File:
    told: dict[str, Any] = {"owner_id": OWNER, "file_id": FILE_ID, "name": "a", "type": "b/c", "key": "k"}
    return File(**{**told, "created_at": "2026", "size": 5, "sha256": HASH, "status": status, **more})


@pytest.mark.parametrize(
    ("file", "outcome", "reason"),
    [
        (None, "refused", "unknownFile"),
        (a_file(Status.PENDING, sha256=None), "refused", "otherSha256"),
        (a_file(Status.PENDING), "refused", "notOwed"),
        (a_file(Status.REFUSED), "refused", "notOwed"),
        (a_file(Status.TRASHED), "due", None),
        (a_file(Status.LOST), "due", None),
        (a_file(Status.LOST, sha256="0" * 64), "refused", "otherSha256"),
        (a_file(), "refused", "notOwed"),
        (a_file(owed_to=frozenset({"e" * 32})), "refused", "notOwed"),
        (a_file(home={DEVICE: "2026"}), "repeated", None),
        (a_file(Status.DOWNLOADED, home={DEVICE: "2026"}), "repeated", None),
        (a_file(Status.TRASHED, home={DEVICE: "2026"}), "repeated", None),
        (a_file(owed_to=frozenset({DEVICE})), "due", None),
        (a_file(owed_to=frozenset({DEVICE, "e" * 32})), "due", None),
        (a_file(owed_to=frozenset({DEVICE}), size=6), "refused", "otherSize"),
        (a_file(owed_to=frozenset({DEVICE}), sha256="0" * 64), "refused", "otherSha256"),
    ],
)
def test_each_receipt_is_judged(file: File | None, outcome: str, reason: str | None) -> None:
    answer = receipts.judge(receipts.Receipt(FILE_ID, HASH, 5), file, DEVICE)

    assert (answer.outcome if answer else "due", answer.reason if answer else None) == (outcome, reason)


def test_a_receipt_of_a_pc_revoked_a_moment_ago_changes_nothing(account: Account, pc: Pc) -> None:
    (notice,) = brought(pc, 1)
    pc.revoke()
    before = account.everything()

    with pytest.raises(NotFoundError):
        pc.receipt(notice)

    assert account.everything() == before


def test_two_receipts_at_once_for_a_file_thrown_away_count_it_home_once(account: Account, pc: Pc) -> None:
    file_id = account.phone().bring(b"photo")
    told = pc.owed()
    account.phone().throw_away(file_id)
    meanwhile: list[None] = []

    def the_other_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            pc.receipt(*told)

    account.dynamodb.meta.events.register("before-call", the_other_is_quicker)

    assert pc.receipt(*told) == [("repeated", None)]
    counted = owners.counters(account.world.table, OWNER)
    assert {name: by for name, by in counted.items() if name.startswith("h_")} == {"h_2026_11_f": 1, "h_2026_11_b": 5}
