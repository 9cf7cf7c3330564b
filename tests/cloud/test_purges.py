"""Files thrown away for good: the bytes, the previews, the item; what stays is a tombstone and the hash."""

from typing import Any

import pytest

from chalicelib.errors import NotAllowedError, Refusal
from chalicelib.keeping import home_sweep, trash
from chalicelib.keeping.trash import NotTrashedError, PurgedError
from tests.builders import BUCKET, OWNER, Account, sha256
from tests.thrown import AT, NOBODYS, PHOTO, before, left, outcomes, person, purge, sweep, the_file, versions


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

    known = ("file", "gone", "hash", "media")
    left = [item for item in account.everything() if item["sk"].partition("#")[0] in known]

    pk = f"owner#{OWNER}"
    assert left == [
        {"pk": pk, "sk": f"gone#{file_id}", "purgedAt": AT},
        {"pk": pk, "sk": f"hash#{sha256(PHOTO)}", "fileId": file_id, "held": True, "purgedAt": AT},
    ]


def test_previews_that_come_after_the_purge_are_looked_for_once_more(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    sweep(account, hours=1)
    account.put(f"previews/{OWNER}/{file_id}-256.webp", b"late")

    sweep(account, days=2)

    assert versions(account) == []
    assert account.items(f"owner#{OWNER}", "look#") == []


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


def fail_once(account: Account, call: str) -> None:
    failed: list[None] = []

    def fails(model: Any, **_: Any) -> None:
        if model.name == call and not failed:
            failed.append(None)
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("before-call", fails)


def test_what_s3_does_not_delete_is_tried_again(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    fail_once(account, "DeleteObject")

    with pytest.raises(TimeoutError):
        sweep(account, hours=1)
    assert the_file(account, file_id).status == "purging"

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


def test_copies_that_wait_to_leave_keep_no_purge_waiting(account: Account) -> None:
    """Each step of the sweep takes half a minute here, and a library came home in one day."""
    phone, pc = account.phone(), account.pc()
    for n in range(24):
        phone.bring(f"{n}".encode())
    pc.receipt(*pc.owed())
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    purge(account, file_id)
    account.s3.meta.events.register("before-call", lambda **_: account.clock.wind(seconds=30))

    sweep(account, days=8)

    assert all(one["sk"] != f"file#{file_id}" for one in account.everything())
