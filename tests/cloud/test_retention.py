"""Cloud copies: which leaves and when, how one is held back, and that nobody is ever owed what is about to go."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.auth import me
from chalicelib.auth.callers import Caller
from chalicelib.auth.scopes import PERSON
from chalicelib.bodies import parse, to_json
from chalicelib.errors import BadInputError, ConditionFailedError, NotAllowedError, NotFoundError
from chalicelib.incoming import uploads, wanted
from chalicelib.keeping import grace, home_sweep, retention
from chalicelib.keeping.grace import LONGEST_WAIT, LetGo, Wait
from chalicelib.metadata import files, media, owners
from chalicelib.metadata.files import File, Status
from tests.builders import BUCKET, OWNER, Account, Pc

PHOTO = b"photo"
HOME = datetime(2026, 11, 21, 10, tzinfo=UTC)
RETURNED = "2026-11-21T10:00:00.000Z"


class KilledError(BaseException):
    """The function died here."""


def at_home(account: Account, *pcs: Pc, body: bytes = PHOTO) -> str:
    """Bring a file and take it home to these PCs."""
    file_id = account.phone().bring(body)
    for pc in pcs:
        pc.receipt(*[notice for notice in pc.owed() if notice["fileId"] == file_id])
    return file_id


def sweep(account: Account, **wait: float) -> None:
    account.clock.wind(**wait)
    home_sweep.sweep_home(account.world)


def the_file(account: Account, file_id: str) -> File:
    found = files.find(account.world.table, OWNER, file_id)
    assert found is not None
    return found


def tags(account: Account, file_id: str) -> dict[str, str]:
    file = the_file(account, file_id)
    told = account.s3.get_object_tagging(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    return {one["Key"]: one["Value"] for one in told["TagSet"]}


def expire(account: Account, file_id: str) -> None:
    """Do what the bucket's lifecycle does to a tagged object."""
    file = the_file(account, file_id)
    assert tags(account, file_id) == {"backhaul:home": "yes"}
    account.s3.delete_object(Bucket=BUCKET, Key=file.key)


def is_current(account: Account, file_id: str) -> bool:
    file = the_file(account, file_id)
    told = account.s3.list_object_versions(Bucket=BUCKET, Prefix=file.key)
    latest = [one["VersionId"] for one in told["Versions"] if one["IsLatest"]]
    return latest == [file.version_id]


def copy_of(account: Account, file_id: str) -> str:
    return str(account.phone().see(file_id).cloud_copy)


def before(account: Account, call: str, deed: Callable[[], Any], *, client: str = "dynamodb") -> None:
    """Have something happen just before a call, once."""
    happened: list[None] = []

    def meanwhile(model: Any, **_: Any) -> None:
        if model.name == call and not happened:
            happened.append(None)
            deed()

    getattr(account, client).meta.events.register("before-call", meanwhile)


def die(account: Account, call: str) -> None:
    """Die at a call to S3, once."""
    dead: list[None] = []

    def now(model: Any, **_: Any) -> None:
        if model.name == call and not dead:
            dead.append(None)
            raise KilledError

    account.s3.meta.events.register("before-call", now)


# ---- When a copy leaves ---------------------------------------------------------------------------------------------


def a_file(**more: Any) -> File:
    told = {"status": Status.DOWNLOADED, "downloaded_at": "2026-11-21T10:00:00.000Z", "home": {"den": "x"}}
    told |= {"owner_id": OWNER, "file_id": "f", "name": "a", "type": "image/jpeg", "key": "k", "version_id": "v"}
    return File(**{**told, "created_at": "2026-11-21T09:00:00.000Z", **more})


@pytest.mark.parametrize(
    ("file", "pcs", "days", "age", "step"),
    [
        (a_file(), ["den"], 7, timedelta(days=7), LetGo("den")),
        (a_file(), ["den"], 7, timedelta(days=6, hours=23), Wait(HOME + timedelta(days=7))),
        (a_file(), ["den"], 0, timedelta(), LetGo("den")),
        (a_file(), ["den"], 3650, timedelta(days=1), Wait(HOME + timedelta(days=31))),
        (a_file(), ["den"], None, timedelta(days=999), Wait(HOME + timedelta(days=1029))),
        (a_file(), [], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (a_file(), ["attic"], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (a_file(home={}), ["den"], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (a_file(owed_to=frozenset({"x"})), ["den"], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (a_file(status=Status.UPLOADED), ["den"], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (a_file(status=Status.TRASHED), ["den"], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (a_file(version_id=None), ["den"], 7, timedelta(days=8), Wait(HOME + timedelta(days=38))),
        (
            a_file(kept_at="2026-11-25T10:00:00.000Z"),
            ["den"],
            7,
            timedelta(days=8),
            Wait(HOME + timedelta(days=11)),
        ),
        (a_file(returned_at=RETURNED), ["den"], 0, timedelta(days=29), Wait(HOME + timedelta(days=30))),
        (a_file(returned_at=RETURNED), ["den"], 0, timedelta(days=30), LetGo("den")),
        (a_file(returned_at=RETURNED), ["den"], 60, timedelta(days=31), Wait(HOME + timedelta(days=60))),
    ],
)
def test_a_copy_leaves_when_its_grace_is_over_and_a_pc_of_today_has_it(
    file: File, pcs: list[str], days: int | None, age: timedelta, step: Any
) -> None:
    assert grace.next_step(file, pcs, days, HOME + age) == step
    assert timedelta(days=30) == LONGEST_WAIT


def test_a_copy_is_tagged_when_the_grace_is_over(account: Account) -> None:
    file_id = at_home(account, account.pc())

    sweep(account)
    sweep(account, days=6, hours=23)
    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "kept")

    sweep(account, hours=1)
    assert (tags(account, file_id), copy_of(account, file_id)) == ({"backhaul:home": "yes"}, "leaving")


def test_nothing_else_is_ever_tagged(account: Account) -> None:
    pc, slow = account.pc(), account.pc()
    phone = account.phone()
    owed = at_home(account, pc, body=b"owed to one")
    untouched = phone.bring(b"owed to both")
    trashed = at_home(account, pc, slow, body=b"trashed")
    phone.throw_away(trashed)
    begun = phone.send(b"under way")

    for _ in range(10):
        sweep(account, days=3)

    assert [tags(account, one) for one in (owed, untouched)] == [{}, {}]
    assert account.s3.get_object_tagging(Bucket=BUCKET, Key=begun.key)["TagSet"] == []
    assert account.calls.count("PutObjectTagging") == 0


def test_an_owner_without_a_pc_keeps_everything(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    account.world.table.write(owners.pc_removed(OWNER, pc.device_id))

    for _ in range(4):
        sweep(account, days=30)

    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "kept")


def test_a_pc_revoked_while_the_sweep_runs_keeps_the_copy(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    sweep(account)
    account.clock.wind(days=8)
    before(account, "TransactWriteItems", lambda: account.world.table.write(owners.pc_removed(OWNER, pc.device_id)))

    sweep(account)

    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "kept")


def test_a_file_owed_again_while_the_sweep_runs_is_not_tagged(account: Account) -> None:
    pc = account.pc()
    file_id = at_home(account, pc)
    sweep(account)
    account.clock.wind(days=8)
    new = account.pc()
    before(account, "TransactWriteItems", new.run_lap)

    sweep(account)

    assert (tags(account, file_id), account.phone().see(file_id).status) == ({}, "uploaded")
    assert [notice["fileId"] for notice in new.owed()] == [file_id]


def test_two_sweeps_at_once_let_a_copy_go_once(account: Account) -> None:
    file_id = at_home(account, account.pc())
    sweep(account)
    account.clock.wind(days=8)
    before(account, "TransactWriteItems", lambda: home_sweep.sweep_home(account.world))

    sweep(account)

    assert copy_of(account, file_id) == "leaving"
    assert account.calls.count("PutObjectTagging") == 1


def test_a_sweep_that_dies_between_mark_and_tag_leaves_a_mark_that_is_made_good(account: Account) -> None:
    file_id = at_home(account, account.pc())
    sweep(account)
    account.clock.wind(days=8)
    die(account, "PutObjectTagging")
    with pytest.raises(KilledError):
        home_sweep.sweep_home(account.world)
    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "leaving")

    sweep(account, days=2)

    assert tags(account, file_id) == {"backhaul:home": "yes"}


def test_a_copy_that_s3_expired_is_known_as_gone(account: Account) -> None:
    file_id = leaving(account, account.pc())
    expire(account, file_id)

    sweep(account, days=2)

    assert copy_of(account, file_id) == "gone"
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5, "goneFiles": 1, "goneBytes": 5}


def test_a_copy_that_s3_has_not_expired_yet_is_looked_at_every_day(account: Account) -> None:
    file_id = leaving(account, account.pc())
    for _ in range(3):
        sweep(account, days=2)
    assert copy_of(account, file_id) == "leaving"

    expire(account, file_id)
    sweep(account, days=1)

    assert copy_of(account, file_id) == "gone"


def test_a_sweep_with_nothing_to_do_costs_one_query_a_list(account: Account) -> None:
    at_home(account, account.pc())
    sweep(account)

    with account.counting() as counted:
        sweep(account, days=1)

    assert set(counted) == {"Query"}
    assert len(counted) == 4 * files.DUE_SHARDS


def test_what_left_is_counted(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    leaving(account, account.pc())

    told = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert told["CopiesLeaving"] == 1
    # What there was none of is not told: it would be paid for.
    assert not {"CopiesGone", "FilesPurged"} & told.keys()


def test_one_file_that_cannot_be_tagged_holds_up_no_other(account: Account) -> None:
    pc = account.pc()
    ids = [at_home(account, pc, body=f"photo {n}".encode()) for n in range(3)]
    sweep(account)
    account.clock.wind(days=8)
    fail_once(account, "PutObjectTagging")

    with pytest.raises(TimeoutError):
        home_sweep.sweep_home(account.world)

    assert sorted(len(tags(account, one)) for one in ids) == [0, 1, 1]


def fail_once(account: Account, call: str) -> None:
    failed: list[None] = []

    def fails(model: Any, **_: Any) -> None:
        if model.name == call and not failed:
            failed.append(None)
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("before-call", fails)


def test_a_copy_that_somebody_deleted_by_hand_is_reported(account: Account) -> None:
    file_id = at_home(account, account.pc())
    file = the_file(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    sweep(account)

    sweep(account, days=8)

    assert copy_of(account, file_id) == "gone"
    assert [one["what"] for one in account.troubles()] == ["cloud copy lost"]


# ---- How a copy is held back ----------------------------------------------------------------------------------------


def leaving(account: Account, pc: Pc) -> str:
    """Bring a file home and wait until its cloud copy begins to leave."""
    file_id = at_home(account, pc)
    sweep(account)
    sweep(account, days=8)
    return file_id


def test_a_copy_that_stays_is_kept_without_a_call(account: Account) -> None:
    file = the_file(account, at_home(account, account.pc()))

    with account.counting() as counted:
        assert retention.keep(account.world, file)

    assert counted == []


def test_a_copy_that_is_leaving_is_untagged_before_anybody_is_owed_it(account: Account) -> None:
    file_id = leaving(account, account.pc())
    new = account.pc()

    new.run_lap()

    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "kept")
    assert [notice["fileId"] for notice in new.owed()] == [file_id]


def test_nobody_can_be_owed_what_is_leaving(account: Account) -> None:
    file = the_file(account, leaving(account, account.pc()))
    new = account.pc()

    with pytest.raises(ConditionFailedError):
        account.world.table.put(files.owed_again(file, new.device_id))


def test_a_copy_that_is_kept_has_another_whole_grace(account: Account) -> None:
    file_id = leaving(account, account.pc())
    assert retention.keep(account.world, the_file(account, file_id))

    sweep(account, days=6)
    assert copy_of(account, file_id) == "kept"
    sweep(account, days=1)
    assert copy_of(account, file_id) == "leaving"


def test_a_copy_that_expired_is_brought_back(account: Account) -> None:
    file_id = leaving(account, account.pc())
    expire(account, file_id)
    sweep(account, days=2)
    assert account.usage()["goneFiles"] == 1

    assert retention.keep(account.world, the_file(account, file_id))
    sweep(account, hours=1)

    assert (is_current(account, file_id), tags(account, file_id), copy_of(account, file_id)) == (True, {}, "kept")
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": 5}


def test_a_copy_that_is_brought_back_is_owed_to_the_pc_that_was_paired_while_there_was_none(account: Account) -> None:
    file_id = leaving(account, account.pc())
    expire(account, file_id)
    sweep(account, days=2)
    new = account.pc()

    assert retention.keep(account.world, the_file(account, file_id))

    assert [notice["fileId"] for notice in new.owed()] == [file_id]
    assert [notice["fileId"] for notice in new.heard()] == [file_id]
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_a_copy_that_s3_expires_while_it_is_kept_is_brought_back_two_days_later(account: Account) -> None:
    file_id = leaving(account, account.pc())
    assert retention.keep(account.world, the_file(account, file_id))
    sweep(account, hours=1)
    account.s3.delete_object(Bucket=BUCKET, Key=the_file(account, file_id).key)

    sweep(account, days=2)

    assert is_current(account, file_id)
    assert account.items(f"owner#{OWNER}", "look#") == []


def test_a_version_that_can_be_untagged_only_when_it_is_current_is_brought_back_too(account: Account) -> None:
    file_id = leaving(account, account.pc())
    expire(account, file_id)
    untag, file = account.s3.delete_object_tagging, the_file(account, file_id)

    def only_current(**asked: Any) -> Any:
        account.s3.head_object(Bucket=BUCKET, Key=asked["Key"])
        return untag(**asked)

    account.s3.delete_object_tagging = only_current

    assert retention.keep(account.world, file)
    sweep(account, hours=1)

    assert (is_current(account, file_id), tags(account, file_id)) == (True, {})


def test_after_thirty_days_there_is_no_copy_to_be_had(account: Account) -> None:
    file_id = leaving(account, account.pc())
    expire(account, file_id)
    file = the_file(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)

    assert not retention.keep(account.world, file)
    assert copy_of(account, file_id) == "gone"


def test_who_dies_before_untagging_is_made_good_within_the_hour(account: Account) -> None:
    file_id = leaving(account, account.pc())
    die(account, "DeleteObjectTagging")
    with pytest.raises(KilledError):
        retention.keep(account.world, the_file(account, file_id))
    assert tags(account, file_id) == {"backhaul:home": "yes"}

    sweep(account, hours=1)

    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "kept")


def test_a_tag_that_comes_after_the_copy_was_kept_is_taken_off_again(account: Account) -> None:
    file_id = at_home(account, account.pc())
    sweep(account)
    account.clock.wind(days=8)
    before(account, "PutObjectTagging", lambda: retention.keep(account.world, the_file(account, file_id)), client="s3")

    sweep(account)

    assert (tags(account, file_id), copy_of(account, file_id)) == ({}, "kept")


def test_two_who_keep_a_copy_at_once_keep_it_once(account: Account) -> None:
    file = the_file(account, leaving(account, account.pc()))
    before(account, "TransactWriteItems", lambda: retention.keep(account.world, file))

    assert retention.keep(account.world, file)

    assert (tags(account, file.file_id), copy_of(account, file.file_id)) == ({}, "kept")


def test_what_a_link_brought_later_is_taken_away_so_that_the_first_version_stays_current(account: Account) -> None:
    phone = account.phone()
    begun = uploads.begin_simple(account.world, phone.caller, wanted.Simple("a.jpg", "image/jpeg"))
    first = account.put(begun.key, PHOTO)
    account.hear(begun.key, first)
    later = account.put(begun.key, b"other bytes")
    account.hear(begun.key, later)

    sweep(account)

    assert is_current(account, begun.file_id)
    assert the_file(account, begun.file_id).version_id == first


# ---- What an owner sets ---------------------------------------------------------------------------------------------


def person() -> Caller:
    return Caller(OWNER, None, PERSON)


def set_grace(account: Account, days: int | None) -> Any:
    return to_json(me.change(account.world, person(), me.OwnerSettings(days)))


@pytest.mark.parametrize(("days", "shown"), [(0, 0), (30, 30), (3650, 3650), (None, "never")])
def test_the_grace_is_the_owners_to_set(account: Account, days: int | None, shown: int | str) -> None:
    assert to_json(me.show(account.world, person()))["graceDays"] == 7

    assert set_grace(account, days)["graceDays"] == shown
    assert to_json(me.show(account.world, person()))["graceDays"] == shown


def test_what_is_left_out_stays_as_it_is(account: Account) -> None:
    set_grace(account, 30)

    assert to_json(me.change(account.world, person(), parse(b"{}", me.OwnerSettings)))["graceDays"] == 30


@pytest.mark.parametrize(
    "body", [b'{"graceDays":-1}', b'{"graceDays":3651}', b'{"graceDays":"7"}', b'{"graceDays":1.5}']
)
def test_a_grace_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(BadInputError, match="graceDays"):
        parse(body, me.OwnerSettings)


def test_a_device_sets_nothing(account: Account) -> None:
    with pytest.raises(NotAllowedError):
        me.change(account.world, account.phone().caller, me.OwnerSettings(0))


def test_no_grace_lets_copies_go_within_the_hour(account: Account) -> None:
    pc = account.pc()
    set_grace(account, 0)
    file_id = at_home(account, pc)
    account.world.table.put(media.struck_off(OWNER, file_id))

    sweep(account, hours=1)

    assert copy_of(account, file_id) == "leaving"


def test_no_copy_leaves_before_it_was_looked_into(account: Account) -> None:
    set_grace(account, 0)
    file_id = at_home(account, account.pc())

    sweep(account, hours=1)
    assert copy_of(account, file_id) == "kept"

    account.world.table.put(media.struck_off(OWNER, file_id))
    sweep(account, hours=1)
    assert copy_of(account, file_id) == "leaving"


def test_a_copy_that_nobody_can_look_into_stays_three_days_at_most(account: Account) -> None:
    set_grace(account, 0)
    file_id = at_home(account, account.pc())

    sweep(account, hours=71)
    assert copy_of(account, file_id) == "kept"

    sweep(account, hours=1)
    assert copy_of(account, file_id) == "leaving"


def test_for_ever_is_for_ever(account: Account) -> None:
    pc = account.pc()
    set_grace(account, None)
    file_id = at_home(account, pc)

    for _ in range(40):
        sweep(account, days=30)

    assert copy_of(account, file_id) == "kept"


def test_a_grace_set_later_holds_for_files_that_wait_already(account: Account) -> None:
    pc = account.pc()
    set_grace(account, None)
    file_id = at_home(account, pc)
    sweep(account)
    set_grace(account, 7)

    sweep(account, days=30)

    assert copy_of(account, file_id) == "leaving"


def test_a_longer_grace_holds_back_what_was_about_to_leave(account: Account) -> None:
    file_id = at_home(account, account.pc())
    sweep(account)
    set_grace(account, 30)

    sweep(account, days=8)

    assert copy_of(account, file_id) == "kept"


def test_an_owner_who_has_left_sets_nothing(account: Account) -> None:
    account.owner()
    owners.close(account.world.table, OWNER, account.world.now_text())

    with pytest.raises(NotFoundError):
        set_grace(account, 0)
