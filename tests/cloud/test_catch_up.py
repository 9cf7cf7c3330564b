"""A new PC is owed all there is."""

from typing import Any

import pytest

from chalicelib.debts import catch_up
from chalicelib.keeping import retention
from chalicelib.metadata import copies
from chalicelib.metadata import files as kept_files
from chalicelib.metadata.files import File, Status
from tests.builders import OWNER, STRANGER, Account


def bring(account: Account, count: int) -> list[str]:
    phone = account.phone()
    return [phone.bring(f"photo {n}".encode()) for n in range(count)]


def test_a_new_pc_is_owed_every_file(account: Account) -> None:
    ids = account.stock(120)
    pc = account.pc()

    assert pc.run_lap() == {"batchItemFailures": []}

    assert [notice["fileId"] for notice in pc.owed()] == sorted(ids)
    assert sorted(notice["fileId"] for notice in pc.heard()) == sorted(ids)


def test_what_is_owed_can_be_receipted(account: Account) -> None:
    (file_id,) = bring(account, 1)
    pc = account.pc()
    pc.run_lap()

    assert pc.receipt(*pc.owed()) == [("taken", None)]
    assert account.phone().see(file_id).status == "downloaded"


def test_a_second_lap_owes_nothing_twice(account: Account) -> None:
    bring(account, 3)
    pc = account.pc()
    pc.run_lap()
    one, other, another = pc.owed()
    pc.receipt(one)

    pc.finish_laps()

    assert pc.owed() == [other, another]
    assert account.usage() == {"uploadedFiles": 2, "uploadedBytes": 14, "downloadedFiles": 1, "downloadedBytes": 7}


def test_the_second_lap_finds_what_arrived_past_the_first(account: Account) -> None:
    phone = account.phone()
    begun = phone.send(b"photo")
    pcs: list[Any] = []

    def paired_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "HeadObject" and not pcs:
            pcs.append(account.pc())
            pcs[0].run_lap()

    account.s3.meta.events.register("before-call", paired_meanwhile)
    account.hear(begun.key)
    assert pcs[0].owed() == []

    pcs[0].finish_laps()

    assert [notice["fileId"] for notice in pcs[0].owed()] == [begun.file_id]


def test_a_file_that_was_home_is_on_its_way_again(account: Account) -> None:
    phone, old = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    old.receipt(*old.owed())
    new = account.pc()

    new.run_lap()

    shown = phone.see(file_id)
    assert (shown.status, shown.owed_to, list(shown.home)) == ("uploaded", [new.device_id], [old.device_id])
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}
    kept = account.item(f"owner#{OWNER}", f"file#{file_id}")
    assert kept
    assert "dueKind" not in kept


def test_what_has_not_arrived_or_was_refused_is_not_owed(account: Account) -> None:
    phone = account.phone()
    _, refused = phone.begin(b"awaited", b"refused")
    account.put(refused.key, b"other")
    account.hear(refused.key)
    pc = account.pc()

    pc.run_lap()

    assert pc.owed() == []


def test_a_pc_revoked_while_it_catches_up_is_owed_nothing(account: Account) -> None:
    bring(account, 1)
    pc = account.pc()

    revoked: list[None] = []

    def revoked_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "Query" and not revoked:
            revoked.append(None)
            pc.revoke()

    account.dynamodb.meta.events.register("before-call", revoked_meanwhile)

    assert pc.run_lap() == {"batchItemFailures": []}
    assert account.items(f"pc#{pc.device_id}", "owed#") == []


def test_a_receipt_of_another_pc_meanwhile_does_no_harm(account: Account) -> None:
    phone, old = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    new = account.pc()
    meanwhile: list[None] = []

    def receipted_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            old.receipt(*old.owed())

    account.dynamodb.meta.events.register("before-call", receipted_meanwhile)
    new.run_lap()

    assert phone.see(file_id).owed_to == [new.device_id]
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


PC, OTHER = "d" * 32, "e" * 32


def a_file(status: Status = Status.UPLOADED, **more: Any) -> File:
    told: dict[str, Any] = {"owner_id": OWNER, "file_id": "f" * 32, "name": "a", "type": "b/c", "key": "k"}
    return File(**{**told, "created_at": "2026", "status": status, **more})


@pytest.mark.parametrize(
    ("file", "missing"),
    [
        (a_file(), True),
        (a_file(owed_to=frozenset({OTHER})), True),
        (a_file(Status.DOWNLOADED, home={OTHER: "2026"}), True),
        (a_file(owed_to=frozenset({PC})), False),
        (a_file(home={PC: "2026"}), False),
        (a_file(owed_to=frozenset({OTHER}), home={PC: "2026"}), False),
        (a_file(Status.DOWNLOADED, home={PC: "2026"}), False),
        (a_file(Status.DOWNLOADED, home={OTHER: "2026"}, tagged_at="2026"), True),
        (a_file(Status.DOWNLOADED, home={OTHER: "2026"}, tagged_at="2026", gone_at="2026"), False),
        (a_file(Status.LOST, gone_at="2026"), False),
        (a_file(Status.PENDING), False),
        (a_file(Status.REFUSED), False),
        (a_file(Status.TRASHED), False),
    ],
)
def test_only_what_is_in_the_cloud_and_nowhere_near_the_pc_is_missing(file: File, missing: bool) -> None:
    assert catch_up.is_missing(file, PC) == missing


def test_other_owners_files_are_not_owed(account: Account) -> None:
    account.phone(STRANGER).bring(b"photo")
    pc = account.pc()

    pc.run_lap()

    assert pc.owed() == []


def leaving(account: Account) -> tuple[str, Any]:
    """Bring a file home, and let its cloud copy go; return its id and the PC that has it."""
    old = account.pc()
    file_id = account.phone().bring(b"photo")
    old.receipt(*old.owed())
    account.clock.wind(days=8)
    file = kept_files.find(account.world.table, OWNER, file_id)
    assert file
    account.world.table.write(*copies.leaving(file, old.device_id, account.world.now_text(), account.world.now_text()))
    account.s3.put_object_tagging(
        Bucket="backhaul-test", Key=file.key, VersionId=file.version_id, Tagging={"TagSet": [retention.TAG]}
    )
    return file_id, old


def test_a_cloud_copy_that_was_about_to_leave_stays_for_a_new_pc(account: Account) -> None:
    file_id, _ = leaving(account)
    new = account.pc()

    new.run_lap()

    assert [notice["fileId"] for notice in new.owed()] == [file_id]
    file = kept_files.find(account.world.table, OWNER, file_id)
    assert file
    assert (file.status, file.tagged_at) == ("uploaded", None)
    tags = account.s3.get_object_tagging(Bucket="backhaul-test", Key=file.key)["TagSet"]
    assert tags == []


def test_what_is_gone_from_the_cloud_is_owed_to_nobody(account: Account) -> None:
    file_id, _ = leaving(account)
    file = kept_files.find(account.world.table, OWNER, file_id)
    assert file
    account.s3.delete_object(Bucket="backhaul-test", Key=file.key, VersionId=file.version_id)
    new = account.pc()

    new.run_lap()

    assert new.owed() == []
    assert account.phone().see(file_id).status == "downloaded"


def test_a_page_of_files_costs_a_read_and_a_write_for_each_49(account: Account) -> None:
    account.stock(60)
    pc = account.pc()

    with account.counting() as counted:
        pc.run_lap()

    page = [
        "Query",
        *["TransactWriteItems", *["SendMessageBatch"] * 5],
        "TransactWriteItems",
        *["SendMessageBatch"] * 2,
    ]
    assert counted == ["GetItem", *page, "UpdateItem", "GetQueueUrl", "SendMessage"]
