"""A PC is revoked: nothing is owed to it any more, and what it has at home counts for nothing."""

import json
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.debts import laps, pc_queues
from chalicelib.keeping import retention
from chalicelib.metadata import copies
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import files as kept_files
from chalicelib.metadata.files import File
from tests.builders import BUCKET, OWNER, SETTINGS, Account, Pc, messages, sqs_event


def file_of(account: Account, file_id: str) -> File:
    file = kept_files.find(account.world.table, OWNER, file_id)
    assert file is not None
    return file


def revoked(pc: Pc) -> None:
    """Revoke a PC and let all that follows happen."""
    pc.revoke()
    pc.finish_laps()


def debts(account: Account, pc: Pc) -> list[Any]:
    return account.items(f"pc#{pc.device_id}", "owed#")


def let_go(account: Account, file_id: str, holder: Pc) -> File:
    """Mark and tag a cloud copy as the sweep does once the grace is over."""
    file, now = file_of(account, file_id), account.world.now_text()
    account.world.table.write(*copies.leaving(file, holder.device_id, now, now))
    account.s3.put_object_tagging(
        Bucket=BUCKET, Key=file.key, VersionId=file.version_id, Tagging={"TagSet": [retention.TAG]}
    )
    return file


def gone_from_the_cloud(account: Account, file_id: str, holder: Pc) -> None:
    file = let_go(account, file_id, holder)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)


def test_a_revoked_pc_is_owed_nothing(account: Account) -> None:
    pc = account.pc()
    account.phone().bring(b"photo")

    revoked(pc)

    assert debts(account, pc) == []


def test_a_file_that_waited_only_for_it_is_downloaded_if_another_pc_has_it(account: Account) -> None:
    phone, lost, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    other.receipt(*other.owed())

    revoked(lost)

    shown = phone.see(file_id)
    assert (shown.status, shown.owed_to, list(shown.home)) == ("downloaded", [], [other.device_id])
    assert shown.downloaded_at == "2026-11-21T10:00:00.000Z"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5}


def test_its_grace_begins_then(account: Account) -> None:
    phone, lost, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    other.receipt(*other.owed())
    account.clock.wind(days=3)

    revoked(lost)

    kept = account.item(f"owner#{OWNER}", f"file#{file_id}")
    assert kept
    assert kept["dueKind"].startswith("grace#")
    assert kept["dueAt"] == kept["downloadedAt"] == "2026-11-24T10:00:00.000Z"


def test_a_file_that_nobody_else_has_stays_uploaded(account: Account) -> None:
    phone, lost = account.phone(), account.pc()
    file_id = phone.bring(b"photo")

    revoked(lost)

    assert (phone.see(file_id).status, phone.see(file_id).owed_to) == ("uploaded", [])
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_a_file_still_owed_to_another_pc_stays_uploaded(account: Account) -> None:
    phone, lost, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")

    revoked(lost)

    assert (phone.see(file_id).status, phone.see(file_id).owed_to) == ("uploaded", [other.device_id])
    assert [notice["fileId"] for notice in other.owed()] == [file_id]


def test_a_copy_on_a_revoked_pc_is_no_copy_at_home(account: Account) -> None:
    """Whoever revokes a laptop that was stolen has no file left on it."""
    phone, stolen = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    stolen.receipt(*stolen.owed())

    revoked(stolen)

    shown = phone.see(file_id)
    assert (shown.status, shown.home, shown.downloaded_at) == ("uploaded", {}, None)
    kept = account.item(f"owner#{OWNER}", f"file#{file_id}")
    assert kept
    assert "dueKind" not in kept
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_what_another_pc_has_too_stays_downloaded_and_in_its_grace(account: Account) -> None:
    phone, stolen, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    for pc in (stolen, other):
        pc.receipt(*pc.owed())
    account.clock.wind(days=2)

    revoked(stolen)

    kept = account.item(f"owner#{OWNER}", f"file#{file_id}")
    assert kept
    assert (kept["status"], list(kept["home"])) == ("downloaded", [other.device_id])
    assert kept["dueAt"] == kept["downloadedAt"] == "2026-11-21T10:00:00.000Z"


def test_a_cloud_copy_that_was_about_to_leave_is_held_back(account: Account) -> None:
    phone, stolen = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    stolen.receipt(*stolen.owed())
    file = let_go(account, file_id, stolen)

    revoked(stolen)

    kept = file_of(account, file_id)
    assert (kept.status, kept.tagged_at, kept.home) == ("uploaded", None, {})
    assert account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key)["TagSet"] == []


def test_a_cloud_copy_may_leave_if_another_pc_has_the_file(account: Account) -> None:
    phone, stolen, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    for pc in (stolen, other):
        pc.receipt(*pc.owed())
    let_go(account, file_id, other)

    revoked(stolen)

    kept = file_of(account, file_id)
    assert (kept.status, bool(kept.tagged_at), list(kept.home)) == ("downloaded", True, [other.device_id])


@pytest.fixture
def lost_file(account: Account) -> str:
    """Leave a file on one PC alone, and revoke that."""
    pc = account.pc()
    file_id = account.phone().bring(b"photo")
    pc.receipt(*pc.owed())
    gone_from_the_cloud(account, file_id, pc)
    revoked(pc)
    return file_id


def test_what_is_nowhere_else_is_lost(account: Account, lost_file: str) -> None:
    assert account.phone().see(lost_file).status == "lost"
    usage = account.usage()
    assert (usage["lostFiles"], usage["lostBytes"]) == (1, 5)
    assert "downloadedFiles" not in usage


def test_what_is_lost_is_reported_and_remembered(account: Account, lost_file: str) -> None:
    assert lost_file

    (trouble,) = account.troubles()
    assert trouble["what"].startswith("a PC was revoked that alone had files")
    assert trouble["count"] == 1
    (activity,) = [item for item in account.items(f"owner#{OWNER}", "activity#") if item["what"] == "lost"]
    assert activity["count"] == 1


def test_what_is_lost_may_be_sent_again(account: Account, lost_file: str) -> None:
    phone = account.phone()

    (begun,) = phone.begin(b"photo")

    assert begun.outcome == "upload"
    assert begun.file_id != lost_file


def test_what_is_lost_is_missing(account: Account, lost_file: str) -> None:
    kept = file_of(account, lost_file)

    assert kept_files.held(account.world.table, OWNER, [kept.sha256 or ""]) == set()


def test_an_arrival_that_had_read_the_pcs_before_is_cleared_by_the_second_lap(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(b"photo")
    done: list[None] = []

    def revoked_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "HeadObject" and not done:
            done.append(None)
            pc.revoke()
            pc.run_lap()

    account.s3.meta.events.register("before-call", revoked_meanwhile)
    account.hear(begun.key)
    assert len(debts(account, pc)) == 1

    pc.finish_laps()

    assert debts(account, pc) == []
    assert phone.see(begun.file_id).owed_to == []


def test_a_pc_revoked_while_it_caught_up_is_owed_nothing(account: Account) -> None:
    account.stock(60)
    pc = account.pc()
    done: list[None] = []

    def revoked_between_two_writes(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and len(done) < 2:
            done.append(None)
            if len(done) == 2:
                pc.revoke()

    account.dynamodb.meta.events.register("before-call", revoked_between_two_writes)
    pc.run_lap()
    assert len(debts(account, pc)) == 49

    pc.finish_laps()

    assert debts(account, pc) == []


def test_a_pc_paired_again_is_another_pc_and_owed_everything(account: Account) -> None:
    phone, old = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    old.receipt(*old.owed())
    old.revoke()
    new = account.pc()

    new.run_lap()
    old.finish_laps()
    new.finish_laps()

    assert phone.see(file_id).owed_to == [new.device_id]
    assert phone.see(file_id).home == {}


def test_clearing_twice_changes_nothing(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    account.phone().bring(b"photo")
    other.receipt(*other.owed())
    revoked(pc)
    before = account.everything()

    pc.revoke()
    pc.run_lap()

    assert account.everything() == before


def test_two_who_clear_at_once_count_once(account: Account) -> None:
    phone, pc, other = account.phone(), account.pc(), account.pc()
    phone.bring(b"photo")
    other.receipt(*other.owed())
    pc.revoke()
    meanwhile: list[None] = []

    def the_other_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            pc.run_lap()

    account.dynamodb.meta.events.register("before-call", the_other_is_quicker)
    pc.run_lap()

    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5}


def test_a_receipt_of_another_pc_meanwhile_is_not_undone(account: Account) -> None:
    phone, pc, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    pc.revoke()
    meanwhile: list[None] = []

    def receipted_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            other.receipt(*other.owed())

    account.dynamodb.meta.events.register("before-call", receipted_meanwhile)
    pc.run_lap()

    assert (phone.see(file_id).status, list(phone.see(file_id).home)) == ("downloaded", [other.device_id])


def run_what_was_rung(account: Account) -> None:
    for told in messages(account.sqs, pc_queues.address_of(account.world, SETTINGS.paired_queue)):
        laps.pcs_changed(account.world, sqs_event(json.dumps(told)))


def test_two_pcs_revoked_at_once_are_both_forgotten(account: Account) -> None:
    phone, one, other = account.phone(), account.pc(), account.pc()
    file_id = phone.bring(b"photo")
    one.revoke()
    other.revoke()
    meanwhile: list[None] = []

    def the_other_is_cleared(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            other.run_lap()

    account.dynamodb.meta.events.register("before-call", the_other_is_cleared)
    one.run_lap()

    assert phone.see(file_id).owed_to == []
    assert debts(account, one) == debts(account, other) == []


@pytest.mark.parametrize("calls", range(6))
def test_a_revocation_that_dies_anywhere_is_finished_by_the_sweep(account: Account, calls: int) -> None:
    class KilledError(BaseException):
        pass

    pc = account.pc()
    account.phone().bring(b"photo")
    left = [calls]

    def burn(model: Any, **_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError(model.name)

    for client in (account.dynamodb, account.sqs):
        client.meta.events.register("before-call", burn, unique_id="burn")
    with suppress(KilledError):
        pc.revoke()
    for client in (account.dynamodb, account.sqs):
        client.meta.events.unregister("before-call", burn, unique_id="burn")
    account.clock.wind(minutes=11)
    laps.ring_for_the_silent(account.world)
    run_what_was_rung(account)
    account.clock.wind(minutes=11)
    laps.ring_for_the_silent(account.world)
    run_what_was_rung(account)

    device = kept_devices.find(account.world.table, OWNER, pc.device_id)
    assert device is not None
    assert len(debts(account, pc)) == (0 if device.revoked_at else 1)
    queues = "".join(account.sqs.list_queues()["QueueUrls"])
    assert (pc.device_id in queues) == (device.revoked_at is None)


def test_an_account_that_closes_needs_no_clearing(account: Account) -> None:
    pc = account.pc()
    file_id = account.phone().bring(b"photo")
    pc.revoke()
    for key in account.world.table.keys(f"owner#{OWNER}", limit=100):
        if key.sk != "profile":
            account.dynamodb.delete_item(TableName=BUCKET, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})

    answer = laps.pcs_changed(account.world, sqs_event(json.dumps({"ownerId": OWNER, "deviceId": pc.device_id})))

    assert answer == {"batchItemFailures": []}
    assert account.item(f"owner#{OWNER}", f"file#{file_id}") is None
    assert account.items(f"owner#{OWNER}", "usage#") == []


def test_a_page_costs_a_read_and_a_write_for_each_49(account: Account) -> None:
    pc = account.pc()
    account.stock(60, pc)
    pc.revoke()

    with account.counting() as counted:
        pc.run_lap()

    writes = ["TransactWriteItems"] * 2
    asked_for, page = "Query", "Query"
    told = ["GetQueueUrl", "SendMessage"]
    assert counted == ["GetItem", asked_for, "DeleteQueue", page, *writes, "UpdateItem", *told]


@pytest.mark.parametrize(("others", "kept"), [(0, True), (1, False)])
def test_the_copy_of_a_file_thrown_away_is_held_back_if_no_other_pc_has_it(
    account: Account, others: int, *, kept: bool
) -> None:
    """Else S3 drops it before the thirty days in the trash are over, and there is nothing to be had back."""
    phone, lost = account.phone(), account.pc()
    pcs = [lost, *(account.pc() for _ in range(others))]
    file_id = phone.bring(b"photo")
    for pc in pcs:
        pc.receipt(*pc.owed())
    let_go(account, file_id, lost)
    phone.throw_away(file_id)

    revoked(lost)

    assert (file_of(account, file_id).tagged_at is None) == kept
