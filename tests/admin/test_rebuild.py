"""The table is lost: what the bucket holds comes back, and nothing that is there is touched."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from admin.audit import Orders, audit
from admin.rebuild import HAS_LEFT, NOBODY, Rebuilt, rebuild
from chalicelib import keys, moments
from chalicelib.auth.callers import Caller
from chalicelib.debts import notices
from chalicelib.incoming import arrivals
from chalicelib.incoming.s3_events import Arrival
from chalicelib.keeping import home_sweep, retention
from chalicelib.library import changes
from chalicelib.library import files as shown
from chalicelib.metadata import files, owners
from chalicelib.metadata.table import Delete, Key, Put
from tests.builders import BUCKET, OWNER, STRANGER, Account

A_FILM = 40 * 1024 * 1024


def lose_the_table(account: Account) -> None:
    for item in account.everything():
        account.world.table.put(Delete(Key(item["pk"], item["sk"])))


def rebuilt(account: Account, is_person: Callable[[str], bool] = lambda _: True, **more: Any) -> list[Rebuilt]:
    return list(rebuild(account.world, is_person, workers=1, **more))


def found(account: Account) -> Counter[str]:
    return sum((one.found for one in rebuilt(account)), Counter())


def the_file(account: Account, file_id: str) -> files.File:
    file = files.find(account.world.table, OWNER, file_id)
    assert file is not None
    return file


def essence(file: files.File) -> dict[str, Any]:
    """What has to come back as it was; S3 tells when the object was stored in whole seconds of its own clock."""
    names = ("file_id", "name", "type", "size", "sha256", "key", "version_id", "created_at", "taken_at", "group_id")
    return {name: getattr(file, name) for name in (*names, "local_id", "device_id", "device_name", "status")}


def make_it_leave(account: Account, file_id: str) -> None:
    """Tag the object, as the hourly sweep does."""
    file = the_file(account, file_id)
    which = {"Bucket": BUCKET, "Key": file.key, "VersionId": file.version_id}
    account.s3.put_object_tagging(**which, Tagging={"TagSet": [retention.TAG]})


def test_a_file_comes_back_as_it_was_declared(account: Account) -> None:
    told = {"name": "Müritz (1).jpg", "takenAt": "2024-02-29T12:00:00Z", "groupId": "live", "localId": "A-1"}
    file_id = account.phone().bring(b"photo", **told)
    before = the_file(account, file_id)
    lose_the_table(account)

    assert found(account) == {"uploaded": 1}
    assert essence(the_file(account, file_id)) == essence(before)


def test_a_file_in_parts_comes_back_with_the_hash_of_the_whole(account: Account) -> None:
    file_id = account.phone().bring_large(A_FILM, name="Überfahrt.mp4")
    before = the_file(account, file_id)
    original = keys.parse(before.key)
    assert original
    lose_the_table(account)

    arrivals.take_in(account.world, Arrival(original, before.version_id))

    assert essence(the_file(account, file_id)) == essence(before)


def test_every_counter_and_pointer_is_right_again(account: Account) -> None:
    account.phone().bring(b"one")
    account.phone().bring(b"two")
    account.phone(STRANGER).bring(b"one")
    before = account.usage()
    lose_the_table(account)

    rebuilt(account)

    assert account.usage() == before
    assert list(audit(account.world, Orders())) == []
    assert account.phone().send(b"one").outcome == "duplicate"


def test_a_pc_that_is_paired_anew_is_owed_everything(account: Account) -> None:
    old = account.pc()
    old.finish_laps()
    file_id = account.phone().bring(b"photo")
    old.receipt(*old.owed())
    lose_the_table(account)
    rebuilt(account)

    pc = account.pc()
    pc.finish_laps()

    assert [notice["fileId"] for notice in pc.owed()] == [file_id]
    assert pc.receipt(*pc.owed()) == [("taken", None)]
    assert the_file(account, file_id).status == "downloaded"


def test_it_arrived_when_its_object_was_stored(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    stored_at = account.s3.head_object(Bucket=BUCKET, Key=the_file(account, file_id).key)["LastModified"]
    lose_the_table(account)
    account.clock.wind(days=60)

    rebuilt(account)

    assert the_file(account, file_id).uploaded_at == moments.to_text(stored_at)


def test_running_it_again_changes_nothing(account: Account) -> None:
    account.phone().bring(b"photo")
    lose_the_table(account)
    rebuilt(account)
    before = account.everything()

    assert found(account) == {"there already": 1}
    assert account.everything() == before


def test_what_the_table_knows_better_is_left_as_it_is(account: Account) -> None:
    phone = account.phone()
    known, forgotten = phone.bring(b"photo"), phone.bring(b"another")
    phone.throw_away(known)
    kept = account.item(f"owner#{OWNER}", f"file#{known}")
    file = the_file(account, forgotten)
    for key in (files.file_key(OWNER, forgotten), files.hash_key(OWNER, file.sha256 or "")):
        account.world.table.put(Delete(key))

    assert found(account) == {"there already": 1, "uploaded": 1}
    assert account.item(f"owner#{OWNER}", f"file#{known}") == kept


def test_what_was_called_off_does_not_come_back_while_that_is_known(account: Account) -> None:
    gone = files.gone_key(OWNER, "0" * 31 + "a")
    account.world.table.put(Put({**gone._asdict(), "ttl": 2**31}))
    account.put(f"originals/{OWNER}/{'0' * 31}a-x.jpg", b"late")

    assert found(account) == {"unwanted": 1}


def test_a_copy_that_was_leaving_is_held_back(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    file = the_file(account, file_id)
    make_it_leave(account, file_id)
    lose_the_table(account)

    rebuilt(account)

    assert account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key)["TagSet"] == []


def test_a_copy_that_expired_lately_is_brought_back(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    file = the_file(account, file_id)
    make_it_leave(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key)
    lose_the_table(account)

    assert found(account) == {"uploaded": 1}
    head = account.s3.head_object(Bucket=BUCKET, Key=file.key)
    assert head["VersionId"] == file.version_id == the_file(account, file_id).version_id
    assert account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key)["TagSet"] == []


def test_an_expiry_that_had_begun_takes_no_copy_away(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    file = the_file(account, file_id)
    make_it_leave(account, file_id)
    lose_the_table(account)
    rebuilt(account)

    account.s3.delete_object(Bucket=BUCKET, Key=file.key)
    account.clock.wind(hours=2)
    home_sweep.sweep_home(account.world)

    assert account.s3.head_object(Bucket=BUCKET, Key=file.key)["VersionId"] == file.version_id


def test_who_follows_the_changes_of_a_table_that_was_put_back_begins_anew(account: Account) -> None:
    account.phone().bring(b"photo")
    reader = Caller(OWNER, None, frozenset({"read"}))
    since = changes.page(account.world, reader, changes.Asked()).next

    rebuilt(account)

    with pytest.raises(changes.OutdatedCursorError):
        changes.page(account.world, reader, changes.Asked(since))
    assert len(changes.page(account.world, reader, changes.Asked()).changes) == 1


def test_changes_begin_anew_for_who_has_nothing_in_the_bucket_too(account: Account) -> None:
    owners.ensure(account.world.table, OWNER, account.world.now_text())
    reader = Caller(OWNER, None, frozenset({"read"}))
    since = changes.page(account.world, reader, changes.Asked()).next

    rebuilt(account)

    with pytest.raises(changes.OutdatedCursorError):
        changes.page(account.world, reader, changes.Asked(since))


def test_the_version_that_came_first_is_the_files(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    file = the_file(account, file_id)
    account.put(file.key, b"later")
    lose_the_table(account)

    rebuilt(account)

    assert the_file(account, file_id).version_id == file.version_id


def test_no_cloud_copy_leaves_before_the_owner_says_so_again(account: Account) -> None:
    account.phone().bring(b"photo")
    lose_the_table(account)

    (one,) = rebuilt(account)

    assert not one.was_known
    assert owners.grace_of(account.item(f"owner#{OWNER}", "profile") or {}) is None


def test_who_has_chosen_a_grace_keeps_it(account: Account) -> None:
    account.owner()
    owners.set_grace(account.world.table, OWNER, 3)
    account.phone().bring(b"photo")

    (one,) = rebuilt(account)

    assert one.was_known
    assert owners.grace_of(account.item(f"owner#{OWNER}", "profile") or {}) == 3


def test_an_owner_who_left_does_not_come_back(account: Account) -> None:
    account.phone().bring(b"photo")
    account.owner()
    owners.close(account.world.table, OWNER, account.world.now_text())

    assert [one.left_alone for one in rebuilt(account)] == [HAS_LEFT]


def test_files_of_nobody_in_the_user_pool_are_told_and_left(account: Account) -> None:
    account.phone().bring(b"photo")
    lose_the_table(account)

    assert [one.left_alone for one in rebuilt(account, lambda _: False)] == [NOBODY]
    assert account.everything() == []


def test_one_owner_alone_can_be_rebuilt(account: Account) -> None:
    account.phone().bring(b"photo")
    account.phone(STRANGER).bring(b"photo")
    lose_the_table(account)

    assert [one.owner_id for one in rebuilt(account, owner_id=STRANGER)] == [STRANGER]


def test_a_notice_after_the_loss_is_the_notice_before_it(account: Account) -> None:
    file_id = account.phone().bring(b"photo", name="Müritz.jpg")
    before = notices.of(the_file(account, file_id), BUCKET)
    lose_the_table(account)
    rebuilt(account)

    after = notices.of(the_file(account, file_id), BUCKET)

    assert {k: v for k, v in after.items() if k not in ("uploadedAt", "timestamp")} == {
        k: v for k, v in before.items() if k not in ("uploadedAt", "timestamp")
    }


def test_it_shows_on_its_owners_shelf(account: Account) -> None:
    file_id = account.phone().bring(b"photo")
    lose_the_table(account)
    rebuilt(account)

    assert account.phone().see(file_id).status == shown.Status.UPLOADED


def test_a_pending_file_whose_object_is_in_arrives(account: Account) -> None:
    begun = account.phone().send(b"photo")

    assert found(account) == {"uploaded": 1}
    assert the_file(account, begun.file_id).status == "uploaded"
