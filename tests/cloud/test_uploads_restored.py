"""Contents that were thrown away stay known: begun again they are refused, or brought back if that is wished."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib.incoming import missing, uploads, wanted
from chalicelib.incoming.uploads import KnownContentsError
from chalicelib.keeping import trash
from tests.builders import Account, Phone, declare, sha256
from tests.thrown import PHOTO, before, purge, sweep


def in_trash(phone: Phone) -> str:
    file_id = phone.bring(PHOTO)
    phone.throw_away(file_id)
    return file_id


def purged(account: Account, phone: Phone, *, swept: bool = True) -> str:
    file_id = in_trash(phone)
    purge(account, file_id)
    if swept:
        sweep(account, hours=1)
    return file_id


def begin(phone: Phone, *, restore: bool) -> Any:
    (begun,) = phone.begin(declare(PHOTO, restore=restore))
    return begun


def test_contents_in_the_trash_are_refused(account: Account) -> None:
    phone = account.phone()
    file_id = in_trash(phone)

    for begun in (begin(phone, restore=False), phone.begin(PHOTO)[0]):
        assert (begun.outcome, begun.reason, begun.file_id, begun.status) == ("refused", "trashed", file_id, "trashed")
    assert "`restore: true` brings them back" in begun.message
    assert account.usage() == {"trashedFiles": 1, "trashedBytes": 5}


def test_contents_in_the_trash_come_back_in_place_if_that_is_wished(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = in_trash(phone)

    begun = begin(phone, restore=True)

    assert (begun.outcome, begun.file_id, begun.status, begun.link) == ("duplicate", file_id, "uploaded", None)
    assert [notice["fileId"] for notice in pc.owed()] == [file_id]
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


@pytest.mark.parametrize("swept", [False, True])
def test_purged_contents_are_refused(account: Account, *, swept: bool) -> None:
    phone = account.phone()
    file_id = purged(account, phone, swept=swept)

    begun = begin(phone, restore=False)

    assert (begun.outcome, begun.reason, begun.file_id, begun.status) == ("refused", "trashed", file_id, "purged")


@pytest.mark.parametrize("swept", [False, True])
def test_purged_contents_are_brought_in_anew_if_that_is_wished(account: Account, *, swept: bool) -> None:
    phone, pc = account.phone(), account.pc()
    old = purged(account, phone, swept=swept)

    begun = begin(phone, restore=True)
    account.put(begun.key, PHOTO)
    account.hear(begun.key)
    sweep(account, hours=1)

    assert (begun.outcome, phone.see(begun.file_id).status) == ("upload", "uploaded")
    assert begun.file_id != old
    assert [notice["fileId"] for notice in pc.owed()] == [begun.file_id]
    assert phone.begin(PHOTO)[0].file_id == begun.file_id
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_of_two_that_bring_purged_contents_in_anew_one_is_told_of_the_other(account: Account) -> None:
    phone, other = account.phone(), account.phone()
    purged(account, phone)
    told: list[Any] = []
    before(account, lambda: told.append(begin(other, restore=True)))

    begun = begin(phone, restore=True)

    assert (begun.outcome, told[0].outcome) == ("upload", "upload")
    assert begun.file_id == told[0].file_id
    assert account.usage() == {"pendingFiles": 1, "pendingBytes": 5}


def test_what_is_purged_while_it_is_had_back_is_refused_alone(account: Account) -> None:
    phone = account.phone()
    file_id = in_trash(phone)
    before(account, lambda: purge(account, file_id))

    begun = begin(phone, restore=True)

    assert (begun.outcome, begun.reason, begun.status) == ("refused", "trashed", "purging")
    assert begin(phone, restore=True).outcome == "upload"


def test_a_file_trashed_while_another_begins_it_is_told_as_it_was(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    file_id = in_trash(phone)
    before(account, lambda: phone.restore(file_id))

    assert begin(phone, restore=True).status == "uploaded"
    assert len(pc.owed()) == 1


def test_known_contents_are_missing_nowhere(account: Account) -> None:
    phone = account.phone()
    in_trash(phone)
    other = phone.bring(b"other")
    phone.throw_away(other)
    purge(account, other)
    sweep(account, hours=1)
    asked = [sha256(PHOTO), sha256(b"other"), sha256(b"unknown")]

    with account.counting() as counted:
        told = missing.find(account.world, phone.caller, missing.Hashes(asked)).missing

    assert told == [sha256(b"unknown")]
    assert counted == ["BatchGetItem"]


def test_one_of_the_trash_keeps_no_other_waiting(account: Account) -> None:
    phone = account.phone()
    in_trash(phone)

    told = phone.begin(b"new", PHOTO, declare(b"older", restore=True), declare(PHOTO, restore=True))

    # Who wishes a file back once in a batch has wished it.
    assert [one.outcome for one in told] == ["upload", "duplicate", "upload", "duplicate"]


def test_to_wish_nothing_back_costs_nothing(account: Account) -> None:
    phone = account.phone()
    many = [declare(f"photo {n}".encode(), restore=True) for n in range(100)]

    with account.counting() as counted:
        phone.begin(declare(PHOTO, restore=True))
    assert counted == ["BatchGetItem", "TransactWriteItems"]

    with account.counting() as counted:
        phone.begin(*many)
    assert sorted(counted) == ["BatchGetItem", *["TransactWriteItems"] * 3]


def test_to_refuse_costs_no_more_than_to_begin(account: Account) -> None:
    phone = account.phone()
    purged(account, phone)

    with account.counting() as counted:
        phone.begin(PHOTO)

    assert counted == ["BatchGetItem"]


@pytest.mark.parametrize("wish", ["yes", 1, None, []])
def test_a_wish_is_true_or_false(account: Account, wish: Any) -> None:
    (begun,) = account.phone().begin(declare(PHOTO, restore=wish))

    assert (begun.outcome, begun.reason) == ("refused", "badFile")
    assert "restore must be `bool`" in begun.message


# ---- The simplest client --------------------------------------------------------------------------------------------


def simple(account: Account, phone: Phone, *, restore: bool = False) -> uploads.SimpleLink:
    told = {"fileName": "a.jpg", "fileType": "image/jpeg", "size": 5, "sha256": sha256(PHOTO), "restore": restore}
    asked = msgspec.json.decode(json.dumps(told), type=wanted.Simple)
    return uploads.begin_simple(account.world, phone.caller, asked)


def test_the_simplest_client_is_told_that_contents_are_in_the_trash(account: Account) -> None:
    phone = account.phone()
    file_id = in_trash(phone)

    with pytest.raises(KnownContentsError, match="were trashed at") as refused:
        simple(account, phone)

    assert refused.value.details == {"fileId": file_id, "status": "trashed"}


def test_the_simplest_client_has_contents_back_too(account: Account) -> None:
    phone = account.phone()
    file_id = in_trash(phone)

    with pytest.raises(KnownContentsError) as refused:
        simple(account, phone, restore=True)

    assert refused.value.details == {"fileId": file_id, "status": "uploaded"}


def test_the_simplest_client_brings_purged_contents_in_anew(account: Account) -> None:
    phone = account.phone()
    old = purged(account, phone)
    with pytest.raises(KnownContentsError, match="were purged at") as refused:
        simple(account, phone)
    assert refused.value.details == {"fileId": old, "status": "purged"}

    assert simple(account, phone, restore=True).file_id != old


def test_a_trashed_file_on_its_way_needs_no_links(account: Account) -> None:
    phone = account.phone()
    file_id = in_trash(phone)

    assert phone.links(file_id).status == "trashed"
    with pytest.raises(uploads.AlreadyUploadedError):
        uploads.abort(account.world, phone.caller, file_id)
    assert trash.restore(account.world, phone.caller, file_id).status == "uploaded"
