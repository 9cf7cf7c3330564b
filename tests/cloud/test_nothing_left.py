"""Files of which nothing is left, refused or lost, need not stay on anybody's list for ever."""

import pytest

from chalicelib.errors import NotFoundError
from chalicelib.keeping import home_sweep, trash
from chalicelib.keeping.trash import NotHereError, PurgedError
from tests.builders import BUCKET, Account, Phone
from tests.thrown import PHOTO, left, outcomes, person, purge, sweep, the_file, versions

OTHER = b"other bytes than declared"


def refused(account: Account, phone: Phone) -> str:
    """Have a file refused; return its id. Its owner is told, and what came in its place is put aside."""
    (begun,) = phone.begin(PHOTO)
    account.hear(begun.key, account.put(begun.key, OTHER))
    return str(begun.file_id)


def lost(account: Account, phone: Phone) -> str:
    """Lose a file: its cloud copy is gone, and its only PC is revoked."""
    pc = account.pc()
    file_id = left(account, phone, pc)
    file = the_file(account, file_id)
    account.s3.delete_object(Bucket=BUCKET, Key=file.key, VersionId=file.version_id)
    sweep(account, days=2)
    pc.revoke()
    pc.finish_laps()
    assert phone.see(file_id).status == "lost"
    return file_id


def test_a_refused_file_is_thrown_away_for_good_at_once(account: Account) -> None:
    phone = account.phone()
    file_id = refused(account, phone)

    (answer,) = phone.throw_away(file_id)
    sweep(account, hours=1)

    assert (answer.outcome, answer.status) == ("purged", "purging")
    with pytest.raises(NotFoundError):
        phone.see(file_id)
    assert [key.partition("/")[0] for key in versions(account)] == ["quarantine"]
    assert account.usage() == {}


def test_a_refused_file_can_be_purged_like_those_in_the_trash(account: Account) -> None:
    phone = account.phone()
    file_id, in_trash = refused(account, phone), phone.bring(b"another")
    phone.throw_away(in_trash)

    assert outcomes(purge(account, file_id, in_trash)) == [("purged", None)] * 2
    assert outcomes(purge(account, file_id, in_trash)) == [("repeated", None)] * 2


def test_throwing_a_refused_file_away_twice_tells_that_it_is_over(account: Account) -> None:
    phone = account.phone()
    file_id = refused(account, phone)
    trash.throw_away(account.world, phone.caller, file_id)

    with pytest.raises(PurgedError):
        trash.throw_away(account.world, phone.caller, file_id)


def test_the_contents_of_a_refused_file_that_was_thrown_away_may_be_begun_anew(account: Account) -> None:
    phone = account.phone()
    phone.throw_away(refused(account, phone))
    sweep(account, hours=1)

    (begun,) = phone.begin(PHOTO)

    assert begun.outcome == "upload"


def test_nothing_of_a_refused_file_can_be_had_back(account: Account) -> None:
    phone = account.phone()

    with pytest.raises(NotHereError):
        trash.restore(account.world, phone.caller, refused(account, phone))


def test_a_lost_file_is_thrown_away_had_back_and_purged_like_any_other(account: Account) -> None:
    phone = account.phone()
    file_id = lost(account, phone)

    assert [one.status for one in phone.throw_away(file_id)] == ["trashed"]
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5, "goneFiles": 1, "goneBytes": 5}
    assert [one.status for one in phone.restore(file_id)] == ["lost"]
    assert account.usage() == {"lostFiles": 1, "lostBytes": 5, "goneFiles": 1, "goneBytes": 5}
    phone.throw_away(file_id)
    sweep(account, days=30)
    with pytest.raises(NotFoundError):
        phone.see(file_id)
    assert account.usage() == {}


def test_a_lost_file_had_back_does_not_make_anybody_forget_that_the_same_contents_came_again(account: Account) -> None:
    phone = account.phone()
    old = lost(account, phone)
    new = phone.bring(PHOTO)
    phone.throw_away(old)

    phone.restore(old)

    assert phone.see(old).status == "lost"
    (begun,) = phone.begin(PHOTO)
    assert (begun.outcome, begun.file_id) == ("duplicate", new)
    pointers = [item for item in account.everything() if item["sk"].startswith("hash#")]
    assert [(one["fileId"], one.get("held")) for one in pointers] == [(new, True)]


def test_a_purge_of_a_refused_file_needs_its_owner(account: Account) -> None:
    phone = account.phone()
    file_id = refused(account, phone)

    (answer,) = trash.purge_all(account.world, person("someone else"), trash.FileIds([file_id])).files

    assert (answer.outcome, answer.reason) == ("refused", "unknownFile")
    home_sweep.sweep_home(account.world)
    assert phone.see(file_id).status == "refused"
