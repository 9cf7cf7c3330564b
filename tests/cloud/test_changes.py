"""Changes: who follows the log has what the library shows, whoever writes meanwhile, and loses no file."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
import pytest
from botocore.credentials import ReadOnlyCredentials

from chalicelib import cursors
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.errors import BadCursorError, ConditionFailedError
from chalicelib.library import changes, files
from chalicelib.metadata import changes as log
from chalicelib.metadata import copies, edits, marks, media, shelves, trash
from chalicelib.metadata import files as kept
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.table import Page, Table
from tests.builders import OWNER, SETTINGS, STRANGER, Account, HandClock
from tests.simulation.memory_table import MemoryTable

READER = Caller(OWNER, None, frozenset({"read"}))
NOW = "2026-11-21T10:00:00.000Z"
PC = "d" * 32


class Follower:
    """A phone with a list of its own."""

    def __init__(self, world: Cloud, limit: int = 3) -> None:
        self.world, self.limit = world, limit
        self.since: str | None = None
        self.known: dict[str, Any] = {}

    def ask(self) -> changes.ChangesShown:
        told = changes.page(self.world, READER, changes.Asked(self.since, self.limit))
        for change in told.changes:
            if change.file:
                self.known[change.file_id] = change.file
            else:
                self.known.pop(change.file_id, None)
        self.since = told.next
        return told

    def follow(self) -> None:
        while self.ask().more:
            pass

    def branch(self) -> "Follower":
        other = Follower(self.world, self.limit)
        other.since, other.known = self.since, dict(self.known)
        return other


def shown_in(world: Cloud) -> dict[str, Any]:
    """List all there is, the trash too."""
    told: dict[str, Any] = {}
    for status in (None, Status.TRASHED, Status.PURGING):
        after = None
        while True:
            page = files.page(world, READER, files.Asked(limit=500, next=after, status=status))
            told |= {file.file_id: file for file in page.files}
            after = page.next
            if after is None:
                break
    return told


class Crowd:
    """An owner's files in memory, and everybody who writes to them, whenever a call is made."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.busy = 0.0
        self.inside = False
        self.client = MemoryTable(self._wire)
        self.client.index_lag = lambda count: self.chance.randrange(count + 1) if self.busy else 0
        self.table = Table(self.client, SETTINGS.table, sleep=lambda _: None)
        self.world = Cloud(
            SETTINGS, lambda _: self.client, HandClock(), get_credentials=lambda: ReadOnlyCredentials("x", "x", None)
        )
        self.ids: list[str] = []

    def _wire(self, _: str, call: Callable[[], Any]) -> Any:
        self._meddle()
        reply = call()
        self._meddle()
        return reply

    def _meddle(self) -> None:
        if self.inside or self.chance.random() >= self.busy:
            return
        self.inside = True
        try:
            self.write()
        finally:
            self.inside = False

    def write(self) -> None:
        """Let one writer do what it may."""
        deeds = [self.begin, self.arrive, self.receipt, self.throw_away, self.restore, self.purge, self.release]
        deed = self.chance.choice([*deeds, self.edit, self.look_into, self.leave, self.other_reader])
        file = kept.find(self.table, OWNER, self.chance.choice(self.ids)) if self.ids else None
        with suppress(ConditionFailedError):
            deed(file) if file else self.begin(None)

    def begin(self, _: File | None) -> None:
        file_id = f"{self.chance.getrandbits(128):032x}"
        made = {"name": f"{file_id[:4]}.jpg", "type": "image/jpeg", "status": Status.PENDING, "created_at": NOW}
        file = File(owner_id=OWNER, file_id=file_id, key=f"originals/{OWNER}/{file_id}-x", size=1, **made)
        self.ids.append(file_id)
        self.table.write(*kept.begun([msgspec.structs.replace(file, sha256=file_id * 2)], {}, NOW))

    def arrive(self, file: File) -> None:
        if not file.sha256:
            return
        after = msgspec.structs.replace(
            file, status=Status.UPLOADED, version_id="v", uploaded_at=NOW, owed_to=frozenset({PC})
        )
        self.table.write(*kept.uploaded(file, after))

    def receipt(self, file: File) -> None:
        if file.owed_to:
            self.table.write(*kept.receipted(file, PC, NOW))

    def throw_away(self, file: File) -> None:
        if file.status in ("uploaded", "downloaded"):
            self.table.write(*trash.trashed(file, NOW, NOW))

    def restore(self, file: File) -> None:
        if file.trashed_at:
            self.table.write(*trash.restored(file, frozenset(), Status.UPLOADED, NOW))

    def purge(self, file: File) -> None:
        if file.status == Status.TRASHED:
            self.table.write(trash.purging(file, NOW))
        self.table.write(*trash.purged(msgspec.structs.replace(file, purged_at=NOW), NOW, leads_here=False))

    def release(self, file: File) -> None:
        self.table.write(*kept.released(file))

    def edit(self, file: File) -> None:
        edits.renamed(self.table, file, f"{self.chance.random()}", self.chance.choice(["", OWNER, None]))

    def look_into(self, file: File) -> None:
        facts = {"capturedAt": f"20{self.chance.randrange(10, 26)}-01-01T00:00:00", "mediaState": "done", "width": 1}
        self.table.put(media.found(file, facts))

    def leave(self, file: File) -> None:
        if file.status == Status.DOWNLOADED:
            self.table.write(copies.leaving(file, PC, NOW, NOW)[0])

    def other_reader(self, _: File) -> None:
        log.caught_up(self.table, OWNER, self.world.new_id())


# ---- Nothing is lost


@pytest.mark.parametrize("seed", range(12))
def test_who_follows_from_anywhere_has_what_the_library_shows(seed: int) -> None:
    crowd = Crowd(seed)
    followers = [Follower(crowd.world, limit=crowd.chance.choice([1, 2, 5, 100]))]
    for _ in range(25):
        crowd.write()
        crowd.busy = crowd.chance.choice([0, 0.1, 0.4])
        followers[0].ask()
        if crowd.chance.random() < 0.2:
            followers.append(followers[0].branch())

    crowd.busy = 0
    followers.append(Follower(crowd.world))
    for follower in followers:
        follower.follow()

    there = shown_in(crowd.world)
    assert [follower.known for follower in followers] == [there] * len(followers)
    assert there


@pytest.mark.parametrize("seed", range(4))
def test_a_reader_that_dies_anywhere_leaves_the_log_whole(seed: int) -> None:
    crowd = Crowd(seed)
    follower = Follower(crowd.world)
    for _ in range(20):
        crowd.write()
        left = crowd.chance.randrange(6)

        def die(_: str, call: Callable[[], Any]) -> Any:
            nonlocal left
            left -= 1
            reply = call() if crowd.chance.random() < 0.5 or left > 0 else None
            if left <= 0:
                raise ConnectionError
            return reply

        crowd.client._wire = die
        try:
            follower.branch().ask()
        except ConnectionError:
            pass
        finally:
            crowd.client._wire = crowd._wire
        follower.ask()

    follower.follow()

    assert follower.known == shown_in(crowd.world)


def seeing(crowd: Crowd, file_id: str) -> Table:
    """Return the table as a reader has it to whom the lagging index shows one file alone."""
    table = Table(crowd.client, SETTINGS.table, sleep=lambda _: None)
    along = table.along
    table.along = lambda *told, **more: Page(  # type: ignore[method-assign]
        [item for item in along(*told, **more).items if item["sk"].endswith(file_id)], None
    )
    return table


def test_two_readers_that_see_other_marks_give_no_number_twice() -> None:
    crowd = Crowd(1)
    crowd.begin(None)
    follower = Follower(crowd.world)
    follower.follow()
    crowd.begin(None)
    crowd.begin(None)
    one, other = (seeing(crowd, file_id) for file_id in crowd.ids[1:])
    write = one.write

    def late(*operations: Any) -> None:
        log.caught_up(other, OWNER, "")
        write(*operations)

    one.write = late  # type: ignore[method-assign]
    log.caught_up(one, OWNER, "")

    follower.follow()
    assert follower.known == shown_in(crowd.world)


def test_a_file_stands_in_the_log_once_however_often_it_changed() -> None:
    crowd = Crowd(1)
    crowd.begin(None)
    follower = Follower(crowd.world)
    for n in range(5):
        edits.edited(crowd.table, kept.file_key(OWNER, crowd.ids[0]), n, OWNER)
        follower.follow()

    entries = crowd.table.page(f"owner#{OWNER}", "change#", limit=100).items

    assert [(item["sk"], item["fileId"]) for item in entries] == [("change#000000000005", crowd.ids[0])]


def test_more_than_fits_into_one_go_is_told_over_several() -> None:
    crowd = Crowd(1)
    for _ in range(log.MOST_IN_ONE_GO + 40):
        crowd.begin(None)
    follower = Follower(crowd.world, limit=500)

    first = follower.ask()

    assert (len(first.changes), first.more) == (log.MOST_IN_ONE_GO, True)
    follower.follow()
    assert follower.known == shown_in(crowd.world)


# ---- What counts as a change


CHANGES = [
    ("SET #status = :status", "SET #changedOf = :changedOf, #status = :status"),
    ("REMOVE #gone, #favouriteOf", "SET #changedOf = :changedOf REMOVE #gone, #favouriteOf"),
    ("ADD #x :x SET #name = :name", "ADD #x :x SET #changedOf = :changedOf, #name = :name"),
    ("SET #home.#abc = :now DELETE #owedTo :pc", "SET #changedOf = :changedOf, #home.#abc = :now DELETE #owedTo :pc"),
    ("SET #dueAt = :due", "SET #dueAt = :due"),
    ("SET #album = :album ADD #albums :these", "SET #album = :album ADD #albums :these"),
]


@pytest.mark.parametrize(("does", "marked"), CHANGES)
def test_what_touches_nothing_that_a_list_shows_is_no_change(does: str, marked: str) -> None:
    mark = {marks.MARK: "x"} if does != marked else {}

    assert marks.marking("owner#x", "file#y", does) == (marked, mark)


def test_nothing_but_files_is_marked() -> None:
    assert marks.marking("owner#x", "look#y", "SET #status = :status") == ("SET #status = :status", {})
    assert (marks.of("owner#x", "hash#y"), marks.of("owner#x", "file#y")) == ({}, {marks.MARK: "x"})


def test_all_that_a_list_shows_is_watched() -> None:
    assert set(marks.SHOWN) >= {*shelves.LIBRARY.shown, *shelves.FAVOURITES.shown}


# ---- What is told


def test_a_change_tells_the_file_as_the_list_does(account: Account) -> None:
    file_id = account.phone().bring(b"photo")

    told = changes.page(account.world, READER, changes.Asked())

    (listed,) = files.page(account.world, READER, files.Asked()).files
    assert msgspec.to_builtins(told.changes) == [
        {"fileId": file_id, "what": "put", "file": msgspec.to_builtins(listed)}
    ]
    assert not told.more


def test_a_file_thrown_away_is_there_until_it_is_purged(account: Account) -> None:
    phone, follower = account.phone(), Follower(account.world, limit=100)
    file_id = phone.bring(b"photo")
    follower.follow()

    phone.throw_away(file_id)
    (change,) = follower.ask().changes

    assert (change.what, change.file and change.file.status) == ("put", Status.TRASHED)


def test_an_upload_called_off_is_gone(account: Account) -> None:
    follower = Follower(account.world, limit=100)
    (begun,) = account.phone().begin(b"photo")
    follower.follow()

    account.world.table.write(*kept.released(kept.find(account.world.table, OWNER, begun.file_id)))  # type: ignore[arg-type]

    assert [(one.file_id, one.what) for one in follower.ask().changes] == [(begun.file_id, "gone")]


def test_nothing_changed_is_told_as_nothing(account: Account) -> None:
    follower = Follower(account.world)
    account.phone().bring(b"photo")
    follower.follow()
    before = follower.since

    assert (follower.ask().changes, follower.since) == ([], before)


def test_another_owners_files_are_told_to_nobody_else(account: Account) -> None:
    account.phone(STRANGER).bring(b"photo")

    assert changes.page(account.world, READER, changes.Asked()).changes == []


@pytest.mark.parametrize("since", ["", "x", cursors.encode("1"), cursors.encode("a" * 32), cursors.encode("x.1"), "é"])
def test_a_cursor_of_another_list_is_refused(account: Account, since: str) -> None:
    with account.counting() as calls, pytest.raises(BadCursorError, match="since must be"):
        changes.page(account.world, READER, changes.Asked(since))
    assert calls == []


@pytest.mark.parametrize("position", ["0" * 32 + ".0", "{epoch}.999"])
def test_a_cursor_of_a_log_that_is_no_more_says_so(account: Account, position: str) -> None:
    epoch = cursors.parse(changes.page(account.world, READER, changes.Asked()).next).partition(".")[0]

    with pytest.raises(changes.OutdatedCursorError, match="ask without since"):
        changes.page(account.world, READER, changes.Asked(cursors.encode(position.format(epoch=epoch))))


def test_who_asks_in_vain_costs_two_queries_and_one_read(account: Account) -> None:
    follower = Follower(account.world)
    account.phone().bring(b"photo")
    follower.follow()

    with account.counting() as calls:
        follower.ask()

    assert calls == ["Query", "BatchGetItem", "Query"]
