"""A new PC is owed all there is."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import catch_up, pairings, pc_queues
from chalicelib.metadata.files import File, Status
from tests.builders import OWNER, SETTINGS, STRANGER, Account, messages, sqs_event


def bring(account: Account, count: int) -> list[str]:
    phone = account.phone()
    return [phone.bring(f"photo {n}".encode()) for n in range(count)]


def left_over(account: Account) -> list[dict[str, Any]]:
    """Read what the consumer left to itself for later."""
    return messages(account.sqs, pc_queues.address_of(account.world, SETTINGS.paired_queue))


def test_a_new_pc_is_owed_every_file(account: Account) -> None:
    ids = account.stock(120)
    pc = account.pc()

    assert pc.catch_up() == {"batchItemFailures": []}

    assert [notice["fileId"] for notice in pc.owed()] == sorted(ids)
    assert sorted(notice["fileId"] for notice in pc.heard()) == sorted(ids)


def test_what_is_owed_can_be_receipted(account: Account) -> None:
    (file_id,) = bring(account, 1)
    pc = account.pc()
    pc.catch_up()

    assert pc.receipt(*pc.owed()) == [("taken", None)]
    assert account.phone().see(file_id).status == "downloaded"


def test_a_second_lap_owes_nothing_twice(account: Account) -> None:
    bring(account, 3)
    pc = account.pc()
    pc.catch_up()
    one, other, another = pc.owed()
    pc.receipt(one)
    before = account.everything()

    assert pc.catch_up() == {"batchItemFailures": []}

    assert account.everything() == before
    assert pc.owed() == [other, another]


def test_the_second_lap_finds_what_arrived_past_the_first(account: Account) -> None:
    phone = account.phone()
    begun = phone.send(b"photo")
    pcs: list[Any] = []

    def paired_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "HeadObject" and not pcs:
            pcs.append(account.pc())
            pcs[0].catch_up()

    account.s3.meta.events.register("before-call", paired_meanwhile)
    account.hear(begun.key)
    assert pcs[0].owed() == []

    pcs[0].catch_up()

    assert [notice["fileId"] for notice in pcs[0].owed()] == [begun.file_id]


def test_a_file_that_was_home_is_on_its_way_again(account: Account) -> None:
    phone, old = account.phone(), account.pc()
    file_id = phone.bring(b"photo")
    old.receipt(*old.owed())
    new = account.pc()

    new.catch_up()

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

    pc.catch_up()

    assert pc.owed() == []


def test_when_the_time_is_up_the_rest_is_left_to_a_message(account: Account) -> None:
    account.stock(60)
    pc = account.pc()
    account.sqs.meta.events.register("before-call", lambda **_: account.clock.wind(minutes=2))

    pc.catch_up()

    assert len(pc.owed()) == 49
    (rest,) = left_over(account)
    catch_up.pcs_changed(account.world, sqs_event(json.dumps(rest)))
    assert len(pc.owed()) == 60


def test_a_poison_message_fails_alone(account: Account) -> None:
    bring(account, 1)
    pc = account.pc()
    good = json.dumps({"ownerId": OWNER, "deviceId": pc.device_id})

    answer = catch_up.pcs_changed(account.world, sqs_event("{", "[]", '{"ownerId": 5}', good, ""))

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "1", "2", "4"]
    assert len(pc.owed()) == 1


def test_a_pc_that_has_gone_is_owed_nothing(account: Account) -> None:
    bring(account, 1)

    answer = catch_up.pcs_changed(account.world, sqs_event(json.dumps({"ownerId": OWNER, "deviceId": "d" * 32})))

    assert answer == {"batchItemFailures": []}
    assert account.items("pc#" + "d" * 32, "owed#") == []


def test_a_pc_revoked_while_it_catches_up_is_owed_nothing(account: Account) -> None:
    bring(account, 1)
    pc = account.pc()

    def revoked_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "Query":
            account.dynamodb.update_item(
                TableName="backhaul-test",
                Key={"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": "profile"}},
                UpdateExpression=f"REMOVE pcs.#{pc.device_id}",
                ExpressionAttributeNames={f"#{pc.device_id}": pc.device_id},
            )

    account.dynamodb.meta.events.register("before-call", revoked_meanwhile)

    assert pc.catch_up() == {"batchItemFailures": []}
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
    new.catch_up()

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
        (a_file(Status.PENDING), False),
        (a_file(Status.REFUSED), False),
        (a_file(Status.TRASHED), False),
    ],
)
def test_only_what_is_in_the_cloud_and_nowhere_near_the_pc_is_missing(file: File, missing: bool) -> None:
    assert catch_up.is_missing(file, PC) == missing


def test_every_arrival_is_over_when_the_second_lap_begins() -> None:
    functions = json.loads(Path(".chalice/config.json").read_text())["lambda_functions"]

    longest = max(functions[name]["lambda_timeout"] for name in ("object_arrived", "sweep_pending"))

    assert longest < pairings.SECOND_LAP_SECONDS <= 900


def test_other_owners_files_are_not_owed(account: Account) -> None:
    account.phone(STRANGER).bring(b"photo")
    pc = account.pc()

    pc.catch_up()

    assert pc.owed() == []
