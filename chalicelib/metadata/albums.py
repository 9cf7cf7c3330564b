"""Albums: which files are in which. A file may be in several; an album holds no file, so none goes with it.

owner#<ownerId>  albums                     count: how many there are
owner#<ownerId>  album#<albumId>            name createdAt version files closing: it is being removed
owner#<ownerId>  member#<albumId>#<fileId>  shelvedAt: that a file is in it, and where on its shelf it lies
owner#<ownerId>  file#<fileId>              albums: those it is in; album {id, name}: the first of them, for its notice
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.metadata import files, owners, shelves
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

MOST_ALBUMS = 1_000
MOST_FILES = 5_000
MOST_ALBUMS_OF_A_FILE = 20
_ALBUM, _MEMBER = "album#", "member#"
_OPEN = "attribute_exists(pk) AND attribute_not_exists(#closing)"


class Album(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An album as its owner named it; `closing` while it is being removed."""

    album_id: str
    name: str
    created_at: str
    version: int = 0
    files: int = 0
    closing: bool = False


class Members(NamedTuple):
    """Some files of an album by their ids, and the id after which the rest begins."""

    file_ids: list[str]
    last: str | None


def key(owner_id: str, album_id: str) -> Key:
    """Return where an album is."""
    return Key(owners.partition(owner_id), f"{_ALBUM}{album_id}")


def read(item: Mapping[str, Any]) -> Album:
    """Make an album of its item."""
    return msgspec.convert({**item, "albumId": item["sk"].removeprefix(_ALBUM)}, Album)


def find(table: Table, owner_id: str, album_id: str) -> Album | None:
    """Read an album of this owner."""
    item = table.find(key(owner_id, album_id))
    return read(item) if item else None


def page(table: Table, owner_id: str, *, limit: int, after: str | None) -> tuple[list[Album], str | None]:
    """Read some albums, those made last first; `after` and what is returned beside them are ids."""
    begin = f"{_ALBUM}{after}" if after else None
    found = table.page(owners.partition(owner_id), _ALBUM, limit=limit, after=begin, newest_first=True)
    return [read(item) for item in found.items], found.last and found.last.removeprefix(_ALBUM)


def members(table: Table, owner_id: str, album_id: str, *, limit: int, after: str | None = None) -> Members:
    """Read which files are in an album, those begun last first."""
    prefix = f"{_MEMBER}{album_id}#"
    begin = prefix + after if after else None
    found = table.page(owners.partition(owner_id), prefix, limit=limit, after=begin, newest_first=True)
    return Members([item["sk"].removeprefix(prefix) for item in found.items], found.last and found.last[len(prefix) :])


def made(owner_id: str, album: Album) -> list[Operation]:
    """Nothing -> an album. Fails if it is there, or if there are too many."""
    item: Item = {**key(owner_id, album.album_id)._asdict(), "name": album.name, "createdAt": album.created_at}
    room = "attribute_not_exists(#count) OR #count < :most"
    counted = Update(_count(owner_id), "ADD #count :one", room, {"one": 1, "most": MOST_ALBUMS})
    return [Put({**item, "version": 0, "files": 0}, "attribute_not_exists(pk)"), counted]


def renamed(table: Table, at: Key, version: int, name: str) -> Album:
    """Rename an album that is at this version, else raise ConditionFailedError. Folders at home keep their names."""
    values = {"name": name, "next": version + 1, "was": version}
    return read(table.add(at, "SET #name = :name, #version = :next", values, f"{_OPEN} AND #version = :was"))


def joined(owner_id: str, album: Album, some: Sequence[File]) -> list[Operation]:
    """Put files into an album. Fails if one is in it, is in too many or was thrown away, or if the album is full."""
    first = {"id": album.album_id, "name": album.name}
    values: dict[str, Any] = {"these": {album.album_id}, "album": album.album_id, "first": first}
    values |= {"most": MOST_ALBUMS_OF_A_FILE, "trashed": Status.TRASHED, "purging": Status.PURGING}
    when = (
        "#shelvedAt = :at AND NOT #status IN (:trashed, :purging) AND "
        "(attribute_not_exists(#albums) OR (NOT contains(#albums, :album) AND size(#albums) < :most))"
    )
    does = "SET #album = if_not_exists(#album, :first) ADD #albums :these"
    operations: list[Operation] = []
    for file in some:
        at = shelves.position(file.captured_at or file.taken_at or file.created_at, file.file_id)
        operations.append(Update(files.file_key(owner_id, file.file_id), does, when, {**values, "at": at}))
        operations.append(Put({**_member(owner_id, album.album_id, file.file_id)._asdict(), "shelvedAt": at}))
    room = f"{_OPEN} AND #files <= :room"
    counted = {"by": len(some), "room": MOST_FILES - len(some)}
    return [*operations, Update(key(owner_id, album.album_id), "ADD #files :by", room, counted)]


def left(owner_id: str, album_id: str, some: Sequence[File]) -> list[Operation]:
    """Take files out of an album. Fails if one is not in it any more."""
    operations: list[Operation] = []
    for file in some:
        values = {"these": {album_id}, "album": album_id}
        was_first = (file.album or {}).get("id") == album_id
        does = "REMOVE #album DELETE #albums :these" if was_first else "DELETE #albums :these"
        operations.append(Update(files.file_key(owner_id, file.file_id), does, "contains(#albums, :album)", values))
        operations.append(Delete(_member(owner_id, album_id, file.file_id)))
    return [*operations, Update(key(owner_id, album_id), "ADD #files :by", "attribute_exists(pk)", {"by": -len(some)})]


def forgotten(file: File) -> list[Operation]:
    """Take a file that is no more out of all albums it was in."""
    operations: list[Operation] = []
    for album_id in sorted(file.albums):
        operations.append(Delete(_member(file.owner_id, album_id, file.file_id)))
        operations.append(Update(key(file.owner_id, album_id), "ADD #files :by", "attribute_exists(pk)", {"by": -1}))
    return operations


def shelved(file: File, at: str) -> list[Operation]:
    """Move a file to where it was captured, in all albums it is in. Fails if it has left one meanwhile."""
    members = (_member(file.owner_id, album_id, file.file_id) for album_id in sorted(file.albums))
    return [Update(key, "SET #shelvedAt = :at", "attribute_exists(pk)", {"at": at}) for key in members]


def in_order(table: Table, owner_id: str, album_id: str) -> list[str]:
    """Read the positions of all files of an album, the one captured last first: two queries at the most."""
    pk, prefix = owners.partition(owner_id), f"{_MEMBER}{album_id}#"
    found: list[str] = []
    after = None
    while True:
        page = table.page(pk, prefix, limit=MOST_FILES, after=after)
        found += [item["shelvedAt"] for item in page.items]
        after = page.last
        if after is None or len(found) >= MOST_FILES:
            return sorted(found, reverse=True)


def closing(at: Key) -> Operation:
    """Let nothing join an album any more: it is being removed. Fails if there is none."""
    return Update(at, "SET #closing = :yes", "attribute_exists(pk)", {"yes": True})


def removed(owner_id: str, album_id: str) -> list[Operation]:
    """An empty album -> nothing."""
    counted = Update(_count(owner_id), "ADD #count :by", values={"by": -1})
    return [Delete(key(owner_id, album_id), "#closing = :yes", {"yes": True}), counted]


def _member(owner_id: str, album_id: str, file_id: str) -> Key:
    return Key(owners.partition(owner_id), f"{_MEMBER}{album_id}#{file_id}")


def _count(owner_id: str) -> Key:
    return Key(owners.partition(owner_id), "albums")
