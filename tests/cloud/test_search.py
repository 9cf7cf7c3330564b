"""The search: what is found by which words, in which order, and that a page is a handful of reads in any library."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import cursors
from chalicelib.auth.callers import Caller
from chalicelib.errors import BadCursorError, BadInputError
from chalicelib.library import edits, indexing, search
from chalicelib.media import tasks, work
from chalicelib.metadata import files as kept
from chalicelib.metadata import media, postings, shelves, words
from chalicelib.metadata.files import Status
from tests.builders import OWNER, STRANGER, Account
from tests.catalogue import Catalogue, a_file
from tests.thrown import purge, sweep

READER = Caller(OWNER, None, frozenset({"read", "upload"}))


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


# ---- What a word is

WORDS = [
    ("IMG_0001.jpg", ["img", "0001", "jpg"]),
    ("Ferien am Müritzsee (3).HEIC", ["ferien", "am", "müritzsee", "3", "heic"]),
    ("Mu\u0308ritz", ["müritz"]),
    ("ﬁle STRASSE straße", ["file", "strasse", "strasse"]),
    ("İstanbul", ["i̇stanbul"]),
    ("2024-07-13 lake", ["2024", "2024-07", "2024-07-13", "lake"]),
    ("20240713_101500", ["20240713", "101500"]),
    ("富士山.jpg", ["富士", "士山", "山", "jpg"]),
    ("旅行2024", ["旅行", "行", "2024"]),
    ("สวัส", ["สว", "วั", "ัส", "ส"]),
    ("x" * 100, ["x" * 32]),
    ("🙂 _-#/ \u202e", []),
]


@pytest.mark.parametrize(("text", "told"), WORDS)
def test_a_text_is_cut_into_words(text: str, told: list[str]) -> None:
    assert words.read(text) == told


def test_a_file_is_found_by_name_type_camera_device_and_date() -> None:
    file = a_file(1, "lake.HEIC", camera="Apple iPhone 12", device_name="Anna's phone", type="image/heic")

    told = words.of(file)

    expected = {"lake", "heic", "image", "apple", "iphone", "12", "anna", "s", "phone", "2024", "2024-07", "2024-07-13"}
    assert set(told) == expected | {"july"}


def test_a_file_has_no_more_words_than_one_write_can_hold() -> None:
    file = a_file(1, " ".join(f"w{n}" for n in range(200)), albums=frozenset(f"{n:032x}" for n in range(20)))
    again = msgspec.structs.replace(
        file, indexed={"at": "x", "words": " ".join(f"v{n}" for n in range(24)), "group": "=g"}
    )

    assert len(words.of(file)) == words.MOST_WORDS
    assert len(postings.written(again)) < 99


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("lake", ((), "lake")),
        ("IMG 2024 la", (("img", "2024"), "la")),
        ("a a a b", (("a",), "b")),
        ("2024-07-13", ((), "2024-07-13")),
        ("富士山旅行", (("富士", "山旅"), "旅行")),
        ("富", ((), "富")),
    ],
)
def test_what_is_looked_for_is_words_and_a_beginning(text: str, terms: Any) -> None:
    assert words.parse(text) == terms


@pytest.mark.parametrize("text", ["", " ", "🙂", "#", "a " * 9, "x" * 201, "\x00"])
def test_what_holds_no_word_or_too_many_is_refused(catalogue: Catalogue, text: str) -> None:
    with pytest.raises(BadInputError, match=r"^text must be"):
        catalogue.page(text)
    assert catalogue.calls == []


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(max_size=60))
def test_whatever_a_file_is_called_it_is_found_by_that(text: str) -> None:
    found, terms = words.read(text), words.parse(text)

    assert (terms is None) == (found == [])
    assert terms is None or words.fits(found, terms)
    assert not set("#=$! ") & set("".join(found))
    assert all(0 < len(word) <= words.MOST_CHARACTERS for word in found)


@pytest.mark.parametrize("limit", [0, 501, -1, "x"])
def test_a_page_holds_one_to_five_hundred(catalogue: Catalogue, limit: Any) -> None:
    with pytest.raises(BadInputError, match="limit"):
        catalogue.page("lake", limit=limit)


# ---- What is found


LIBRARY = [
    a_file(1, "IMG_0001.jpg", at="2024-07-13T10:00:00", camera="Apple iPhone 12"),
    a_file(2, "IMG_0002.jpg", at="2024-07-14T10:00:00", camera="Apple iPhone 12"),
    a_file(3, "DSC00003.JPG", at="2023-07-01T10:00:00", camera="SONY DSC-RX100"),
    a_file(4, "Müritzsee 4.mov", at="2024-08-01T10:00:00", type="video/quicktime"),
    a_file(5, "Budget 2024.pdf", at="2025-01-01T10:00:00", type="application/pdf"),
    a_file(6, "富士山旅行.jpg", at="2022-01-01T10:00:00"),
    a_file(7, "imgur.png", at="2021-01-01T10:00:00", type="image/png"),
    a_file(8, "IMG_0009.jpg", at="2026-01-01T10:00:00", owner_id=STRANGER),
    a_file(9, "IMG_0009.jpg", at="2026-01-01T10:00:00", status=Status.TRASHED, trashed_at="2026-01-01"),
]
FOUND = [
    ("img", {}, "2 1 7"),
    ("IMG jpg", {}, "2 1"),
    ("im 0001", {}, ""),
    ("iphone 0001", {}, "1"),
    ("0001 iph", {}, "1"),
    ("apple 2024-07", {}, "2 1"),
    ("july", {}, "2 1 3"),
    ("2024", {}, "5 4 2 1"),
    ("2024-07-13", {}, "1"),
    ("video", {}, "4"),
    ("muritz", {}, ""),
    ("MÜRITZ", {}, "4"),
    ("Mu\u0308ritz", {}, "4"),
    ("富士", {}, "6"),
    ("士山", {}, "6"),
    ("富士山", {}, "6"),
    ("山", {}, "6"),
    ("行", {}, "6"),
    ("山富", {}, ""),
    ("2024", {"from": "2024-07-14", "to": "2024"}, "4 2"),
    ("2024", {"kind": "video"}, "4"),
    ("2024", {"kind": "photo"}, "2 1"),
    ("2024", {"kind": "other"}, "5"),
    ("img", {"limit": "1"}, "2 1 7"),
    ("2024", {"limit": "1"}, "5 4 2 1"),
    ("nothing", {}, ""),
]


@pytest.mark.parametrize("bounds", [(100, 4), (1, 4), (1, 1), (1, 0)])
@pytest.mark.parametrize(("text", "asked", "found"), FOUND)
def test_what_has_all_the_words_is_found(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, bounds: tuple[int, int], text: str, asked: Any, found: str
) -> None:
    """Whichever way it is looked for: in what a probe read, by the postings of one word, of several, of all files."""
    monkeypatch.setattr(postings, "PROBE", bounds[0])
    monkeypatch.setattr(postings, "MOST_BEGUN", bounds[1])
    monkeypatch.setattr(postings, "LOOKED_AT", (2, 2))
    catalogue.put(*LIBRARY)
    by_name = {file.name: str(int(file.file_id, 16)) for file in LIBRARY[:7]}

    assert [by_name[name] for name in catalogue.names(text, **asked)] == found.split()


def test_words_that_begin_alike_are_told_as_far_as_all_have_been_read(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "PROBE", 1)
    film = {"type": "video/quicktime"}
    catalogue.put(*(a_file(n, f"img {n}.jpg", at=f"2024-02-0{n}T10:00:00") for n in range(1, 9)))
    catalogue.put(a_file(20, "imgur.mov", at="2023-01-01T00:00:00", **film))
    catalogue.put(a_file(21, "img.mov", at="2024-01-01T00:00:00", **film))

    assert catalogue.names("img", kind="video", limit=2) == ["img.mov", "imgur.mov"]


def test_a_page_looks_at_so_many_files_and_no_more_even_if_it_found_none(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "PROBE", 1)
    monkeypatch.setattr(postings, "LOOKED_AT", (1, 1))
    catalogue.put(*(a_file(n, f"lake {n}.jpg", at=f"2024-02-0{n}T10:00:00", camera="Fuji X") for n in range(1, 9)))
    catalogue.put(a_file(20, "lake.jpg", at="2023-01-01T00:00:00", camera="Sony X"))
    catalogue.put(a_file(21, "ship.jpg", at="2025-01-01T00:00:00", camera="Sony X"))

    first, *rest = list(catalogue.pages("lake sony", limit=1))

    assert first.files == []
    assert [file.name for page in rest for file in page.files] == ["lake.jpg"]


def test_only_what_is_in_an_album_is_found_if_that_is_wanted(catalogue: Catalogue) -> None:
    catalogue.put(a_file(1, "a.jpg", albums=frozenset({"b" * 32})), a_file(2, "a.jpg"))

    assert catalogue.names("jpg", album="b" * 32) == ["a.jpg"]
    assert catalogue.names("jpg", album="c" * 32) == []


@pytest.mark.parametrize("cursor", ["", "x", cursors.encode("a" * 32), "a" * 5000])
def test_a_cursor_of_another_list_is_refused(catalogue: Catalogue, cursor: str) -> None:
    with pytest.raises(BadCursorError):
        catalogue.page("img", next=cursor)
    with pytest.raises(BadCursorError):
        catalogue.page("img", next=cursors.encode(shelves.position("2024-01-01T00:00:00", "a" * 32)), to="2023")
    assert catalogue.calls == []


# ---- What is found lives with the file


def find(account: Account, text: str) -> list[str]:
    return [file.file_id for file in search.page(account.world, READER, search.Search(text=text)).files]


def look_into(account: Account, file_id: str) -> None:
    work.run(account.world, tasks.Look(OWNER, file_id))


def left(account: Account) -> list[Any]:
    return account.items(f"words#{OWNER}", "")


def test_a_file_is_found_once_its_contents_were_looked_into(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="Müritzsee.txt", type="text/plain")
    before = find(account, "mür")

    look_into(account, file_id)

    assert (before, find(account, "mür")) == ([], [file_id])
    assert account.item(f"owner#{OWNER}", f"media#{file_id}") is None


def test_who_dies_before_a_file_is_found_leaves_the_debt(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="lake.txt", type="text/plain")
    file = kept.find(account.world.table, OWNER, file_id)
    assert file is not None
    account.world.table.put(media.found(file, {"capturedAt": "2020-01-01T00:00:00", "mediaState": "none"}))
    assert account.item(f"owner#{OWNER}", f"media#{file_id}")

    look_into(account, file_id)

    assert find(account, "lake 2020") == [file_id]
    assert account.item(f"owner#{OWNER}", f"media#{file_id}") is None


def test_looking_twice_writes_nothing_twice(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="lake.txt", type="text/plain")
    look_into(account, file_id)
    before = account.everything()

    look_into(account, file_id)

    assert account.everything() == before


def test_a_file_is_found_by_its_new_name_at_once_and_by_the_old_one_no_more(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="lake.txt", type="text/plain")
    look_into(account, file_id)

    edits.edit(account.world, READER, file_id, edits.Edit(0, name="sea.txt"))

    assert (find(account, "lake"), find(account, "sea")) == ([], [file_id])
    assert not [item for item in left(account) if item["sk"].startswith("lake") or "lake" in item["words"]]


def test_a_rename_before_a_file_can_be_found_counts_when_it_can(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="lake.txt", type="text/plain")
    edits.edit(account.world, READER, file_id, edits.Edit(0, name="sea.txt"))

    look_into(account, file_id)

    assert (find(account, "lake"), find(account, "sea")) == ([], [file_id])


def test_a_file_renamed_while_it_is_made_findable_is_read_again(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="lake.txt", type="text/plain")
    table = account.world.table
    write, meddled = table.write, []

    def meddle(*operations: Any) -> None:
        if not meddled:
            meddled.append(True)
            edits.edit(account.world, READER, file_id, edits.Edit(0, name="sea.txt"))
        write(*operations)

    table.write = meddle  # type: ignore[method-assign]
    indexing.settle(account.world, OWNER, file_id)

    assert find(account, "sea") == [file_id]
    assert not [item for item in left(account) if "lake" in item["words"]]


def test_what_is_thrown_away_is_found_no_more_and_had_back_it_is(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"text", name="lake.txt", type="text/plain")
    look_into(account, file_id)

    phone.throw_away(file_id)
    thrown_away = find(account, "lake")
    phone.restore(file_id)

    assert (thrown_away, find(account, "lake")) == ([], [file_id])


def test_another_owner_finds_nothing_of_it(account: Account) -> None:
    look_into(account, account.phone().bring(b"text", name="lake.txt", type="text/plain"))

    stranger = Caller(STRANGER, None, frozenset({"read"}))

    assert search.page(account.world, stranger, search.Search(text="lake")).files == []


def test_a_file_whose_contents_are_given_up_is_found_by_what_is_known(account: Account) -> None:
    file_id = account.phone().bring(b"text", name="lake.txt", type="text/plain")
    for hours in (5, 9, 17, 33, 65):
        account.clock.wind(hours=hours)
        tasks.sweep(account.world)

    assert find(account, "lake") == [file_id]


def test_what_was_renamed_a_moment_ago_is_not_shown_for_what_it_was(catalogue: Catalogue) -> None:
    """Whoever reads postings and then the file may meet a rename in between."""
    catalogue.put(a_file(1, "lake.jpg"))
    file = kept.find(catalogue.world.table, OWNER, f"{1:032x}")
    assert file is not None
    renamed, call = [], catalogue.client._wire

    def meddle(operation: str, do: Any) -> Any:
        if operation == "BatchGetItem" and not renamed:
            renamed.append(True)
            edits.edit(catalogue.world, READER, file.file_id, edits.Edit(0, name="sea.jpg"))
        return call(operation, do)

    catalogue.client._wire = meddle

    assert catalogue.page("lake").files == []


def test_a_purged_file_leaves_no_word(account: Account) -> None:
    phone = account.phone()
    file_id = phone.bring(b"text", name="lake.txt", type="text/plain", groupId="a")
    look_into(account, file_id)
    phone.throw_away(file_id)

    purge(account, file_id)
    sweep(account, hours=1)

    assert left(account) == []
