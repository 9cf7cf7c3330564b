"""Albums: files are put in and taken out, each answered on its own; no album ever takes a file along."""

from typing import Any

import pytest

from chalicelib import bodies
from chalicelib.auth.callers import Caller
from chalicelib.errors import BadCursorError, BadInputError, ConditionFailedError, NotAllowedError, NotFoundError
from chalicelib.incoming import uploads
from chalicelib.keeping import purges, trash
from chalicelib.library import albums, files
from chalicelib.library.albums import AskedAlbums, Membership, NewAlbum, RenamedAlbum
from chalicelib.metadata import albums as kept
from chalicelib.metadata import files as metadata_files
from chalicelib.metadata.albums import Album
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Page, Update
from chalicelib.upkeep import sweeps
from tests.builders import OWNER, STRANGER, Account

ANNA = Caller(OWNER, None, frozenset({"read", "upload", "owner"}))
STRANGE = Caller(STRANGER, None, frozenset({"read", "upload", "owner"}))
ID = "a" * 32


def make(account: Account, name: str = "Müritzsee", album_id: str | None = None) -> str:
    return albums.make(account.world, ANNA, NewAlbum(name, album_id)).album_id


def change(account: Account, album_id: str, add: Any = (), remove: Any = ()) -> list[tuple[str, str | None]]:
    asked = Membership(list(add), list(remove))
    answers = albums.change_files(account.world, ANNA, album_id, asked).files
    return [(answer.outcome, answer.reason) for answer in answers]


def inside(account: Account, album_id: str, **asked: Any) -> list[str]:
    shown = albums.show_files(account.world, ANNA, album_id, AskedAlbums(**asked))
    return [file.file_id for file in shown.files]


def shown(account: Account, album_id: str) -> albums.AlbumShown:
    every = albums.page(account.world, ANNA, AskedAlbums()).albums
    (one,) = [album for album in every if album.album_id == album_id]
    return one


def test_files_are_put_in_and_taken_out(account: Account) -> None:
    album, ids = make(account), account.stock(3)

    added = change(account, album, add=ids)
    removed = change(account, album, remove=ids[:1])

    assert added + removed == [("added", None)] * 3 + [("removed", None)]
    assert (set(inside(account, album)), shown(account, album).files) == (set(ids[1:]), 2)


def test_the_same_again_is_a_repeat(account: Account) -> None:
    album, (file_id,) = make(account), account.stock(1)
    change(account, album, add=[file_id])

    assert change(account, album, add=[file_id, file_id]) == [("repeated", None)] * 2
    change(account, album, remove=[file_id])
    assert change(account, album, remove=[file_id]) == [("repeated", None)]
    assert shown(account, album).files == 0


def test_a_file_may_be_in_many_albums_and_tells_which(account: Account) -> None:
    one, other, (file_id,) = make(account), make(account), account.stock(1)

    for album in (one, other):
        change(account, album, add=[file_id])

    assert files.get(account.world, ANNA, file_id).albums == sorted([one, other])


def test_each_file_is_answered_on_its_own(account: Account) -> None:
    album, phone = make(account), account.phone()
    (theirs,) = [account.phone(STRANGER).bring(b"theirs")]
    here, thrown = phone.bring(b"1"), phone.bring(b"2")
    phone.throw_away(thrown)

    answers = change(account, album, add=[ID, theirs, here, thrown], remove=[ID])

    assert answers == [
        ("refused", "unknownFile"),
        ("refused", "unknownFile"),
        ("added", None),
        ("refused", "trashed"),
        ("refused", "unknownFile"),
    ]


def a_file(albums_of_it: int = 0, status: Status = Status.UPLOADED) -> File:
    told = frozenset(f"{n:032x}" for n in range(albums_of_it))
    return File(owner_id=OWNER, file_id=ID, name="a", type="a/b", status=status, key="k", created_at="t", albums=told)


@pytest.mark.parametrize(
    ("deed", "file", "room", "answer"),
    [
        ("added", a_file(), 1, None),
        ("added", a_file(), 0, ("refused", "albumFull")),
        ("added", a_file(kept.MOST_ALBUMS_OF_A_FILE - 1), 1, None),
        ("added", a_file(kept.MOST_ALBUMS_OF_A_FILE), 1, ("refused", "tooManyAlbums")),
        ("added", a_file(status=Status.TRASHED), 1, ("refused", "trashed")),
        ("added", a_file(status=Status.PURGING), 1, ("refused", "trashed")),
        ("added", a_file(status=Status.PENDING), 1, None),
        ("removed", a_file(status=Status.TRASHED), 0, ("repeated", None)),
        ("added", None, 1, ("refused", "unknownFile")),
    ],
)
def test_what_may_be_done_with_a_file(deed: Any, file: File | None, room: int, answer: Any) -> None:
    told = albums.judge(deed, ID, file, Album(album_id="b" * 32, name="x", created_at="t"), room)

    assert (told and (told.outcome, told.reason)) == answer


def test_the_table_too_refuses_what_the_judge_would(account: Account) -> None:
    """Another request may have been quicker than the look."""
    album_id, phone = make(account), account.phone()
    album = kept.find(account.world.table, OWNER, album_id)
    file = metadata_files.find(account.world.table, OWNER, phone.bring(b"photo"))
    assert album
    assert file
    full = Update(kept.key(OWNER, album_id), "SET #files = :most", values={"most": kept.MOST_FILES})
    account.world.table.put(full)

    with pytest.raises(albums.ConditionFailedError):
        account.world.table.write(*kept.joined(OWNER, album, [file]))


def test_the_first_album_is_told_to_the_pcs_of_what_arrives(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    first, second = make(account, "Müritzsee"), make(account, "Ostsee")
    (begun,) = phone.begin(b"photo")
    for album in (first, second):
        change(account, album, add=[begun.file_id])

    phone.bring(b"photo")

    assert [notice["album"] for notice in pc.owed()] == ["Müritzsee"]


def test_what_was_taken_out_of_its_first_album_is_told_without(account: Account) -> None:
    pc, phone, album = account.pc(), account.phone(), make(account)
    (begun,) = phone.begin(b"photo")
    change(account, album, add=[begun.file_id])
    change(account, album, remove=[begun.file_id])

    phone.bring(b"photo")

    assert "album" not in pc.owed()[0]


def test_an_album_goes_and_its_files_stay(account: Account) -> None:
    album, other, ids = make(account), make(account), account.stock(60)
    change(account, album, add=ids)
    change(account, other, add=ids[:1])

    albums.remove(account.world, ANNA, album)

    assert len(files.page(account.world, ANNA, files.Asked()).files) == 60
    assert files.get(account.world, ANNA, ids[0]).albums == [other]
    assert account.items(f"owner#{OWNER}", f"member#{album}") == []
    assert [one.album_id for one in albums.page(account.world, ANNA, AskedAlbums()).albums] == [other]


def test_a_removal_that_died_is_begun_again_and_nothing_joins_meanwhile(account: Account) -> None:
    album, ids = make(account), account.stock(2)
    change(account, album, add=ids[:1])
    account.world.table.put(kept.closing(kept.key(OWNER, album)))

    with pytest.raises(NotFoundError):
        change(account, album, add=ids[1:])
    albums.remove(account.world, ANNA, album)

    assert account.items(f"owner#{OWNER}", "album#") == account.items(f"owner#{OWNER}", "member#") == []
    assert account.item(f"owner#{OWNER}", "albums") == {"pk": f"owner#{OWNER}", "sk": "albums", "count": 0}


def test_what_was_thrown_away_is_not_shown_and_is_back_when_it_is_had_back(account: Account) -> None:
    album, phone = make(account), account.phone()
    file_id = phone.bring(b"photo")
    change(account, album, add=[file_id])

    phone.throw_away(file_id)
    while_away = inside(account, album)
    phone.restore(file_id)

    assert (while_away, inside(account, album)) == ([], [file_id])


def test_what_is_purged_is_in_no_album_any_more(account: Account) -> None:
    album, phone = make(account), account.phone()
    file_id = phone.bring(b"photo")
    change(account, album, add=[file_id])
    phone.throw_away(file_id)
    trash.purge(account.world, ANNA, file_id)
    file = metadata_files.find(account.world.table, OWNER, file_id)
    assert file

    assert purges.finish(account.world, file)

    assert (shown(account, album).files, account.items(f"owner#{OWNER}", "member#")) == (0, [])


def test_a_name_is_changed_by_who_saw_the_last_one(account: Account) -> None:
    album = make(account)

    renamed = albums.rename(account.world, ANNA, album, RenamedAlbum("Ostsee", 0))

    assert (renamed.name, renamed.version) == ("Ostsee", 1)
    with pytest.raises(albums.AlbumChangedError) as refusal:
        albums.rename(account.world, ANNA, album, RenamedAlbum("Nordsee", 0))
    assert refusal.value.details == {"version": 1, "name": "Ostsee"}


def test_an_album_of_ones_own_id_is_made_once(account: Account) -> None:
    make(account, "Müritzsee", ID)

    again = albums.make(account.world, ANNA, NewAlbum("other", ID))

    assert (again.name, len(albums.page(account.world, ANNA, AskedAlbums()).albums)) == ("Müritzsee", 1)


def test_there_may_be_so_many_albums_and_no_more(account: Account) -> None:
    make(account)
    counter = metadata_files.Key(f"owner#{OWNER}", "albums")
    account.world.table.put(Update(counter, "SET #count = :most", values={"most": kept.MOST_ALBUMS}))

    with pytest.raises(albums.TooManyAlbumsError):
        make(account)


def test_pages_join(account: Account) -> None:
    album, ids = make(account), account.stock(5)
    change(account, album, add=ids)
    first = albums.show_files(account.world, ANNA, album, AskedAlbums(limit=3))

    rest = albums.show_files(account.world, ANNA, album, AskedAlbums(limit=3, next=first.next))

    assert [one.file_id for one in first.files + rest.files] == sorted(ids, reverse=True)


def test_what_each_costs(account: Account) -> None:
    album, ids = make(account), account.stock(100)

    with account.counting() as counted:
        change(account, album, add=ids)
        added = list(counted)
        counted.clear()
        inside(account, album)

    assert added == ["GetItem", "GetItem", "BatchGetItem", *["TransactWriteItems"] * 3]
    assert counted == ["GetItem", "Query", "BatchGetItem"]


@pytest.mark.parametrize("album_id", [ID, "x", "", "%2e%2e", "0" * 3000])
def test_an_album_that_is_not_there_is_404(account: Account, album_id: str) -> None:
    before = account.everything()

    for ask in (
        lambda: albums.rename(account.world, ANNA, album_id, RenamedAlbum("x", 0)),
        lambda: albums.remove(account.world, ANNA, album_id),
        lambda: albums.show_files(account.world, ANNA, album_id, AskedAlbums()),
        lambda: change(account, album_id, add=[ID]),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert account.everything() == before


@pytest.mark.parametrize("how", ["called off", "never came"])
def test_a_file_that_never_came_is_in_no_album_any_more(account: Account, how: str) -> None:
    """Its member would be left else, the album could never be removed, and would count it for ever."""
    phone, album = account.phone(), make(account)
    (begun,) = phone.begin(b"photo")
    change(account, album, add=[begun.file_id])

    if how == "called off":
        uploads.abort(account.world, phone.caller, begun.file_id)
    else:
        account.clock.wind(hours=25)
        sweeps.sweep_pending(account.world)

    (shown,) = albums.page(account.world, ANNA, AskedAlbums()).albums
    assert (shown.files, account.items(f"owner#{OWNER}", "member#")) == (0, [])
    albums.remove(account.world, ANNA, album)


def test_a_file_that_joins_an_album_as_it_is_given_up_is_looked_at_again(account: Account) -> None:
    phone, album = account.phone(), make(account)
    (begun,) = phone.begin(b"photo")
    seen = metadata_files.find(account.world.table, OWNER, begun.file_id)
    assert seen is not None
    change(account, album, add=[begun.file_id])

    with pytest.raises(ConditionFailedError):
        account.world.table.write(*metadata_files.released(seen))


def test_a_strangers_album_is_404(account: Account) -> None:
    album = make(account)

    with pytest.raises(NotFoundError):
        albums.remove(account.world, STRANGE, album)
    with pytest.raises(NotFoundError):
        albums.change_files(account.world, STRANGE, album, Membership([ID]))
    assert albums.page(account.world, STRANGE, AskedAlbums()).albums == []


def test_a_pc_sees_no_album(account: Account) -> None:
    pc = account.pc()

    with pytest.raises(NotAllowedError):
        albums.page(account.world, pc.caller, AskedAlbums())
    with pytest.raises(NotAllowedError):
        albums.make(account.world, pc.caller, NewAlbum("x"))


def test_a_forged_cursor_is_refused(account: Account) -> None:
    with pytest.raises(BadCursorError):
        albums.show_files(account.world, ANNA, make(account), AskedAlbums(next="x"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"name": ""}', NewAlbum),
        (b'{"name": "%s"}' % (b"x" * 201), NewAlbum),
        (b'{"name": "a", "albumId": "#"}', NewAlbum),
        (b'{"name": "a"}', RenamedAlbum),
        (b'{"add": ["x"]}', Membership),
        (b'{"add": [%s]}' % b", ".join([b'"' + b"0" * 32 + b'"'] * 101), Membership),
    ],
)
def test_what_makes_no_sense_is_refused(body: bytes, kind: Any) -> None:
    with pytest.raises(BadInputError):
        bodies.parse(body, kind)


def test_the_order_of_an_album_is_read_to_its_end_however_little_a_query_tells() -> None:
    """DynamoDB ends a page at a megabyte, however many were asked for."""

    class Sparing:
        def page(self, _pk: str, _prefix: str, *, limit: int, after: str | None) -> Page:
            assert limit == kept.MOST_FILES
            return Page([{"shelvedAt": "2023"}], None) if after else Page([{"shelvedAt": "2022"}], "last")

    sparing: Any = Sparing()

    assert kept.in_order(sparing, OWNER, ID) == ["2023", "2022"]
