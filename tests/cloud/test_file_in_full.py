"""A file in full: which PCs have it, and what belongs with it; and an album as one of the lists."""

from typing import Any

import pytest

from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.errors import BadCursorError
from chalicelib.library import albums, files
from chalicelib.media import tasks, work
from chalicelib.metadata import albums as kept_albums
from chalicelib.metadata import postings
from tests.builders import OWNER, STRANGER, Account, Phone

READER = Caller(OWNER, None, frozenset({"read", "upload"}))


def bring(phone: Phone, text: bytes, **more: Any) -> str:
    """Bring a file that can be found by what it says."""
    file_id = phone.bring(text, type="text/plain", **more)
    work.run(phone.account.world, tasks.Look(phone.caller.owner_id, file_id))
    return file_id


# ---- Receipts


def test_a_file_tells_which_pcs_have_it_and_since_when(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    file_id = phone.bring(b"photo")
    assert phone.see(file_id).receipts == []

    account.clock.wind(hours=1)
    pc.receipt(*pc.owed())

    (receipt,) = phone.see(file_id).receipts or []
    assert (receipt.device_id, receipt.device_name, receipt.at) == (pc.device_id, "den", account.world.now_text())


# ---- Groups


def test_a_file_tells_what_belongs_with_it(account: Account) -> None:
    phone = account.phone()
    photo, film = bring(phone, b"1", name="a.heic", groupId="#1/ü"), bring(phone, b"2", name="a.mov", groupId="#1/ü")
    bring(phone, b"3", name="b.heic", groupId="#1")

    assert [(one.file_id, one.name) for one in phone.see(photo).group or []] == [(film, "a.mov")]
    assert [one.file_id for one in phone.see(film).group or []] == [photo]


def test_what_belongs_with_a_file_is_told_no_more_once_it_is_thrown_away(account: Account) -> None:
    phone = account.phone()
    photo, film = bring(phone, b"1", groupId="a"), bring(phone, b"2", groupId="a")

    phone.throw_away(film)

    assert phone.see(photo).group == []


def test_another_owners_group_is_another(account: Account) -> None:
    photo, _ = bring(account.phone(), b"1", groupId="a"), bring(account.phone(STRANGER), b"2", groupId="a")

    assert account.phone().see(photo).group == []


def test_a_group_without_end_is_told_in_part(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "MOST_IN_GROUP", 2)
    phone = account.phone()
    first, *_ = (bring(phone, bytes([n]), groupId="a") for n in range(5))

    assert len(phone.see(first).group or []) == 2


def test_a_file_alone_costs_one_read(account: Account) -> None:
    file_id = bring(account.phone(), b"1")

    with account.counting() as counted:
        account.phone().see(file_id)

    assert counted == ["BatchGetItem"]


# ---- Albums


def an_album(account: Account, *file_ids: str) -> str:
    album_id: str = albums.make(account.world, READER, albums.NewAlbum("lake")).album_id
    albums.change_files(account.world, READER, album_id, albums.Membership(add=list(file_ids)))
    return album_id


def listed(account: Account, album_id: str, **asked: Any) -> list[str]:
    told, more = [], {}
    while True:
        page = files.page(account.world, READER, bodies.convert({"album": album_id, **asked, **more}, files.Asked))
        told += [file.file_id for file in page.files]
        if page.next is None:
            return told
        more = {"next": page.next}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_album_is_listed_in_the_order_of_capture(account: Account, limit: int) -> None:
    phone = account.phone()
    days = ["2024-01-02", "2024-01-01", "2024-01-03"]
    two, one, three = (phone.bring(day.encode(), takenAt=f"{day}T00:00:00Z") for day in days)
    phone.bring(b"not in it", takenAt="2024-01-02T00:00:00Z")
    album_id = an_album(account, one, two, three)

    assert listed(account, album_id, limit=limit) == [three, two, one]
    assert listed(account, album_id, limit=limit, order="arrival") == sorted([one, two, three], reverse=True)
    assert listed(account, album_id, limit=limit, **{"from": "2024-01-02", "to": "2024-01-02"}) == [two]


def test_a_file_moves_in_its_albums_when_its_contents_tell_better(account: Account) -> None:
    phone = account.phone()
    early = phone.bring(b"1", takenAt="2024-01-01T00:00:00Z")
    late = phone.bring(b"2", takenAt="2024-01-02T00:00:00Z", name="IMG_20200101_101010.txt", type="text/plain")
    album_id = an_album(account, early, late)

    work.run(account.world, tasks.Look(OWNER, late))

    assert listed(account, album_id) == [early, late]


ASKED = [("favourite", "true"), ("type", "image/png"), ("kind", "photo"), ("status", "uploaded")]


@pytest.mark.parametrize(("name", "wanted"), ASKED)
def test_an_album_tells_the_same_of_what_is_wanted_as_the_whole_list(account: Account, name: str, wanted: str) -> None:
    phone = account.phone()
    ids = [phone.bring(b"1"), phone.bring(b"2", type="image/png"), phone.bring(b"3", type="text/plain")]
    album_id = an_album(account, *ids)
    phone.throw_away(ids[0])
    everywhere = files.page(account.world, READER, bodies.convert({name: wanted}, files.Asked))

    assert listed(account, album_id, **{name: wanted}) == [file.file_id for file in everywhere.files]


def test_an_album_that_is_not_there_holds_nothing(account: Account) -> None:
    assert listed(account, "0" * 32) == []


def test_an_album_takes_no_cursor_of_another_order(account: Account) -> None:
    phone = account.phone()
    album_id = an_album(account, phone.bring(b"1"), phone.bring(b"2"))
    asked = files.Asked(album=album_id, limit=1)
    page = files.page(account.world, READER, asked)

    with pytest.raises(BadCursorError):
        files.page(account.world, READER, files.Asked(album=album_id, order="arrival", next=page.next))


def test_a_page_of_an_album_is_two_reads(account: Account) -> None:
    phone = account.phone()
    album_id = an_album(account, *(phone.bring(bytes([n])) for n in range(5)))

    with account.counting() as counted:
        files.page(account.world, READER, files.Asked(album=album_id))

    assert counted == ["Query", "BatchGetItem"]


def test_who_is_found_while_it_joins_an_album_lies_where_it_belongs(account: Account) -> None:
    """A file read before its date was found does not join with the old one: it is looked at again."""
    file_id = account.phone().bring(b"1", name="IMG_20200101_101010.txt", type="text/plain")
    album_id = an_album(account)
    table = account.world.table
    write, meddled = table.write, []

    def meddle(*operations: Any) -> None:
        if not meddled:
            meddled.append(True)
            work.run(account.world, tasks.Look(OWNER, file_id))
        write(*operations)

    table.write = meddle  # type: ignore[method-assign]
    albums.change_files(account.world, READER, album_id, albums.Membership(add=[file_id]))

    (position,) = kept_albums.in_order(table, OWNER, album_id)
    assert position.startswith("2020-01-01T10:10:10")
