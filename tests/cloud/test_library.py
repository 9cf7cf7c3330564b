"""The library: in which order files are listed, which are, and that a page costs the same however many there are."""

from typing import Any

import msgspec
import pytest
from botocore.credentials import ReadOnlyCredentials

from chalicelib import bodies, cursors
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.errors import BadCursorError, BadInputError
from chalicelib.library import files
from chalicelib.metadata import files as metadata_files
from chalicelib.metadata import library, media, shelves
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import to_item
from chalicelib.metadata.table import Put
from tests.builders import OWNER, SETTINGS, STRANGER, Account, HandClock
from tests.simulation.memory_table import Change, MemoryTable

READER = Caller(OWNER, None, frozenset({"read"}))
NEW_YEAR = "2024-01-01T00:00:00"


def a_file(n: int, *, at: str = "", owner_id: str = OWNER, **more: Any) -> File:
    told = {"name": f"{n}.jpg", "type": "image/jpeg", "status": Status.UPLOADED, "size": n + 1} | more
    moment = at or f"2024-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T{n // 336 % 24:02}:{n // 8064 % 60:02}:00Z"
    return File(
        owner_id=owner_id,
        file_id=f"{n:032x}",
        key=f"originals/{owner_id}/{n}",
        created_at="2026-11-21T10:00:00.000Z",
        captured_at=moment,
        captured_from="exif",
        **told,
    )


class Shelf:
    """A library in memory, and what each call on it had to read."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.client = MemoryTable(self._wire)
        self.world = Cloud(
            SETTINGS, lambda _: self.client, HandClock(), get_credentials=lambda: ReadOnlyCredentials("x", "x", None)
        )

    def _wire(self, _: str, call: Any) -> Any:
        reply = call()
        self.read.append(len(reply.get("Items", ())))
        return reply

    def put(self, *some: File) -> None:
        """Put files where an arrival would have put them; one by one, that takes minutes."""
        made = [metadata_files.uploaded(None, file)[0] for file in some]
        items = [to_item(operation.item) for operation in made if isinstance(operation, Put)]
        self.client._commit([Change((item["pk"]["S"], item["sk"]["S"]), None, item) for item in items])

    def page(self, **asked: Any) -> files.FilesShown:
        return files.page(self.world, READER, msgspec.convert(asked, files.Asked, strict=False))

    def names(self, **asked: Any) -> list[str]:
        """List all that is wanted, page by page."""
        told, after = [], None
        while True:
            page = self.page(**asked, **({"next": after} if after else {}))
            told += [file.name.removesuffix(".jpg") for file in page.files]
            after = page.next
            if after is None:
                return told


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
def filled() -> Shelf:
    made = Shelf()
    made.put(*(a_file(n, type="video/mp4" if n % 10 == 0 else "image/jpeg") for n in range(8_000)))
    return made


# ---- In which order


def test_what_was_captured_last_comes_first_whenever_it_arrived(shelf: Shelf) -> None:
    shelf.put(a_file(1, at="2024-05-05T10:00:00+02:00"), a_file(2, at="1999-12-31T23:59:59"), a_file(3, at=NEW_YEAR))

    assert shelf.names() == ["1", "3", "2"]
    assert shelf.names(order="arrival") == ["3", "2", "1"]


def test_a_days_files_are_in_the_order_of_the_clocks_on_the_wall(shelf: Shelf) -> None:
    shelf.put(a_file(1, at="2024-05-05T09:00:00-11:00"), a_file(2, at="2024-05-05T10:00:00+14:00"))

    assert shelf.names() == ["2", "1"]


@pytest.mark.parametrize(
    ("told", "position"),
    [
        ("2024-01-31T12:34:56+01:00", "2024-01-31T12:34:56.000#x"),
        ("2024-01-31T12:34:56", "2024-01-31T12:34:56.000#x"),
        ("2024-01-31T12:34:56.5Z", "2024-01-31T12:34:56.500#x"),
        ("2024-01-31T12:34:56.123456789-09:30", "2024-01-31T12:34:56.123#x"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000#x"),
    ],
)
def test_a_position_is_the_wall_clock_to_the_thousandth_and_the_id(told: str, position: str) -> None:
    assert shelves.position(told, "x") == position


@pytest.mark.parametrize("order", ["capture", "arrival"])
@pytest.mark.parametrize("limit", [1, 3, 500])
def test_pages_join_without_gap_or_repeat(shelf: Shelf, order: str, limit: int) -> None:
    shelf.put(*(a_file(n, at=NEW_YEAR) for n in range(10)))

    assert shelf.names(order=order, limit=limit) == [str(n) for n in range(9, -1, -1)]


@pytest.mark.parametrize("order", ["capture", "arrival"])
def test_what_is_put_in_between_pages_moves_nothing(shelf: Shelf, order: str) -> None:
    shelf.put(*(a_file(n) for n in range(10, 16)))
    first = shelf.page(order=order, limit=3)

    shelf.put(a_file(1), a_file(20))

    rest = shelf.page(order=order, limit=10, next=first.next)
    assert [file.name for file in (*first.files, *rest.files)] == [f"{n}.jpg" for n in (*range(15, 9, -1), 1)]


def test_a_page_goes_on_where_a_file_has_gone_meanwhile(account: Account) -> None:
    phone = account.phone()
    ids = [phone.bring(f"{n}".encode(), takenAt=f"2024-01-0{n}T00:00:00Z") for n in range(1, 6)]
    first = files.page(account.world, READER, files.Asked(limit=2))

    phone.throw_away(first.files[-1].file_id)

    rest = files.page(account.world, READER, files.Asked(next=first.next))
    assert [file.file_id for file in first.files + rest.files] == ids[::-1]


# ---- Where files lie as they live


def test_a_file_lies_where_its_phone_says_until_its_contents_are_looked_into(account: Account) -> None:
    phone = account.phone()
    told, untold = phone.bring(b"1", takenAt="2020-02-02T02:02:02+09:00"), phone.bring(b"2")
    (newest, oldest) = files.page(account.world, READER, files.Asked()).files

    assert (newest.file_id, newest.captured_at, newest.captured_from) == (untold, newest.created_at, "upload")
    assert (oldest.file_id, oldest.captured_at, oldest.captured_from) == (told, "2020-02-02T02:02:02+09:00", "phone")


def test_a_file_is_moved_when_its_contents_tell_better(account: Account) -> None:
    phone = account.phone()
    moved, other = phone.bring(b"1"), phone.bring(b"2", takenAt="2020-01-01T00:00:00Z")
    file = metadata_files.find(account.world.table, OWNER, moved)
    assert file

    facts = {"capturedAt": "1999-01-01T00:00:00", "capturedFrom": "exif", "mediaState": "done"}
    account.world.table.put(media.found(file, facts))

    assert [one.file_id for one in files.page(account.world, READER, files.Asked()).files] == [other, moved]


def test_what_was_thrown_away_lies_on_a_shelf_of_its_own(account: Account) -> None:
    phone = account.phone()
    kept, thrown = phone.bring(b"1"), phone.bring(b"2")

    phone.throw_away(thrown)

    for order in ("capture", "arrival"):
        shown = files.page(account.world, READER, files.Asked(order=order)).files
        trashed = files.page(account.world, READER, files.Asked(order=order, status=Status.TRASHED)).files
        assert ([one.file_id for one in shown], [one.file_id for one in trashed]) == ([kept], [thrown])


def test_what_is_had_back_lies_where_it_lay(account: Account) -> None:
    phone = account.phone()
    ids = [phone.bring(f"{n}".encode(), takenAt=f"2024-01-0{n}T00:00:00Z") for n in range(1, 4)]

    phone.throw_away(ids[1])
    phone.restore(ids[1])

    assert [one.file_id for one in files.page(account.world, READER, files.Asked()).files] == ids[::-1]


def test_a_list_tells_how_far_each_file_has_come(account: Account) -> None:
    pc, _ = account.pc(), account.pc()
    account.phone().bring(b"photo")
    pc.receipt(*pc.owed())

    (shown,) = files.page(account.world, READER, files.Asked()).files

    assert (shown.owed_to_count, shown.home_count, shown.cloud_copy, shown.status) == (1, 1, "kept", "uploaded")


def test_both_orders_tell_the_same_of_a_file(account: Account) -> None:
    account.pc()
    account.phone().bring(b"photo", takenAt="2024-01-01T00:00:00Z", groupId="g")

    by_capture, by_arrival = (
        files.page(account.world, READER, files.Asked(order=order)).files for order in ("capture", "arrival")
    )

    assert by_capture == by_arrival


def test_anothers_files_are_on_no_page(shelf: Shelf) -> None:
    shelf.put(a_file(1), a_file(2, owner_id=STRANGER))

    assert shelf.names() == shelf.names(order="arrival") == ["1"]


# ---- Which files


PHONE, TABLET = "a" * 32, "b" * 32
SOME = [
    a_file(1, at="2023-12-31T23:59:59Z", device_id=PHONE),
    a_file(2, at="2024-01-01T00:00:00+05:00", type="image/heic", device_id=TABLET),
    a_file(3, at="2024-01-31T23:59:59.999-08:00", type="video/mp4", device_id=PHONE),
    a_file(4, at="2024-02-01T00:00:00", type="application/pdf", status=Status.DOWNLOADED),
    a_file(5, at="2024-02-01T08:00:00", favourite_of=OWNER),
]


@pytest.mark.parametrize("order", ["capture", "arrival"])
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, "54321"),
        ({"from": "2024"}, "5432"),
        ({"to": "2023"}, "1"),
        ({"from": "2024-01", "to": "2024-01"}, "32"),
        ({"from": "2024-01-31", "to": "2024-02-01"}, "543"),
        ({"from": "2024-02-01T00:00:01"}, "5"),
        ({"to": "2024-02-01T00:00:00"}, "4321"),
        ({"from": "2024-01-02", "to": "2024-01-30"}, ""),
        ({"kind": "photo"}, "521"),
        ({"kind": "video"}, "3"),
        ({"kind": "other"}, "4"),
        ({"type": "image/heic"}, "2"),
        ({"deviceId": PHONE}, "31"),
        ({"status": "downloaded"}, "4"),
        ({"status": "pending"}, ""),
        ({"status": "trashed"}, ""),
        ({"favourite": "true"}, "5"),
        ({"favourite": "false"}, "4321"),
        ({"favourite": "true", "kind": "video"}, ""),
        ({"favourite": "true", "from": "2025"}, ""),
        ({"kind": "photo", "deviceId": PHONE, "from": "2023-12-31", "status": "uploaded"}, "1"),
    ],
)
def test_what_is_wanted_is_told_and_nothing_else(shelf: Shelf, asked: Any, names: str, order: str) -> None:
    shelf.put(*SOME)

    assert "".join(shelf.names(order=order, **asked)) == names
    assert "".join(shelf.names(order=order, limit=1, **asked)) == names


def test_a_favourite_that_was_thrown_away_is_told_with_the_trash_alone(account: Account) -> None:
    file = a_file(1, favourite_of=OWNER, sha256="a" * 64)
    account.world.table.write(*metadata_files.uploaded(None, file))
    account.phone().throw_away(file.file_id)

    asked = (files.Asked(favourite=True), files.Asked(favourite=True, status=Status.TRASHED))

    assert [len(files.page(account.world, READER, one).files) for one in asked] == [0, 1]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "x"},
        {"order": "size"},
        {"from": "yesterday"},
        {"from": "2024-1-1"},
        {"to": "2024-01-01T00:00:00Z"},
        {"from": "\u0662\u0660\u0662\u0664"},
        {"from": "2024-02", "to": "2024-01"},
        {"kind": "Photo"},
        {"type": "image"},
        {"deviceId": "#"},
        {"status": "gone"},
        {"favourite": "maybe"},
    ],
)
def test_what_makes_no_sense_is_refused(shelf: Shelf, query: dict[str, str]) -> None:
    with pytest.raises(BadInputError):
        files.page(shelf.world, READER, bodies.convert(query, files.Asked))
    assert shelf.read == []


POSITION = shelves.position("2024-01-01T00:00:00", "a" * 32)


@pytest.mark.parametrize(
    ("cursor", "asked"),
    [
        ("", {}),
        ("x", {}),
        ("a" * 5000, {}),
        (cursors.encode("a" * 32), {}),
        (cursors.encode("2024-01-01T00:00:00.000#x"), {}),
        (cursors.encode(POSITION), {"order": "arrival"}),
        (cursors.encode(POSITION), {"from": "2025"}),
        (cursors.encode(POSITION), {"to": "2023-12-31"}),
    ],
)
def test_a_cursor_of_another_list_is_refused(shelf: Shelf, cursor: str, asked: dict[str, str]) -> None:
    with pytest.raises(BadCursorError):
        shelf.page(next=cursor, **asked)
    assert shelf.read == []


# ---- What a page costs


@pytest.mark.parametrize("asked", [{}, {"order": "arrival"}, {"from": "2024-06", "to": "2024-07"}])
def test_a_page_of_a_large_library_reads_what_it_shows(filled: Shelf, asked: dict[str, str]) -> None:
    filled.read.clear()

    first = filled.page(limit=100, **asked)
    filled.page(limit=100, next=first.next, **asked)

    assert filled.read == [100, 100]


def test_a_page_of_some_files_is_one_query_that_looks_at_few(filled: Shelf) -> None:
    filled.read.clear()

    shown = filled.page(limit=20, kind="video")

    assert len(filled.read) == 1
    assert len(shown.files) <= filled.read[0] <= 20 * library.LOOKED_AT


def test_a_page_may_be_empty_and_go_on(filled: Shelf) -> None:
    page = filled.page(limit=5, type="image/png")

    assert (page.files, page.next is None) == ([], False)


def test_a_page_costs_one_query_in_either_order(account: Account) -> None:
    account.phone().bring(b"photo")

    for asked in (files.Asked(), files.Asked(order="arrival"), files.Asked(favourite=True), files.Asked(kind="photo")):
        with account.counting() as counted:
            files.page(account.world, READER, asked)

        assert counted == ["Query"]
