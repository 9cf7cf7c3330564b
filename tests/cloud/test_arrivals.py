"""Objects arrive: once, twice, late, wrong, unknown."""

import json
from typing import Any

import pytest

from chalicelib.incoming import arrivals, objects, uploads, wanted
from chalicelib.incoming.objects import Object
from chalicelib.metadata.files import File, Status
from tests.builders import BUCKET, OWNER, STRANGER, Account, declare, s3_event, s3_record, sha256

PHOTO = b"the bytes of a photo"
LOST_ID = "0199aabbccdd7eff8011223344556677"
LOST_KEY = f"originals/{OWNER}/{LOST_ID}-holiday.jpg"


def test_a_notice_says_all_a_pc_needs(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(PHOTO, takenAt="2019-07-01T00:30:00+02:00", groupId="g", name="Köln.jpg")
    (version,) = account.s3.list_object_versions(Bucket=BUCKET)["Versions"]

    account.hear(begun.key, version["VersionId"])

    assert pc.heard() == [
        {
            "v": 1,
            "fileId": begun.file_id,
            "bucket": BUCKET,
            "key": begun.key,
            "versionId": version["VersionId"],
            "size": len(PHOTO),
            "sha256": sha256(PHOTO),
            "name": "Köln.jpg",
            "type": "image/jpeg",
            "takenAt": "2019-07-01T00:30:00+02:00",
            "uploadedAt": "2026-11-21T10:00:00.000Z",
            "groupId": "g",
            "userId": OWNER,
            "s3Key": begun.key,
            "timestamp": "2026-11-21T10:00:00.000Z",
        }
    ]


@pytest.mark.parametrize("pcs", [0, 1, 2])
def test_an_arrival_costs_three_calls_one_a_pc_and_one_for_media_work(account: Account, pcs: int) -> None:
    phone = account.phone()
    for _ in range(pcs):
        account.pc()
    begun = phone.send(PHOTO)

    with account.counting() as counted:
        account.hear(begun.key)

    assert counted == ["BatchGetItem", "HeadObject", "TransactWriteItems"] + ["SendMessageBatch"] * (pcs + 1)


def test_every_pc_is_owed_the_file(account: Account) -> None:
    phone, one, other = account.phone(), account.pc(), account.pc()

    file_id = phone.bring(PHOTO)

    assert [notice["fileId"] for notice in one.owed() + other.owed()] == [file_id] * 2
    assert phone.see(file_id).owed_to == sorted([one.device_id, other.device_id])


def test_other_owners_pcs_are_owed_nothing(account: Account) -> None:
    stranger = account.pc(STRANGER)

    account.phone().bring(PHOTO)

    assert stranger.owed() == []
    assert stranger.heard() == []


def test_without_a_pc_a_file_just_stays(account: Account) -> None:
    phone = account.phone()

    file_id = phone.bring(PHOTO)

    assert phone.see(file_id).status == "uploaded"
    assert phone.see(file_id).owed_to == []


def test_an_event_that_comes_again_rings_again_and_changes_nothing(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(PHOTO)
    account.hear(begun.key)
    before = account.everything()

    account.hear(begun.key)

    assert len(pc.heard()) == 2
    assert account.everything() == before


def test_once_receipted_an_event_that_comes_again_rings_nobody(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(PHOTO)
    account.hear(begun.key)
    pc.receipt(*pc.heard())

    account.hear(begun.key)

    assert pc.heard() == []
    assert phone.see(begun.file_id).status == "downloaded"


def test_two_events_at_once_count_once(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(PHOTO)
    meanwhile: list[None] = []

    def the_other_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            account.hear(begun.key)

    account.dynamodb.meta.events.register("before-call", the_other_is_quicker)
    account.hear(begun.key)

    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": len(PHOTO)}
    assert len(pc.owed()) == 1


def test_an_upload_called_off_in_the_last_moment_stays_off(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(PHOTO)
    meanwhile: list[None] = []

    def calls_off(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            uploads.abort(account.world, phone.caller, begun.file_id)

    account.dynamodb.meta.events.register("before-call", calls_off)
    account.hear(begun.key)

    assert pc.owed() == []
    assert account.usage() == {}


@pytest.mark.parametrize(
    ("body", "declared", "reason"),
    [
        (PHOTO + b"!", declare(PHOTO), "21 bytes came, 20 were declared"),
        (b"The bytes of a photo", declare(PHOTO), f"sha256 {sha256(b'The bytes of a photo')} came"),
    ],
)
def test_other_bytes_than_declared_never_go_home(
    account: Account, body: bytes, declared: dict[str, Any], reason: str
) -> None:
    phone, pc = account.phone(), account.pc()
    (begun,) = phone.begin(declared)
    account.put(begun.key, body)

    account.hear(begun.key)

    assert phone.see(begun.file_id).status == "refused"
    assert str(phone.see(begun.file_id).reason).startswith(reason)
    assert pc.owed() == []
    assert pc.heard() == []
    assert account.usage() == {}


def test_other_bytes_than_declared_are_reported_once(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)
    account.put(begun.key, b"other")

    account.hear(begun.key)
    account.hear(begun.key)

    (trouble,) = account.troubles()
    assert (trouble["what"], trouble["file_id"]) == ("other bytes than declared", begun.file_id)


def test_after_other_bytes_the_right_ones_can_be_begun_anew(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)
    account.put(begun.key, b"other")
    account.hear(begun.key)

    file_id = phone.bring(PHOTO)

    assert file_id != begun.file_id
    assert phone.see(file_id).status == "uploaded"


def begin_simple(account: Account, name: str = "a.jpg") -> Any:
    return uploads.begin_simple(account.world, account.phone().caller, wanted.Simple(name, "image/jpeg"))


@pytest.mark.parametrize("checked", [True, False])
def test_a_hash_nobody_declared_is_found_out(account: Account, checked: bool) -> None:
    pc, told = account.pc(), begin_simple(account)
    account.put(told.key, PHOTO, checked=checked)

    account.hear(told.key)

    (notice,) = pc.owed()
    assert (notice["sha256"], notice["size"]) == (sha256(PHOTO), len(PHOTO))
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": len(PHOTO)}


def test_a_hash_found_out_makes_the_file_known(account: Account) -> None:
    told = begin_simple(account)
    account.put(told.key, PHOTO, checked=False)
    account.hear(told.key)

    (answer,) = account.phone().begin(PHOTO)

    assert (answer.outcome, answer.file_id) == ("duplicate", told.file_id)


def test_contents_are_known_by_the_file_that_brought_them_last(account: Account) -> None:
    first, second = begin_simple(account), begin_simple(account)
    for told in (first, second):
        account.put(told.key, PHOTO)
        account.hear(told.key)

    (answer,) = account.phone().begin(PHOTO)

    assert (answer.outcome, answer.file_id) == ("duplicate", second.file_id)


def test_contents_stay_known_when_another_file_that_was_to_bring_them_never_comes(account: Account) -> None:
    phone = account.phone()
    (never,) = phone.begin(PHOTO)
    came = begin_simple(account)
    account.put(came.key, PHOTO)
    account.hear(came.key)

    uploads.abort(account.world, phone.caller, never.file_id)

    assert phone.begin(PHOTO)[0].file_id == came.file_id


def test_the_version_that_arrived_first_is_the_file(account: Account) -> None:
    pc, told = account.pc(), begin_simple(account)
    first = account.put(told.key, PHOTO, checked=False)
    account.hear(told.key, first)
    later = account.put(told.key, b"something else", checked=False)

    account.hear(told.key, later)

    assert [notice["versionId"] for notice in pc.heard()] == [first]
    assert [notice["sha256"] for notice in pc.owed()] == [sha256(PHOTO)]


def test_an_object_too_large_to_hash_here_waits_and_is_reported(account: Account) -> None:
    huge = Object("k", None, objects.MOST_HASHED_BYTES + 1, "video/mp4", None, account.clock())

    assert objects.hashed(account.world, huge) == huge
    assert account.calls == []


def test_an_object_whose_item_is_lost_is_adopted(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    account.put(LOST_KEY, PHOTO, "video/mp4")

    account.hear(LOST_KEY)

    shown = phone.see(LOST_ID)
    assert (shown.status, shown.name, shown.type, shown.sha256, shown.size) == (
        "uploaded",
        "holiday.jpg",
        "video/mp4",
        sha256(PHOTO),
        len(PHOTO),
    )
    assert [notice["fileId"] for notice in pc.heard()] == [LOST_ID]
    assert phone.begin(PHOTO)[0].outcome == "duplicate"
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": len(PHOTO)}


def test_adopting_twice_is_adopting_once(account: Account) -> None:
    account.put(LOST_KEY, PHOTO)

    account.hear(LOST_KEY)
    account.hear(LOST_KEY)

    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": len(PHOTO)}


def test_two_that_adopt_at_once_adopt_once(account: Account) -> None:
    pc = account.pc()
    account.put(LOST_KEY, PHOTO)
    meanwhile: list[None] = []

    def the_other_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            account.hear(LOST_KEY)

    account.dynamodb.meta.events.register("before-call", the_other_is_quicker)
    account.hear(LOST_KEY)

    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": len(PHOTO)}
    assert len(pc.owed()) == 1


def test_another_key_with_the_id_of_a_file_is_nobodys(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    (begun,) = phone.begin(PHOTO)
    forged = begun.key.replace("IMG_0001", "other")
    account.put(forged, PHOTO)

    account.hear(forged)

    assert phone.see(begun.file_id).status == "pending"
    assert pc.owed() == []


def test_nothing_is_taken_in_for_an_owner_who_has_left(account: Account) -> None:
    account.owner()
    account.dynamodb.update_item(
        TableName="backhaul-test",
        Key={"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": "profile"}},
        UpdateExpression="SET closedAt = :now",
        ExpressionAttributeValues={":now": {"S": "2026"}},
    )
    account.put(LOST_KEY, PHOTO)

    account.hear(LOST_KEY)

    assert account.usage() == {}


def test_an_object_that_is_gone_again_changes_nothing(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)

    account.hear(begun.key)

    assert phone.see(begun.file_id).status == "pending"


def test_a_queue_that_is_gone_keeps_nobody_waiting(account: Account) -> None:
    phone, gone, pc = account.phone(), account.pc(), account.pc()
    account.sqs.delete_queue(QueueUrl=gone.queue_url)

    file_id = phone.bring(PHOTO)

    assert [notice["fileId"] for notice in pc.heard()] == [file_id]
    assert [notice["fileId"] for notice in gone.owed()] == [file_id]


def test_one_bad_record_keeps_its_neighbours_from_nothing(account: Account) -> None:
    phone = account.phone()
    one, other = phone.send(b"one"), phone.send(b"other")
    refused: list[None] = []

    def fails_once(model: Any, **_: Any) -> None:
        if model.name == "HeadObject" and not refused:
            refused.append(None)
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("before-call", fails_once)
    with pytest.raises(TimeoutError):
        arrivals.object_arrived(account.world, s3_event(s3_record(one.key), s3_record(other.key)))

    assert [phone.see(begun.file_id).status for begun in (one, other)] == ["pending", "uploaded"]


def test_each_arrival_is_counted_in_a_metric(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    phone = account.phone()
    begun = phone.send(PHOTO)

    account.hear(begun.key)

    (metric,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (metric["FilesArrived"], metric["ArrivedBytes"]) == (1, len(PHOTO))


def a_file(**more: Any) -> File:
    told: dict[str, Any] = {"size": 5, "sha256": "ab" * 32} | more
    return File(
        owner_id=OWNER, file_id=LOST_ID, name="a", type="b/c", status=Status.PENDING, key="k", created_at="2026", **told
    )


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        (a_file(), True),
        (a_file(size=6), False),
        (a_file(sha256="ac" * 32), False),
        (a_file(size=None), True),
        (a_file(sha256=None), True),
        (a_file(size=None, sha256=None), True),
        (None, True),
    ],
)
def test_what_was_declared_must_fit_and_nothing_else(account: Account, file: File | None, fits: bool) -> None:
    found = Object("k", None, 5, "b/c", "ab" * 32, account.clock())

    assert (arrivals.judge(file, found) is None) == fits
