"""The library: an owner's files, page by page. Each page is one query, however many files there are.

Who asks for some files alone has a span of the shelf looked at and is told of those that fit: a page may be short, or
empty, and go on all the same.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import msgspec

from chalicelib.metadata import files, owners, shelves
from chalicelib.metadata.files import Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Condition, Page, Span, Table

Kind = Literal["photo", "video", "other"]
# Of how many files one is told, at the least, on a page that is full: what is looked at for each that is told.
LOOKED_AT = 10
IN_TRASH = (Status.TRASHED, Status.PURGING)
_PREFIXES: dict[str, str] = {"photo": "image/", "video": "video/"}


class Listed(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A file as far as a list shows it."""

    owner_id: str
    file_id: str
    name: str
    type: str
    status: Status
    created_at: str
    size: int | None = None
    taken_at: str | None = None
    captured_at: str | None = None
    captured_from: str | None = None
    width: int | None = None
    height: int | None = None
    previews: frozenset[str] = frozenset()
    group_id: str | None = None
    device_id: str | None = None
    favourite_of: str | None = None
    version: int = 0
    trashed_at: str | None = None
    tagged_at: str | None = None
    gone_at: str | None = None
    owed_to: frozenset[str] = frozenset()
    home: dict[str, str] = {}


@dataclass(frozen=True)
class Selection:
    """Which files are wanted: those captured from `first` to `last`, and each more that is not `None`."""

    first: str = shelves.FIRST
    last: str = shelves.LAST
    status: Status | None = None
    kind: Kind | None = None
    type: str | None = None
    device_id: str | None = None
    favourite: bool | None = None

    @property
    def in_trash(self) -> bool:
        """Whether files are wanted that were thrown away: nobody is shown them unasked."""
        return self.status in IN_TRASH


class Listing(NamedTuple):
    """Some files, and the position or id after which the rest begins."""

    files: list[Listed]
    last: str | None


def by_capture(table: Table, owner_id: str, wanted: Selection, *, limit: int, after: str | None) -> Listing:
    """Read files, the one captured last first; `after` is a position within the span that is wanted."""
    index = shelves.FAVOURITES if wanted.favourite else shelves.LIBRARY
    of = owner_id if wanted.favourite else shelves.shelf(owner_id, trashed=wanted.in_trash)
    tests = _tests(wanted)
    if wanted.favourite and not wanted.in_trash:
        tests["NOT #status IN (:trashed, :purging)"] = {"trashed": Status.TRASHED, "purging": Status.PURGING}
    start = _start(owner_id, after) if after else None
    found = table.along(
        index,
        Span(of, wanted.first, wanted.last),
        limit=limit * LOOKED_AT if tests else limit,
        after=start,
        only=_all_of(tests),
    )
    return _cut(found, limit, "shelvedAt")


def by_arrival(table: Table, owner_id: str, wanted: Selection, *, limit: int, after: str | None) -> Listing:
    """Read files, the one begun last first, as they are at this moment; `after` is a file id."""
    tests = _tests(wanted)
    if wanted.favourite:
        tests["attribute_exists(#favouriteOf)"] = {}
    looked_at = limit * LOOKED_AT if tests else limit
    tests["#shelf = :shelf"] = {"shelf": shelves.shelf(owner_id, trashed=wanted.in_trash)}
    if (wanted.first, wanted.last) != (shelves.FIRST, shelves.LAST):
        tests["#shelvedAt BETWEEN :first AND :last"] = {"first": wanted.first, "last": wanted.last}
        looked_at = limit * LOOKED_AT
    found = files.page(table, owner_id, limit=looked_at, after=after, only=_all_of(tests))
    listing = _cut(found, limit, "sk")
    return Listing(listing.files, files.id_in(listing.last) if listing.last else None)


class Order(NamedTuple):
    """An album's files by their positions, those captured last first, and whether those begun last are to be first."""

    positions: list[str]
    by_arrival: bool = False


def of_album(table: Table, owner_id: str, album: Order, wanted: Selection, *, limit: int, after: str | None) -> Listing:
    """Read files of an album as the other lists do; `after` is a file id or a position. An album has some thousands."""
    by = (lambda position: shelves.id_at(position) or "") if album.by_arrival else str
    within = {one for one in album.positions if wanted.first <= one <= wanted.last}
    left = sorted((by(one) for one in within if after is None or by(one) < after), reverse=True)
    some, told = left[: limit * LOOKED_AT], list[Listed]()
    for start in range(0, len(some), limit):
        looked_at = some[start : start + limit]
        ids = [one.rpartition("#")[2] for one in looked_at]
        found = table.find_many(files.file_key(owner_id, file_id) for file_id in ids)
        for place, file_id in enumerate(ids, start=start + 1):
            item = found.get(files.file_key(owner_id, file_id))
            told += [read(item)] if item and _fits(read(item), wanted) else []
            if len(told) == limit:
                return Listing(told, left[place - 1] if place < len(left) else None)
    return Listing(told, some[-1] if len(some) < len(left) else None)


def read(item: Item) -> Listed:
    """Make of an item what a list shows."""
    file_id, owner_id = files.id_in(item["sk"]), item["pk"].removeprefix(owners.partition(""))
    return msgspec.convert({**item, "ownerId": owner_id, "fileId": file_id}, Listed)


def _tests(wanted: Selection) -> dict[str, dict[str, Any]]:
    """Return what a file must fulfil to be told, with the values of each test."""
    tests: dict[str, dict[str, Any]] = {}
    if wanted.status:
        tests["#status = :status"] = {"status": wanted.status}
    if wanted.type:
        tests["#type = :type"] = {"type": wanted.type}
    if wanted.device_id:
        tests["#deviceId = :device"] = {"device": wanted.device_id}
    if wanted.favourite is False:
        tests["attribute_not_exists(#favouriteOf)"] = {}
    if wanted.kind in _PREFIXES:
        tests["begins_with(#type, :kind)"] = {"kind": _PREFIXES[wanted.kind]}
    elif wanted.kind:
        none = " AND ".join(f"NOT begins_with(#type, :{name})" for name in _PREFIXES)
        tests[none] = dict(_PREFIXES)
    return tests


def _fits(file: Listed, wanted: Selection) -> bool:
    """Whether a file is wanted, as far as its place does not tell."""
    kind = next((kind for kind, prefix in _PREFIXES.items() if file.type.startswith(prefix)), "other")
    asked: list[tuple[Any, Any]] = [(wanted.status, file.status), (wanted.kind, kind), (wanted.type, file.type)]
    asked += [(wanted.device_id, file.device_id), (wanted.favourite, file.favourite_of is not None)]
    seen = wanted.in_trash == (file.status in IN_TRASH)
    return seen and all(wish is None or wish == is_so for wish, is_so in asked)


def _all_of(tests: dict[str, dict[str, Any]]) -> Condition | None:
    if not tests:
        return None
    values = {name: value for told in tests.values() for name, value in told.items()}
    return Condition(" AND ".join(tests), values)


def _start(owner_id: str, position: str) -> Item:
    """Return the whole key of a position, in either index."""
    key = files.file_key(owner_id, shelves.id_at(position) or "")._asdict()
    return {**key, "shelvedAt": position}


def _cut(found: Page, limit: int, by: str) -> Listing:
    """Keep what fits onto the page; what was read beyond it is read again with the next one."""
    items = found.items[:limit]
    last = items[-1][by] if len(items) < len(found.items) else found.last
    return Listing([read(item) for item in items], last)
