"""Files thrown away, had back, thrown away for good: each wholly or not at all, and never at home."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import home_sweep, trash
from chalicelib.auth import Caller
from chalicelib.bodies import parse
from chalicelib.errors import BadInputError, NotAllowedError, NotFoundError, Refusal
from chalicelib.metadata import files, owners
from chalicelib.metadata.files import File, Status
from chalicelib.scopes import PERSON
from chalicelib.trash import Known, NotHereError, NotTrashedError, PurgedError, TrashAnswer
from tests.builders import BUCKET, OWNER, STRANGER, Account, Pc, messages, sha256

PHOTO = b"photo"
NOBODYS = "0" * 31 + "f"
AT = "2026-11-21T10:00:00.000Z"


def person(owner_id: str = OWNER) -> Caller:
    return Caller(owner_id, None, PERSON)


def purge(account: Account, *file_ids: str) -> list[TrashAnswer]:
    return trash.purge_all(account.world, person(), trash.FileIds(list(file_ids))).files


def sweep(account: Account, **wait: float) -> None:
    account.clock.wind(**wait)
    home_sweep.sweep_home(account.world)


def outcomes(answers: list[TrashAnswer]) -> list[tuple[str, str | None]]:
    return [(answer.outcome, answer.reason) for answer in answers]


def the_file(account: Account, file_id: str) -> File:
    found = files.find(account.world.table, OWNER, file_id)
    assert found is not None
    return found


def take_home(pc: Pc) -> None:
    pc.receipt(*pc.owed())


def versions(account: Account, prefix: str = "") -> list[str]:
    told = account.s3.list_object_versions(Bucket=BUCKET, Prefix=prefix)
    return [one["Key"] for one in (*told.get("Versions", ()), *told.get("DeleteMarkers", ()))]


def before(account: Account, deed: Callable[[], Any]) -> None:
    """Have something happen just before the next write, once."""
    happened: list[None] = []

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not happened:
            happened.append(None)
            deed()

    account.dynamodb.meta.events.register("before-call", meanwhile)


# ---- What is decided ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "trashing", "restoring", "purging"),
    [
        (None, "unknownFile", "unknownFile", "unknownFile"),
        (Status.PENDING, "notHere", "notHere", "notHere"),
        (Status.REFUSED, "notHere", "notHere", "notHere"),
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

    with pytest.raises(NotHereError, match="must be uploaded or downloaded, it is pending"):
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


def left(account: Account, phone: Any, pc: Pc) -> str:
    """Bring a file home and let its cloud copy go."""
    file_id: str = phone.bring(PHOTO)
    take_home(pc)
    sweep(account)
    sweep(account, days=8)
    assert phone.see(file_id).cloud_copy == "leaving"
    return file_id


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


# ---- Thrown away for good --------------------------------------------------------------------------------------------


def test_a_purged_file_is_gone_with_all_versions_and_previews_and_nothing_else(account: Account) -> None:
    phone = account.phone()
    file_id, other = phone.bring(PHOTO), phone.bring(b"other")
    key = the_file(account, file_id).key
    account.put(key, b"a later version")
    account.s3.delete_object(Bucket=BUCKET, Key=key)
    for name in (f"previews/{OWNER}/{file_id}-256.webp", f"previews/{OWNER}/{file_id}-1600.webp"):
        account.put(name, b"small")
    apart = [f"{key}.other", f"previews/{OWNER}/{other}-256.webp", f"previews/{OWNER}/{file_id}x-256.webp"]
    for name in apart:
        account.put(name, b"another's")
    phone.throw_away(file_id)

    (answer,) = purge(account, file_id)
    sweep(account, hours=1)

    assert (answer.outcome, answer.status) == ("purged", "purging")
    assert sorted(versions(account)) == sorted([the_file(account, other).key, *apart])
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_what_is_left_of_a_purged_file_is_a_tombstone_and_its_hash(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    sweep(account, hours=1)

    left = [item for item in account.everything() if item["sk"].partition("#")[0] in ("file", "gone", "hash", "look")]

    pk = f"owner#{OWNER}"
    assert left == [
        {"pk": pk, "sk": f"gone#{file_id}", "purgedAt": AT},
        {"pk": pk, "sk": f"hash#{sha256(PHOTO)}", "fileId": file_id, "held": True, "purgedAt": AT},
    ]


@pytest.mark.parametrize("swept", [False, True])
def test_having_a_purged_file_back_says_when_it_was_purged(account: Account, *, swept: bool) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    if swept:
        sweep(account, hours=1)
    account.clock.wind(days=1)

    for deed in (trash.restore, trash.throw_away):
        with pytest.raises(PurgedError, match=f"was purged at {AT}") as refused:
            deed(account.world, phone.caller, file_id)
        assert refused.value.details == {"purgedAt": AT}
    assert [answer.purged_at for answer in phone.restore(file_id)] == [AT]
    assert outcomes(purge(account, file_id)) == [("repeated", None)]


def test_a_file_must_be_thrown_away_before_it_is_purged(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)

    with pytest.raises(NotTrashedError, match="must be trashed to be purged, it is uploaded"):
        trash.purge(account.world, person(), file_id)


def test_a_phone_may_throw_away_but_not_purge_and_a_pc_neither(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    asked = trash.FileIds([file_id])
    phone.throw_away(file_id)

    for refused in (
        lambda: trash.purge(account.world, phone.caller, file_id),
        lambda: trash.purge_all(account.world, phone.caller, asked),
        lambda: trash.purge_all(account.world, pc.caller, asked),
        lambda: trash.throw_all_away(account.world, pc.caller, asked),
        lambda: trash.restore_all(account.world, pc.caller, asked),
    ):
        with pytest.raises(NotAllowedError):
            refused()


def test_after_thirty_days_in_the_trash_a_file_is_purged(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)

    sweep(account, days=29, hours=23)
    assert phone.see(file_id).status == "trashed"
    assert len(versions(account)) == 1

    sweep(account, hours=1)
    assert (versions(account), account.usage()) == ([], {})
    told = [item["what"] for item in account.items(f"owner#{OWNER}", "activity#")]
    assert told[-1] == "purged"


def test_a_file_had_back_in_the_last_moment_is_not_purged(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    account.clock.wind(days=30)
    before(account, lambda: phone.restore(file_id))

    sweep(account)

    assert (phone.see(file_id).status, len(versions(account)), len(pc.owed())) == ("uploaded", 1, 1)
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_a_file_had_back_and_thrown_away_again_has_thirty_days_more(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    account.clock.wind(days=30)

    def again() -> None:
        phone.restore(file_id)
        phone.throw_away(file_id)

    before(account, again)

    sweep(account)

    assert phone.see(file_id).status == "trashed"
    assert len(versions(account)) == 1


def test_having_back_at_the_moment_of_the_purge_loses_wholly(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    before(account, lambda: purge(account, file_id))

    (answer,) = phone.restore(file_id)

    assert (answer.outcome, answer.reason, answer.purged_at) == ("refused", "purged", AT)
    assert pc.owed() == []
    assert account.usage() == {"purgingFiles": 1, "purgingBytes": 5}


def test_purging_at_the_moment_of_having_back_loses_wholly(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    before(account, lambda: phone.restore(file_id))

    assert outcomes(purge(account, file_id)) == [("refused", "notTrashed")]
    assert phone.see(file_id).status == "uploaded"


class KilledError(BaseException):
    """The function died here."""


@pytest.mark.parametrize("call", range(1, 8))
def test_a_purge_that_dies_anywhere_is_finished_by_the_next(account: Account, call: int) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    account.put(f"previews/{OWNER}/{file_id}-256.webp", b"small")
    phone.throw_away(file_id)
    account.clock.wind(days=30)
    fuse = [call]

    def burn(model: Any, **_: Any) -> None:
        if model.name not in ("Query", "BatchGetItem"):
            fuse[0] -= 1
            if fuse[0] == 0:
                raise KilledError

    for client in (account.s3, account.dynamodb):
        client.meta.events.register("before-call", burn)
    with pytest.raises(KilledError):
        home_sweep.sweep_home(account.world)

    sweep(account, hours=1)

    assert (versions(account), account.usage()) == ([], {})
    assert phone.begin(PHOTO)[0].reason == "trashed"


def test_two_sweeps_at_once_purge_once(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    account.clock.wind(days=30)
    before(account, lambda: home_sweep.sweep_home(account.world))

    sweep(account)

    assert (versions(account), account.usage()) == ([], {})
    told = [item["what"] for item in account.items(f"owner#{OWNER}", "activity#")]
    assert told.count("purged") == 1


def test_what_s3_does_not_delete_is_tried_again(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    refusing = account.s3.delete_objects
    account.s3.delete_objects = lambda **_: {"Errors": [{"Code": "AccessDenied"}]}

    with pytest.raises(Exception, match="AccessDenied"):
        sweep(account, hours=1)
    assert the_file(account, file_id).status == "purging"

    account.s3.delete_objects = refusing
    sweep(account, hours=1)
    assert versions(account) == []


def test_a_gone_copy_no_longer_counts_once_its_file_is_purged(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = left(account, phone, pc)
    account.s3.delete_object(Bucket=BUCKET, Key=the_file(account, file_id).key)
    sweep(account, days=2)
    phone.throw_away(file_id)
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5, "goneFiles": 1, "goneBytes": 5}

    purge(account, file_id)
    sweep(account, hours=1)

    assert account.usage() == {}


def test_a_pointer_to_another_file_of_the_same_contents_stays(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    key = {"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": f"hash#{sha256(PHOTO)}"}}
    account.dynamodb.put_item(TableName="backhaul-test", Item={**key, "fileId": {"S": NOBODYS}})
    phone.throw_away(file_id)
    purge(account, file_id)

    sweep(account, hours=1)

    assert account.item(f"owner#{OWNER}", f"hash#{sha256(PHOTO)}") == {
        "pk": f"owner#{OWNER}",
        "sk": f"hash#{sha256(PHOTO)}",
        "fileId": NOBODYS,
    }


def test_every_refusal_of_a_single_deed_is_the_one_of_the_many(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    with pytest.raises(Refusal) as refused:
        trash.restore(account.world, phone.caller, file_id)

    (answer,) = phone.restore(file_id)

    assert (refused.value.STATUS_CODE, answer.reason, answer.status) == (410, "purged", "purging")
