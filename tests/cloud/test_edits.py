"""Edits: what people change about a file, once for each version that somebody has seen."""

import pytest

from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.errors import BadInputError, NotAllowedError, NotFoundError
from chalicelib.library import edits, files
from chalicelib.library.edits import ChangedMeanwhileError, Edit
from tests.builders import OWNER, STRANGER, Account

SENDER = Caller(OWNER, None, frozenset({"read", "upload"}))


def change(account: Account, file_id: str, version: int, **asked: object) -> files.FileShown:
    return edits.edit(account.world, SENDER, file_id, bodies.convert({"version": version, **asked}, Edit))


def favourites(account: Account) -> list[str]:
    return [file.file_id for file in files.page(account.world, SENDER, files.Asked(favourite=True)).files]


def test_a_favourite_is_listed_with_the_favourites_until_it_is_none(account: Account) -> None:
    phone = account.phone()
    one, _ = phone.bring(b"1"), phone.bring(b"2")

    shown = change(account, one, 0, favourite=True)
    listed = favourites(account)
    again = change(account, one, shown.version, favourite=False)

    assert (shown.favourite, listed, again.favourite, favourites(account)) == (True, [one], False, [])


def test_a_name_is_what_lists_and_files_show(account: Account) -> None:
    file_id = account.phone().bring(b"1")

    change(account, file_id, 0, name="Müritzsee.jpg")

    (listed,) = files.page(account.world, SENDER, files.Asked()).files
    assert listed.name == account.phone().see(file_id).name == "Müritzsee.jpg"


def test_what_is_not_told_stays(account: Account) -> None:
    file_id = account.phone().bring(b"1", name="a.jpg")

    change(account, file_id, 0, favourite=True)
    shown = change(account, file_id, 1, name="b.jpg")

    assert (shown.favourite, shown.name, shown.version) == (True, "b.jpg", 2)


def test_an_edit_of_what_was_edited_since_changes_nothing_and_tells_how_it_is(account: Account) -> None:
    file_id = account.phone().bring(b"1", name="a.jpg")
    change(account, file_id, 0, name="b.jpg")

    with pytest.raises(ChangedMeanwhileError) as refusal:
        change(account, file_id, 0, name="c.jpg", favourite=True)

    assert refusal.value.details == {"version": 1, "name": "b.jpg", "favourite": False}
    assert account.phone().see(file_id).name == "b.jpg"


def test_what_was_edited_since_is_called_no_favourite_either(account: Account) -> None:
    file_id = account.phone().bring(b"1", name="a.jpg")
    change(account, file_id, 0, name="b.jpg")

    with pytest.raises(ChangedMeanwhileError):
        change(account, file_id, 0, favourite=True)


def test_the_way_home_does_not_stand_in_the_way_of_an_edit(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    (begun,) = phone.begin(b"photo")
    seen = phone.see(begun.file_id).version

    phone.bring(b"photo")
    pc.receipt(*pc.owed())

    assert change(account, begun.file_id, seen, favourite=True).status == "downloaded"


def test_an_edit_moves_nothing_on_the_way_home(account: Account) -> None:
    pc = account.pc()
    file_id = account.phone().bring(b"photo")
    (owed,) = pc.owed()

    change(account, file_id, 0, name="other.jpg")

    assert pc.owed() == [owed]
    assert pc.receipt(owed) == [("taken", None)]


def test_a_favourite_had_back_from_the_trash_is_one_still(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"photo")
    change(account, file_id, 0, favourite=True)

    phone.throw_away(file_id)
    while_away = favourites(account)
    phone.restore(file_id)

    assert (while_away, favourites(account)) == ([], [file_id])


def test_an_edit_costs_one_call_and_a_name_two(account: Account) -> None:
    file_id = account.phone().bring(b"photo")

    with account.counting() as counted:
        change(account, file_id, 0, favourite=True)
        change(account, file_id, 1, favourite=True, name="b.jpg")

    assert counted == ["UpdateItem", "GetItem", "TransactWriteItems"]


@pytest.mark.parametrize("file_id", ["0" * 32, "x", "", "profile", "0" * 3000])
def test_a_file_that_is_not_there_is_404_and_is_not_made(account: Account, file_id: str) -> None:
    before = account.everything()

    with pytest.raises(NotFoundError):
        change(account, file_id, 0, favourite=True)
    assert account.everything() == before


def test_a_strangers_file_is_404(account: Account) -> None:
    file_id = account.phone(STRANGER).bring(b"photo")

    with pytest.raises(NotFoundError):
        change(account, file_id, 0, favourite=True)


def test_a_pc_edits_nothing(account: Account) -> None:
    pc = account.pc()

    with pytest.raises(NotAllowedError):
        edits.edit(account.world, pc.caller, account.phone().bring(b"photo"), Edit(0, favourite=True))


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"favourite": true}',
        b'{"version": -1, "favourite": true}',
        b'{"version": "0", "favourite": true}',
        b'{"version": 0, "favourite": 1}',
        b'{"version": 0, "name": ""}',
        b'{"version": 1e99, "name": "a"}',
        b'{"version": 9007199254740993, "name": "a"}',
    ],
)
def test_what_makes_no_sense_is_refused(body: bytes) -> None:
    with pytest.raises(BadInputError):
        bodies.parse(body, Edit)


def test_an_edit_of_nothing_is_refused(account: Account) -> None:
    with pytest.raises(BadInputError, match="body must be an edit"):
        change(account, account.phone().bring(b"photo"), 0)
