"""A PC finds files damaged or gone: they are owed again while the cloud has them; else that is said and reported."""

from typing import Any

import pytest

from chalicelib.bodies import parse
from chalicelib.debts import homes, losses
from chalicelib.debts.losses import Loss, Losses
from chalicelib.errors import BadInputError, CrowdedError, NotAllowedError, NotFoundError
from chalicelib.keeping import retention
from chalicelib.metadata import files as kept_files
from chalicelib.metadata.files import File, Status
from tests.builders import BUCKET, OWNER, STRANGER, Account, Pc


def lose(pc: Pc, *file_ids: str, what: Any = "damaged") -> list[tuple[str, str | None]]:
    batch = Losses([Loss(file_id, what) for file_id in file_ids])
    answers = losses.take(pc.account.world, pc.caller, pc.device_id, batch).losses
    assert [answer.file_id for answer in answers] == list(file_ids)
    return [(answer.outcome, answer.reason) for answer in answers]


def at_home(account: Account, *pcs: Pc, body: bytes = b"photo") -> str:
    """Bring a file and take it home to these PCs."""
    file_id = account.phone().bring(body)
    for pc in pcs:
        pc.receipt(*[notice for notice in pc.owed() if notice["fileId"] == file_id])
        pc.heard()
    return file_id


def file_of(account: Account, file_id: str) -> File:
    file = kept_files.find(account.world.table, OWNER, file_id)
    assert file is not None
    return file


def leave(account: Account, file_id: str, holder: Pc) -> File:
    """Let the cloud copy go, as the sweep does."""
    account.clock.wind(days=8)
    assert retention.let_go(account.world, file_of(account, file_id), holder.device_id)
    return file_of(account, file_id)


def vanish(account: Account, file_id: str, holder: Pc) -> None:
    """Let the cloud copy go until nothing is left of it."""
    file = leave(account, file_id, holder)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)


def test_what_is_lost_at_home_is_owed_again(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = at_home(account, pc)

    assert lose(pc, file_id) == [("owedAgain", None)]

    shown = phone.see(file_id)
    assert (shown.status, shown.owed_to, shown.home, shown.downloaded_at) == ("uploaded", [pc.device_id], {}, None)
    assert [notice["fileId"] for notice in pc.owed()] == [file_id]
    assert [notice["fileId"] for notice in pc.heard()] == [file_id]
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_the_cloud_copy_of_what_is_lost_is_due_to_leave_no_more(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)

    lose(pc, file_id)

    kept = account.item(f"owner#{OWNER}", f"file#{file_id}")
    assert kept
    assert not {"dueKind", "dueAt", "downloadedAt"} & kept.keys()


def test_what_is_owed_again_can_be_receipted_again(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    lose(pc, file_id)

    assert pc.receipt(*pc.owed()) == [("taken", None)]
    assert account.phone().see(file_id).status == "downloaded"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5}


def test_another_pcs_copy_is_not_asked_about(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    file_id = at_home(account, pc, other)

    lose(pc, file_id)

    assert list(account.phone().see(file_id).home) == [other.device_id]
    assert other.owed() == []


def test_a_loss_told_twice_is_one(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    lose(pc, file_id)
    before = account.everything()

    assert lose(pc, file_id) == [("repeated", None)]
    assert account.everything() == before


def test_a_loss_told_twice_in_one_batch_is_one(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)

    assert lose(pc, file_id, file_id) == [("owedAgain", None)] * 2
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_a_cloud_copy_that_was_about_to_leave_is_held_back(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    file = leave(account, file_id, pc)

    assert lose(pc, file_id) == [("owedAgain", None)]

    assert file_of(account, file_id).tagged_at is None
    assert account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key)["TagSet"] == []


def test_a_cloud_copy_that_has_just_left_is_brought_back(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    file = leave(account, file_id, pc)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key)
    retention.note_gone(account.world, file)

    assert lose(pc, file_id) == [("owedAgain", None)]
    assert file_of(account, file_id).gone_at is None


def test_without_a_cloud_copy_the_last_loss_is_told_plainly(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    vanish(account, file_id, pc)

    assert lose(pc, file_id) == [("refused", "noCloudCopy")]

    assert (account.phone().see(file_id).status, pc.owed()) == ("lost", [])
    usage = account.usage()
    assert (usage["lostFiles"], usage["lostBytes"]) == (1, 5)
    assert "downloadedFiles" not in usage


def test_the_owner_gets_to_know_of_the_last_copy(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    vanish(account, file_id, pc)

    lose(pc, file_id)
    lose(pc, file_id)

    (trouble,) = account.troubles()
    assert (trouble["what"], trouble["count"]) == ("the last copy at home is lost, and the cloud has none", 1)
    (activity,) = [one for one in account.items(f"owner#{OWNER}", "activity#") if one["what"] == "lossReported"]
    assert (activity["deviceId"], activity["fileId"]) == (pc.device_id, file_id)


def test_without_a_cloud_copy_another_pc_is_the_only_home(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    file_id = at_home(account, pc, other)
    vanish(account, file_id, pc)

    assert lose(pc, file_id) == [("refused", "noCloudCopy")] == lose(pc, file_id)

    shown = account.phone().see(file_id)
    assert (shown.status, list(shown.home)) == ("downloaded", [other.device_id])
    assert account.troubles() == []


def test_a_phone_is_asked_for_what_is_lost_everywhere(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = at_home(account, pc)
    vanish(account, file_id, pc)
    lose(pc, file_id)

    again = phone.bring(b"photo")

    assert again != file_id
    assert [notice["fileId"] for notice in pc.owed()] == [again]


def test_a_lost_file_that_turns_up_at_home_is_downloaded(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = at_home(account, pc)
    file = file_of(account, file_id)
    vanish(account, file_id, pc)
    lose(pc, file_id)

    told = {"fileId": file_id, "sha256": file.sha256, "size": file.size}

    assert pc.receipt(told | {"size": 4}) == [("refused", "otherSize")]
    assert pc.receipt(told) == [("taken", None)]
    assert (phone.see(file_id).status, list(phone.see(file_id).home)) == ("downloaded", [pc.device_id])
    assert phone.begin(b"photo")[0].outcome == "duplicate"
    usage = account.usage()
    assert (usage["downloadedFiles"], usage["downloadedBytes"]) == (1, 5)
    assert "lostFiles" not in usage


def test_a_loss_that_does_not_fit_changes_nothing(account: Account) -> None:
    phone, pc, stranger = account.phone(), account.pc(), account.pc(STRANGER)
    file_id = at_home(account, pc)
    (awaited,) = phone.begin(b"awaited")
    before = account.everything()

    assert lose(stranger, file_id) == [("refused", "unknownFile")]
    assert lose(pc, "0" * 32, awaited.file_id) == [("refused", "unknownFile")] * 2
    assert account.everything() == before


def test_a_file_that_never_came_home_cannot_be_lost_there(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    other = account.pc()

    assert lose(other, file_id) == [("refused", "notAtHome")]


def test_a_pc_answers_for_itself_alone(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    batch = Losses([Loss("0" * 32, "gone")])

    with pytest.raises(NotFoundError):
        losses.take(account.world, pc.caller, other.device_id, batch)
    with pytest.raises(NotAllowedError):
        losses.take(account.world, account.phone().caller, pc.device_id, batch)


def test_a_revoked_pc_loses_nothing(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    pc.revoke()

    with pytest.raises(NotFoundError):
        lose(pc, file_id)


def test_a_pc_revoked_meanwhile_is_owed_nothing_again(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    meanwhile: list[None] = []

    def revoked_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            pc.revoke()

    account.dynamodb.meta.events.register("before-call", revoked_meanwhile)
    with pytest.raises(NotFoundError):
        lose(pc, file_id)

    assert account.items(f"pc#{pc.device_id}", "owed#") == []


def test_a_loss_of_another_pc_meanwhile_is_not_undone(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    file_id = at_home(account, pc, other)
    meanwhile: list[None] = []

    def the_other_loses_it_too(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            lose(other, file_id)

    account.dynamodb.meta.events.register("before-call", the_other_loses_it_too)

    assert lose(pc, file_id) == [("owedAgain", None)]
    assert account.phone().see(file_id).owed_to == sorted([pc.device_id, other.device_id])
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_a_file_that_changes_again_and_again_is_crowded(account: Account) -> None:
    pc, other = account.pc(), account.pc()
    file_id = at_home(account, pc, other)
    busy: list[None] = []

    def other_changes(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not busy:
            busy.append(None)
            if lose(other, file_id) == [("repeated", None)]:
                other.receipt(*other.owed())
            busy.clear()

    account.dynamodb.meta.events.register("before-call", other_changes)

    with pytest.raises(CrowdedError):
        lose(pc, file_id)


def test_a_hundred_losses_cost_two_reads_three_writes_and_their_notices(account: Account) -> None:
    pc = account.pc()
    ids = account.stock(100, pc)
    pc.receipt(*pc.owed())

    with account.counting() as counted:
        assert lose(pc, *ids) == [("owedAgain", None)] * 100

    full, last = (["TransactWriteItems", *["SendMessageBatch"] * rings] for rings in (5, 1))
    assert counted == ["BatchGetItem", "BatchGetItem", *full, *full, *last]


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"losses": []}',
        '{"losses": [{"fileId": "x", "what": "gone"}]}',
        '{"losses": [{"fileId": "' + "0" * 32 + '"}]}',
        '{"losses": [{"fileId": "' + "0" * 32 + '", "what": "stolen"}]}',
    ],
)
def test_nonsense_is_refused(body: str) -> None:
    with pytest.raises(BadInputError):
        parse(body.encode(), Losses)


PC, OTHER = "d" * 32, "e" * 32


def a_file(status: Status, **more: Any) -> File:
    told: dict[str, Any] = {"owner_id": OWNER, "file_id": "f" * 32, "name": "a", "type": "b/c", "key": "k"}
    return File(**{**told, "created_at": "2026", "status": status, **more})


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (None, ("refused", "unknownFile")),
        (a_file(Status.PENDING), ("refused", "unknownFile")),
        (a_file(Status.REFUSED), ("refused", "unknownFile")),
        (a_file(Status.PURGING, home={PC: "2026"}), ("refused", "unknownFile")),
        (a_file(Status.TRASHED), ("refused", "trashed")),
        (a_file(Status.TRASHED, home={PC: "2026"}), None),
        (a_file(Status.DOWNLOADED, home={PC: "2026"}), None),
        (a_file(Status.UPLOADED, home={PC: "2026"}, owed_to=frozenset({OTHER})), None),
        (a_file(Status.UPLOADED, owed_to=frozenset({PC})), ("repeated", None)),
        (a_file(Status.UPLOADED, owed_to=frozenset({OTHER})), ("refused", "notAtHome")),
        (a_file(Status.DOWNLOADED, home={OTHER: "2026"}), ("refused", "notAtHome")),
        (a_file(Status.DOWNLOADED, home={OTHER: "2026"}, gone_at="2026"), ("refused", "noCloudCopy")),
        (a_file(Status.LOST, gone_at="2026"), ("refused", "noCloudCopy")),
    ],
)
def test_each_loss_is_judged(file: File | None, answer: Any) -> None:
    assert losses.judge(file, PC) == answer


@pytest.mark.parametrize(
    ("more", "days", "may"),
    [
        ({}, 0, False),
        ({"tagged_at": "2026-11-01T10:00:00.000Z"}, 900, True),
        ({"tagged_at": "2026-11-01T10:00:00.000Z", "gone_at": "2026-11-21T10:00:00.000Z"}, 31, True),
        ({"tagged_at": "2026-11-01T10:00:00.000Z", "gone_at": "2026-11-21T10:00:00.000Z"}, 33, False),
    ],
)
def test_a_copy_is_looked_for_while_it_may_come_back(
    account: Account, more: dict[str, str], days: int, may: bool
) -> None:
    account.clock.wind(days=days)

    assert homes.may_come_back(a_file(Status.DOWNLOADED, **more), account.clock()) == may


def test_a_loss_of_a_file_thrown_away_is_remembered_for_who_has_it_back(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = at_home(account, pc)
    phone.throw_away(file_id)

    assert lose(pc, file_id) == [("refused", "trashed")]
    assert pc.owed() == []

    (answer,) = phone.restore(file_id)
    assert (answer.status, [notice["fileId"] for notice in pc.owed()]) == ("uploaded", [file_id])


def test_the_copy_of_a_file_thrown_away_is_held_back_when_a_pc_loses_it(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = at_home(account, pc)
    file = leave(account, file_id, pc)
    phone.throw_away(file_id)

    lose(pc, file_id)

    assert file_of(account, file_id).tagged_at is None
    assert account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key)["TagSet"] == []
