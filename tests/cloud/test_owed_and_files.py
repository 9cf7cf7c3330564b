"""Lists: what a PC is owed, what an owner has."""

import pytest

from chalicelib import cursors
from chalicelib.auth.callers import Caller
from chalicelib.debts import owed
from chalicelib.errors import BadCursorError, NotAllowedError, NotFoundError
from chalicelib.library import files
from tests.builders import OWNER, STRANGER, Account, Pc

PERSON = frozenset({"upload", "read", "owner"})


def bring(account: Account, count: int) -> list[str]:
    """Bring photos in, a second apart; return their ids in order."""
    phone, ids = account.phone(), []
    for n in range(count):
        ids.append(phone.bring(f"photo {n}".encode()))
        account.clock.wind(seconds=1)
    return ids


def page(pc: Pc, limit: int, after: str | None = None) -> owed.Owed:
    return owed.page(pc.account.world, pc.caller, pc.device_id, owed.Asked(limit=limit, next=after))


def test_the_oldest_debt_comes_first_and_pages_join(account: Account) -> None:
    pc = account.pc()
    ids = bring(account, 5)

    first = page(pc, 2)
    second = page(pc, 2, first.next)
    third = page(pc, 2, second.next)

    assert [notice["fileId"] for notice in first.files + second.files + third.files] == ids
    assert third.next is None


def test_a_page_costs_one_query(account: Account) -> None:
    pc = account.pc()
    bring(account, 3)

    with account.counting() as counted:
        page(pc, 500)

    assert counted == ["Query"]


def test_a_debt_struck_off_between_pages_leaves_no_gap(account: Account) -> None:
    pc = account.pc()
    ids = bring(account, 4)
    first = page(pc, 2)

    pc.receipt(*first.files)

    assert [notice["fileId"] for notice in page(pc, 2, first.next).files] == ids[2:]


@pytest.mark.parametrize("forged", ["", "x", cursors.encode("file#1"), cursors.encode("A" * 32), "a" * 5000])
def test_a_cursor_of_another_making_is_refused(account: Account, forged: str) -> None:
    pc = account.pc()

    with pytest.raises(BadCursorError):
        page(pc, 2, forged)


def test_a_pc_sees_its_own_debts_alone(account: Account) -> None:
    one, other = account.pc(), account.pc()

    with pytest.raises(NotFoundError):
        owed.page(account.world, one.caller, other.device_id, owed.Asked())


def test_an_owner_sees_what_a_pc_of_theirs_is_owed(account: Account) -> None:
    pc = account.pc()
    ids = bring(account, 1)

    shown = owed.page(account.world, Caller(OWNER, None, PERSON), pc.device_id, owed.Asked())

    assert [notice["fileId"] for notice in shown.files] == ids


@pytest.mark.parametrize("device_id", ["0" * 32, "x", "", "#"])
def test_a_pc_that_is_not_the_owners_is_404(account: Account, device_id: str) -> None:
    with pytest.raises(NotFoundError):
        owed.page(account.world, Caller(OWNER, None, PERSON), device_id, owed.Asked())


def test_a_strangers_pc_is_404(account: Account) -> None:
    pc = account.pc(STRANGER)

    with pytest.raises(NotFoundError):
        owed.page(account.world, Caller(OWNER, None, PERSON), pc.device_id, owed.Asked())


def test_a_phone_asks_for_no_debts(account: Account) -> None:
    phone = account.phone()

    with pytest.raises(NotAllowedError):
        owed.page(account.world, phone.caller, phone.caller.device_id or "", owed.Asked())


def test_the_newest_files_come_first_and_pages_join(account: Account) -> None:
    phone = account.phone()
    ids = bring(account, 5)

    first = files.page(account.world, phone.caller, files.Asked(limit=3))
    second = files.page(account.world, phone.caller, files.Asked(limit=3, next=first.next))

    assert [file.file_id for file in first.files + second.files] == ids[::-1]
    assert second.next is None


def test_a_page_of_files_costs_one_query(account: Account) -> None:
    phone = account.phone()
    bring(account, 3)

    with account.counting() as counted:
        files.page(account.world, phone.caller, files.Asked())

    assert counted == ["Query"]


def test_a_strangers_file_is_404(account: Account) -> None:
    (file_id,) = bring(account, 1)

    with pytest.raises(NotFoundError):
        account.phone(STRANGER).see(file_id)
    assert files.page(account.world, account.phone(STRANGER).caller, files.Asked()).files == []


@pytest.mark.parametrize("file_id", ["", "x", "0" * 32, "%2e%2e", "0" * 3000, "profile"])
def test_a_file_that_is_not_there_is_404(account: Account, file_id: str) -> None:
    with pytest.raises(NotFoundError):
        account.phone().see(file_id)


def test_a_pcs_key_does_not_list_files(account: Account) -> None:
    pc = account.pc()

    with pytest.raises(NotAllowedError):
        files.page(account.world, pc.caller, files.Asked())


def test_an_event_that_comes_again_rings_only_who_is_still_owed(account: Account) -> None:
    phone, quick, slow = account.phone(), account.pc(), account.pc()
    begun = phone.send(b"photo")
    account.hear(begun.key)
    quick.receipt(*quick.heard())
    slow.heard()

    account.hear(begun.key)

    assert (quick.heard(), len(slow.heard())) == ([], 1)
