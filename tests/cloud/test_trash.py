"""Files thrown away, had back, thrown away for good: each wholly or not at all, and never at home."""

import json
from typing import Any

import pytest

from chalicelib.bodies import parse
from chalicelib.debts import losses
from chalicelib.errors import BadInputError, NotFoundError
from chalicelib.keeping import trash
from chalicelib.keeping.trash import Known, NotHereError
from chalicelib.metadata import owners
from chalicelib.metadata.files import Status
from tests.builders import BUCKET, OWNER, STRANGER, Account, messages, sha256
from tests.thrown import AT, NOBODYS, PHOTO, before, left, outcomes, person, purge, sweep, take_home, the_file

# ---- What is decided ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "trashing", "restoring", "purging"),
    [
        (None, "unknownFile", "unknownFile", "unknownFile"),
        (Status.PENDING, "notHere", "notHere", "notHere"),
        (Status.REFUSED, None, "notHere", None),
        (Status.LOST, None, "notHere", "notHere"),
        (Status.UPLOADED, None, "repeated", "notTrashed"),
        (Status.DOWNLOADED, None, "repeated", "notTrashed"),
        (Status.TRASHED, "repeated", None, None),
        (Status.PURGING, "purged", "purged", "repeated"),
        (Status.PURGED, "purged", "purged", "repeated"),
    ],
)
def test_what_may_be_done_to_a_file_follows_from_its_status(
    status: Status | None, trashing: str | None, restoring: str | None, purging: str | None
) -> None:
    known = Known(status, AT, AT) if status else None
    told = [trash.judge(deed, "f", known) for deed in ("trashed", "restored", "purged")]

    assert [answer and (answer.reason or answer.outcome) for answer in told] == [trashing, restoring, purging]


@pytest.mark.parametrize(
    ("home", "owed_to", "pcs", "status"),
    [
        (["den"], [], ["den"], Status.DOWNLOADED),
        (["den"], ["attic"], ["den", "attic"], Status.UPLOADED),
        (["den"], [], [], Status.UPLOADED),
        (["den"], [], ["attic"], Status.UPLOADED),
        ([], [], [], Status.UPLOADED),
    ],
)
def test_a_file_had_back_is_downloaded_if_a_pc_of_today_holds_it(
    home: list[str], owed_to: list[str], pcs: list[str], status: Status
) -> None:
    assert trash.standing_of(home, owed_to, pcs) == status


# ---- Thrown away ----------------------------------------------------------------------------------------------------


def test_a_file_thrown_away_is_owed_to_nobody(account: Account) -> None:
    phone, pcs = account.phone(), [account.pc(), account.pc()]
    file_id = phone.bring(PHOTO)

    (answer,) = phone.throw_away(file_id)

    assert (answer.outcome, answer.status, answer.trashed_at) == ("trashed", "trashed", account.world.now_text())
    assert [pc.owed() for pc in pcs] == [[], []]
    assert phone.see(file_id).owed_to == []
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5}


def test_deleting_tells_no_pc_anything(account: Account) -> None:
    phone, pc, slow = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(PHOTO)
    take_home(pc)
    for one in (pc, slow):
        one.heard()
    account.calls.clear()

    phone.throw_away(file_id)
    purge(account, file_id)
    sweep(account, hours=1)

    assert {call for call in account.calls if "Message" in call} == set()
    assert [one.heard() for one in (pc, slow)] == [[], []]
    assert messages(account.sqs, account.sqs.get_queue_url(QueueName="backhaul-test-paired")["QueueUrl"]) == []
    assert [one.owed() for one in (pc, slow)] == [[], []]


def test_throwing_away_twice_is_throwing_away(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    (first,) = phone.throw_away(file_id)
    account.clock.wind(days=3)

    (again,) = phone.throw_away(file_id)

    assert (again.outcome, again.trashed_at) == ("repeated", first.trashed_at)
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5}


def test_a_file_on_its_way_cannot_be_thrown_away(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)

    with pytest.raises(NotHereError, match="must have arrived, it is pending"):
        trash.throw_away(account.world, phone.caller, begun.file_id)

    assert account.usage() == {"pendingFiles": 1, "pendingBytes": 5}


@pytest.mark.parametrize("file_id", [NOBODYS, "x", "", "profile"])
def test_no_file_is_not_found(account: Account, file_id: str) -> None:
    for deed in (trash.throw_away, trash.restore, trash.purge):
        with pytest.raises(NotFoundError):
            deed(account.world, person(), file_id)


def test_nobody_elses_files_can_be_told_from_none(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)
    stranger = person(STRANGER)

    for deed in (trash.throw_all_away, trash.restore_all, trash.purge_all):
        told = deed(account.world, stranger, trash.FileIds([file_id, NOBODYS])).files
        assert outcomes(told) == [("refused", "unknownFile")] * 2
    assert account.phone().see(file_id).status == "uploaded"


def test_each_of_many_is_answered_on_its_own(account: Account) -> None:
    phone = account.phone()
    one, other = phone.bring(b"one"), phone.bring(b"other")
    (begun,) = phone.begin(b"begun")
    phone.throw_away(other)

    told = phone.throw_away(one, NOBODYS, other, begun.file_id, one)

    assert outcomes(told) == [
        ("trashed", None),
        ("refused", "unknownFile"),
        ("repeated", None),
        ("refused", "notHere"),
        ("repeated", None),
    ]
    assert [answer.file_id for answer in told] == [one, NOBODYS, other, begun.file_id, one]


@pytest.mark.parametrize("ids", [[], ["0" * 32] * 101, ["x"], ["0" * 31 + "F"], [1], "x"])
def test_ids_that_are_none_are_refused_with_the_field_named(ids: Any) -> None:
    with pytest.raises(BadInputError, match="fileIds"):
        parse(json.dumps({"fileIds": ids}).encode(), trash.FileIds)


def test_a_hundred_files_are_thrown_away_and_had_back_in_a_few_calls(account: Account) -> None:
    pc = account.pc()
    ids = account.stock(100, pc)

    with account.counting() as counted:
        account.phone().throw_away(*ids)
    assert sorted(counted) == ["BatchGetItem", *["TransactWriteItems"] * 3]

    with account.counting() as counted:
        account.phone().restore(*ids)
    table = [call for call in counted if call != "SendMessageBatch"]
    assert sorted(table) == ["BatchGetItem", "GetItem", *["TransactWriteItems"] * 3]
    assert len(pc.owed()) == 100

    account.phone().throw_away(*ids)
    with account.counting() as counted:
        purge(account, *ids)
    assert sorted(counted) == ["BatchGetItem", *["TransactWriteItems"] * 2]


def test_a_receipt_that_comes_while_the_file_is_thrown_away_is_not_lost(account: Account) -> None:
    phone, pc, slow = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(PHOTO)
    before(account, lambda: take_home(pc))

    phone.throw_away(file_id)

    file = the_file(account, file_id)
    assert (file.status, set(file.home), file.owed_to) == ("trashed", {pc.device_id}, frozenset())
    assert slow.owed() == []
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5}


def test_debts_that_changed_hands_meanwhile_are_struck_all_the_same(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    new = account.pc()

    def swap() -> None:
        take_home(pc)
        new.run_lap()

    before(account, swap)

    phone.throw_away(file_id)

    assert (pc.owed(), new.owed()) == ([], [])


def test_what_was_done_is_remembered(account: Account) -> None:
    phone = account.phone()
    file_id, other = phone.bring(PHOTO), phone.bring(b"other")
    for deed in (
        lambda: phone.throw_away(file_id),
        lambda: phone.restore(file_id),
        lambda: phone.throw_away(file_id, other),
        lambda: purge(account, file_id),
    ):
        account.clock.wind(seconds=1)
        deed()

    told = [item for item in account.items(f"owner#{OWNER}", "activity#") if item["what"] != "uploaded"]

    assert [(item["what"], item["count"], item.get("fileId")) for item in told] == [
        ("trashed", 1, file_id),
        ("restored", 1, file_id),
        ("trashed", 2, None),
        ("purged", 1, file_id),
    ]
    assert told[0]["deviceId"] == phone.caller.device_id
    assert "deviceId" not in told[3]


# ---- What a PC has ---------------------------------------------------------------------------------------------------


def test_a_receipt_for_a_file_thrown_away_notes_where_it_is_and_nothing_else(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    owed = pc.owed()
    phone.throw_away(file_id)

    assert pc.receipt(*owed) == [("taken", None)]
    assert pc.receipt(*owed) == [("repeated", None)]

    file = the_file(account, file_id)
    assert (file.status, set(file.home), file.downloaded_at) == ("trashed", {pc.device_id}, None)
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5}


def test_a_receipt_with_another_hash_is_refused_for_a_file_thrown_away_too(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    (owed,) = pc.owed()
    phone.throw_away(file_id)

    assert pc.receipt({**owed, "sha256": sha256(b"other")}) == [("refused", "otherSha256")]
    assert the_file(account, file_id).home == {}


def test_a_receipt_for_a_file_purged_changes_nothing(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    owed = pc.owed()
    phone.throw_away(file_id)
    purge(account, file_id)

    assert pc.receipt(*owed) == [("refused", "notOwed")]
    assert the_file(account, file_id).home == {}


# ---- Had back --------------------------------------------------------------------------------------------------------


def test_a_file_had_back_is_owed_to_those_that_do_not_hold_it(account: Account) -> None:
    phone, pc, slow = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(PHOTO)
    take_home(pc)
    phone.throw_away(file_id)
    slow.heard()

    (answer,) = phone.restore(file_id)

    assert (answer.outcome, answer.status, answer.trashed_at) == ("restored", "uploaded", None)
    assert (pc.owed(), [notice["fileId"] for notice in slow.owed()]) == ([], [file_id])
    assert [notice["fileId"] for notice in slow.heard()] == [file_id]
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_a_file_had_back_that_is_at_home_is_downloaded_and_has_a_new_grace(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    take_home(pc)
    home_at = phone.see(file_id).downloaded_at
    phone.throw_away(file_id)
    account.clock.wind(days=20)

    phone.restore(file_id)

    assert (phone.see(file_id).status, phone.see(file_id).downloaded_at) == ("downloaded", home_at)
    sweep(account, days=6)
    assert phone.see(file_id).cloud_copy == "kept"
    sweep(account, days=1)
    assert phone.see(file_id).cloud_copy == "leaving"


def test_a_file_had_back_goes_to_a_pc_that_came_meanwhile(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    pc = account.pc()
    pc.run_lap()
    assert pc.owed() == []

    phone.restore(file_id)

    assert [notice["fileId"] for notice in pc.owed()] == [file_id]


def test_a_file_had_back_is_not_owed_to_a_pc_that_went_meanwhile(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    before(account, lambda: account.world.table.write(owners.pc_removed(OWNER, pc.device_id)))

    phone.restore(file_id)

    assert (phone.see(file_id).status, phone.see(file_id).owed_to, pc.owed()) == ("uploaded", [], [])


def test_having_back_twice_is_having_back(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    phone.restore(file_id)

    (again,) = phone.restore(file_id)

    assert (again.outcome, again.status) == ("repeated", "uploaded")
    assert len(pc.owed()) == 1


def test_a_file_had_back_whose_copy_was_leaving_stays(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = left(account, phone, pc)
    phone.throw_away(file_id)
    new = account.pc()

    phone.restore(file_id)

    file = the_file(account, file_id)
    told = account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    assert told["TagSet"] == []
    assert [notice["fileId"] for notice in new.owed()] == [file_id]


def test_a_file_had_back_without_a_cloud_copy_is_owed_to_nobody(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = left(account, phone, pc)
    file = the_file(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    sweep(account, days=2)
    phone.throw_away(file_id)
    new = account.pc()

    (answer,) = phone.restore(file_id)

    assert (answer.outcome, answer.status, new.owed()) == ("restored", "downloaded", [])
    assert phone.see(file_id).cloud_copy == "gone"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5, "goneFiles": 1, "goneBytes": 5}


def test_a_file_had_back_that_nobody_has_any_more_is_told_as_lost(account: Account) -> None:
    """Its only PC was revoked while the file lay in the trash, and the cloud copy had gone long before."""
    phone, pc = account.phone(), account.pc()
    file_id = left(account, phone, pc)
    file = the_file(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    sweep(account, days=2)
    phone.throw_away(file_id)
    pc.revoke()
    pc.finish_laps()

    (answer,) = phone.restore(file_id)

    assert (answer.outcome, answer.status, phone.see(file_id).status) == ("restored", "lost", "lost")
    (begun,) = phone.begin(b"photo")
    assert begun.outcome == "upload"


def test_a_pc_that_loses_a_file_while_it_is_had_back_is_owed_it(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    pc.receipt(*pc.owed())
    phone.throw_away(file_id)
    lost: list[None] = []

    def lose(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not lost:
            lost.append(None)
            losses.take(account.world, pc.caller, pc.device_id, losses.Losses([losses.Loss(file_id, "gone")]))

    account.dynamodb.meta.events.register("before-call", lose)

    (answer,) = phone.restore(file_id)

    assert (answer.status, [notice["fileId"] for notice in pc.owed()]) == ("uploaded", [file_id])
