"""Media work from the arrival to what the file tells; twice, late, lost, poisoned, and with nobody left to have it."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib.auth import me
from chalicelib.auth.callers import Caller
from chalicelib.incoming import arrivals, s3_events, uploads, wanted
from chalicelib.media import boxes, previews, tasks, work
from chalicelib.media.previews import previews_of
from chalicelib.media.sandbox import About, Ended, Seen
from chalicelib.media.tasks import FIRST_LOOK, MOST_TRIES, Hash, Look
from chalicelib.metadata import files, owners
from chalicelib.metadata import media as kept
from chalicelib.metadata.table import Update
from tests.builders import BUCKET, OWNER, Account, messages, sha256, sqs_event
from tests.media.films import a_film
from tests.media.pictures import encoded

PHOTO = encoded("JPEG", orientation=6)
NAME = "IMG_20230704_080000.jpg"
SEEN = Seen(
    Ended("done"),
    About(400, 300, {"DateTimeOriginal": "2024:01:31 12:34:56"}, {}),
    {"256": b"RIFF....WEBP small", "1600": b"RIFF....WEBP large"},
)


def see(*_: Any) -> Seen:
    """Stands in for the process that decodes, where pictures do not matter."""
    return SEEN


def never(*_: Any) -> Seen:
    raise AssertionError("this needed no look")


def queued(account: Account) -> list[dict[str, Any]]:
    return messages(account.sqs, account.world.media_queue_url)


def work_off(account: Account, told: list[dict[str, Any]]) -> dict[str, Any]:
    return work.media_queued(account.world, sqs_event(*map(json.dumps, told)))


def set_places(account: Account, *, keeps: bool) -> me.Me:
    owner = Caller(OWNER, None, frozenset({"owner"}))
    return me.change(account.world, owner, me.OwnerSettings(keep_places=keeps))


def look(account: Account, file_id: str, look_into: Any = see) -> None:
    work.run(account.world, Look(OWNER, file_id), look_into)


def kept_objects(account: Account) -> list[str]:
    found = account.s3.list_objects_v2(Bucket=BUCKET, Prefix="previews/")
    return [one["Key"] for one in found.get("Contents", [])]


def debts(account: Account) -> list[dict[str, Any]]:
    return account.items(f"owner#{OWNER}", "media#")


def item(account: Account, file_id: str) -> dict[str, Any]:
    found = account.item(f"owner#{OWNER}", f"file#{file_id}")
    assert found
    return found


def test_an_arrival_ends_in_previews_and_facts(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO, name="a.jpg")

    answer = work_off(account, queued(account))

    shown = phone.see(file_id)
    assert answer == {"batchItemFailures": []}
    assert (shown.captured_at, shown.captured_from) == ("2024-01-31T12:34:56.780+01:00", "exif")
    assert (shown.width, shown.height, shown.camera) == (300, 400, "Apple iPhone 14")
    assert (shown.media_state, shown.previews, shown.place) == ("done", ["256", "1600"], None)
    assert kept_objects(account) == [f"previews/{OWNER}/{file_id}-1600.webp", f"previews/{OWNER}/{file_id}-256.webp"]


def test_a_place_is_kept_only_for_an_owner_who_wants_it(account: Account) -> None:
    assert set_places(account, keeps=True).keep_places
    file_id = account.phone().bring(PHOTO)

    work_off(account, queued(account))

    shown = account.phone().see(file_id)
    assert shown.place
    assert (shown.place.lat, shown.place.lon) == (48.8577, 2.295)


def test_a_place_is_not_kept_any_more_once_its_owner_says_so(account: Account) -> None:
    set_places(account, keeps=True)
    assert set_places(account, keeps=False).keep_places is False
    file_id = account.phone().bring(PHOTO)

    work_off(account, queued(account))

    assert "place" not in item(account, file_id)


def test_previews_are_served_as_what_they_are(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)

    look(account, file_id)

    head = account.s3.head_object(Bucket=BUCKET, Key=previews.key(OWNER, file_id, "256"))
    assert (head["ContentType"], head["CacheControl"]) == ("image/webp", "private, max-age=31536000, immutable")


def test_a_picture_costs_seven_calls(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)

    with account.counting() as counted:
        look(account, file_id)

    found, findable = "UpdateItem", ["GetItem", "TransactWriteItems"]
    assert counted == ["BatchGetItem", "GetObject", "PutObject", "PutObject", found, *findable]


def test_what_is_done_is_not_done_again(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)
    look(account, file_id)
    before = account.everything()

    with account.counting() as counted:
        look(account, file_id, never)

    assert counted == ["BatchGetItem"]
    assert account.everything() == before


def test_two_at_once_find_the_same(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)

    def the_other_is_quicker(*told: Any) -> Seen:
        look(account, file_id)
        return see(*told)

    look(account, file_id, the_other_is_quicker)

    assert item(account, file_id)["mediaState"] == "done"
    assert debts(account) == []


def test_nothing_of_a_files_way_home_is_touched(account: Account) -> None:
    pc = account.pc()
    file_id = account.phone().bring(PHOTO)

    def it_goes_home_meanwhile(*told: Any) -> Seen:
        pc.receipt(*pc.owed())
        return see(*told)

    look(account, file_id, it_goes_home_meanwhile)

    found = item(account, file_id)
    assert (found["status"], found["mediaState"]) == ("downloaded", "done")
    assert {name for name in found if name.startswith("due")} == {"dueKind", "dueAt"}
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": len(PHOTO)}


def test_a_file_that_goes_meanwhile_leaves_no_preview(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)

    def it_goes_meanwhile(*told: Any) -> Seen:
        account.dynamodb.delete_item(
            TableName="backhaul-test", Key={"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": f"file#{file_id}"}}
        )
        return see(*told)

    look(account, file_id, it_goes_meanwhile)

    assert account.item(f"owner#{OWNER}", f"file#{file_id}") is None
    versions = account.s3.list_object_versions(Bucket=BUCKET, Prefix="previews/")
    assert "Versions" not in versions
    assert "DeleteMarkers" not in versions
    assert debts(account) == []


def test_a_file_that_holds_another_object_meanwhile_learns_nothing(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)

    def it_changes_meanwhile(*told: Any) -> Seen:
        at = files.file_key(OWNER, file_id)
        account.world.table.put(Update(at, "SET #versionId = :other", values={"other": "v2"}))
        return see(*told)

    look(account, file_id, it_changes_meanwhile)

    assert "mediaState" not in item(account, file_id)
    assert kept_objects(account) == []


def test_a_closed_account_gets_no_previews(account: Account) -> None:
    account.owner()
    file_id = account.phone().bring(PHOTO)
    owners.close(account.world.table, OWNER, account.world.now_text())

    look(account, file_id, never)

    assert kept_objects(account) == []


def test_a_message_about_a_file_nobody_knows_is_done_with(account: Account) -> None:
    look(account, "f" * 32, never)

    assert account.everything() == []


@pytest.mark.parametrize(
    ("contents", "kind"),
    [(b"%PDF-1.7 and more", "application/pdf"), (b"PK\3\4", "image/jpeg"), (b"<svg></svg>", "image/svg+xml")],
)
def test_what_is_no_picture_gets_its_time_and_nothing_else(account: Account, contents: bytes, kind: str) -> None:
    file_id = account.phone().bring(contents, name=NAME, type=kind)

    look(account, file_id, never)

    shown = account.phone().see(file_id)
    assert (shown.media_state, shown.previews) == ("none", [])
    assert (shown.captured_at, shown.captured_from) == ("2023-07-04T08:00:00", "name")


def test_a_picture_called_a_text_is_a_picture(account: Account) -> None:
    file_id = account.phone().bring(PHOTO, name="a.txt", type="text/plain")

    look(account, file_id)

    assert account.phone().see(file_id).media_state == "done"


@pytest.mark.parametrize("ended", [Ended("unreadable", "why"), Ended("tooLarge", "why")])
def test_a_hostile_picture_is_marked_and_done_with(account: Account, ended: Ended) -> None:
    file_id = account.phone().bring(PHOTO, name=NAME)

    look(account, file_id, lambda *_: Seen(ended))

    shown = account.phone().see(file_id)
    assert (shown.media_state, shown.previews) == (ended.state, [])
    assert (shown.captured_at, shown.captured_from) == ("2023-07-04T08:00:00", "name")
    assert debts(account) == []


def test_a_picture_of_too_many_bytes_is_not_even_fetched(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)
    file = files.find(account.world.table, OWNER, file_id)
    assert file
    huge = msgspec.structs.replace(file, size=work.MOST_PICTURE_BYTES + 1)

    assert work.study(account.world, huge, never).state == "tooLarge"


def test_an_object_that_has_gone_tells_what_its_name_does(account: Account) -> None:
    file_id = account.phone().bring(PHOTO, name=NAME)
    file = files.find(account.world.table, OWNER, file_id)
    assert file
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)

    look(account, file_id, never)

    assert account.phone().see(file_id).media_state == "none"


def test_a_film_is_read_at_its_ends_alone(account: Account) -> None:
    film = a_film(data=3 * boxes.PIECE_BYTES)
    file_id = account.phone().bring(film, name="IMG_0001.MOV", type="video/quicktime")

    with account.counting() as counted:
        look(account, file_id, never)

    assert counted == ["BatchGetItem", "GetObject", "GetObject", "UpdateItem", "GetItem", "TransactWriteItems"]
    shown = account.phone().see(file_id)
    assert (shown.captured_at, shown.captured_from) == ("2024-01-31T12:34:56+01:00", "quicktime")
    assert (shown.width, shown.height, shown.camera) == (1080, 1920, "Apple iPhone 14")
    assert (shown.media_state, shown.previews) == ("done", [])


def test_a_poison_message_fails_alone(account: Account) -> None:
    file_id = account.phone().bring(b"text", name=NAME)
    good = json.dumps({"what": "look", "ownerId": OWNER, "fileId": file_id})

    event = sqs_event("{", "[]", '{"what": "dance"}', good, '{"what": "look"}')
    answer = work.media_queued(account.world, event)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "1", "2", "4"]
    assert account.phone().see(file_id).media_state == "none"


def test_an_event_that_comes_again_asks_again_until_it_is_done(account: Account) -> None:
    begun = account.phone().send(PHOTO)
    for _ in range(2):
        account.hear(begun.key)
    asked = queued(account)
    look(account, begun.file_id)

    account.hear(begun.key)

    assert asked == [{"what": "look", "ownerId": OWNER, "fileId": begun.file_id}] * 2
    assert queued(account) == []


def test_a_lost_message_is_asked_again_by_the_sweep(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)
    queued(account)
    tasks.sweep(account.world)
    assert queued(account) == []

    account.clock.wind(seconds=FIRST_LOOK.total_seconds() + 1)
    tasks.sweep(account.world)
    tasks.sweep(account.world)

    assert queued(account) == [{"what": "look", "ownerId": OWNER, "fileId": file_id}]


def test_going_home_does_not_make_a_lost_message_forgotten(account: Account) -> None:
    pc = account.pc()
    account.phone().bring(PHOTO)
    queued(account)
    pc.receipt(*pc.owed())

    account.clock.wind(hours=5)
    tasks.sweep(account.world)

    assert len(queued(account)) == 1


def test_what_nobody_gets_done_is_given_up_and_reported_once(account: Account) -> None:
    account.phone().bring(PHOTO)
    for _ in range(MOST_TRIES + 3):
        account.clock.wind(days=10)
        tasks.sweep(account.world)

    assert len(queued(account)) == 1 + MOST_TRIES
    assert [trouble["what"] for trouble in account.troubles()] == ["media work given up"]
    assert len(debts(account)) == 1


def test_a_sweep_that_is_slower_asks_nothing(account: Account) -> None:
    account.phone().bring(PHOTO)
    queued(account)
    account.clock.wind(hours=5)
    until = account.world.now_text()
    (debt,) = [one for shard in range(4) for one in kept.due(account.world.table, shard, until, limit=9)]
    account.world.table.put(kept.put_off(debt, "2030"))

    tasks.sweep(account.world)

    assert queued(account) == []


def test_a_queue_that_cannot_be_reached_keeps_no_file_waiting(account: Account) -> None:
    account.sqs.delete_queue(QueueUrl=account.world.media_queue_url)

    file_id = account.phone().bring(PHOTO)

    assert account.phone().see(file_id).status == "uploaded"
    assert len(debts(account)) == 1


def test_an_object_too_large_for_arrivals_is_hashed_by_the_queue(account: Account) -> None:
    phone = account.phone()
    begun = uploads.begin_simple(account.world, phone.caller, wanted.Simple("a.jpg", "image/jpeg"))
    version = account.put(begun.key, PHOTO, checked=False)
    (arrival,) = s3_events.parse(account.event(begun.key, version), BUCKET)
    arrivals.take_in(account.world, arrival, most_hashed_bytes=10)
    asked = queued(account)
    assert phone.see(begun.file_id).status == "pending"

    work_off(account, asked)

    assert asked == [{"what": "hash", "key": begun.key, "versionId": version}]
    assert (phone.see(begun.file_id).status, phone.see(begun.file_id).sha256) == ("uploaded", sha256(PHOTO))
    assert account.troubles() == []


def test_a_hash_task_with_a_key_that_is_not_ours_does_nothing(account: Account) -> None:
    work.run(account.world, Hash("elsewhere/x"))

    assert account.everything() == []


def test_all_previews_a_file_may_have_are_named(account: Account) -> None:
    file_id = account.phone().bring(PHOTO)
    file = files.find(account.world.table, OWNER, file_id)
    assert file
    look(account, file_id)

    assert sorted(previews_of(file)) == kept_objects(account)
