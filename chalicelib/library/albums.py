"""Albums: made, named, filled, emptied, removed. Removing one removes no file. `judge` decides about one and is pure.

The first album of a file names its folder at home, if that is how its PC arranges them: its notice tells it.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from chalicelib import cursors, keys, log
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError, CrowdedError, NotFoundError, Refusal
from chalicelib.library import files
from chalicelib.metadata import albums, library
from chalicelib.metadata import files as kept_files
from chalicelib.metadata.albums import MOST_ALBUMS_OF_A_FILE, MOST_FILES, Album
from chalicelib.metadata.files import File

MOST_IN_ONE_CALL = 100
# A file takes two operations and the album one; a write holds a hundred.
_IN_ONE_WRITE = 49
_TRIES = 6

AlbumName = Annotated[str, Meta(min_length=1, max_length=200)]
Joining = Literal["added", "removed"]
Reason = Literal["unknownFile", "trashed", "tooManyAlbums", "albumFull"]
FileIds = Annotated[list[Id], Meta(max_length=MOST_IN_ONE_CALL)]


class NewAlbum(Request, frozen=True):
    """What an album is called; who gives it an id may ask twice and gets one album."""

    name: AlbumName
    album_id: Id | None = None


class RenamedAlbum(Request, frozen=True):
    """What an album is to be called; the version is the one that it was shown with."""

    name: AlbumName
    version: Annotated[int, Meta(ge=0, le=2**53)]


class AskedAlbums(Request, frozen=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    next: str | None = None


class Membership(Request, frozen=True):
    """Files to put into an album, and files to take out of it."""

    add: FileIds = msgspec.field(default_factory=list)
    remove: FileIds = msgspec.field(default_factory=list)


class AlbumShown(Reply, frozen=True, kw_only=True):
    """An album."""

    album_id: Id
    name: str
    created_at: Moment
    files: int
    version: int


class AlbumsShown(Reply, frozen=True):
    """A page of albums, those made last first."""

    albums: list[AlbumShown]
    next: str | None = None


class MembershipAnswer(Reply, frozen=True):
    """What became of one file."""

    file_id: Id
    outcome: Literal["added", "removed", "repeated", "refused"]
    reason: Reason | None = None


class MembershipAnswers(Reply, frozen=True):
    """What became of each file: first of those to be put in, then of those to be taken out, in the order asked."""

    files: list[MembershipAnswer]


class TooManyAlbumsError(Refusal):
    """Raised when there are as many albums as one owner may have."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"most": int}

    def __init__(self) -> None:
        super().__init__(f"there may be {albums.MOST_ALBUMS} albums", {"most": albums.MOST_ALBUMS})


class AlbumChangedError(Refusal):
    """Raised when an album was renamed since it was shown; `Details` tell how it is now."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"version": int, "name": str}

    def __init__(self, album: Album, version: int) -> None:
        told = f"album {album.album_id!r} is at version {album.version} by now, got an edit of version {version}"
        super().__init__(told, {"version": album.version, "name": album.name})


def make(world: Cloud, caller: Caller, asked: NewAlbum) -> AlbumShown:
    """Make an album; one that is there by this id is shown as it is."""
    caller.must_have(scopes.UPLOAD)
    album = Album(album_id=asked.album_id or world.new_id(), name=asked.name, created_at=world.now_text())
    try:
        world.table.write(*albums.made(caller.owner_id, album))
    except ConditionFailedError as error:
        there = error.found.get(0)
        if there is None:
            raise TooManyAlbumsError from error
        return _show(albums.read(there))
    return _show(album)


def page(world: Cloud, caller: Caller, asked: AskedAlbums) -> AlbumsShown:
    """Show a page of albums: one query."""
    caller.must_have(scopes.READ)
    after = files.read_cursor(asked.next)
    found, last = albums.page(world.table, caller.owner_id, limit=asked.limit, after=after)
    return AlbumsShown([_show(album) for album in found if not album.closing], cursors.encode(last) if last else None)


def rename(world: Cloud, caller: Caller, album_id: str, asked: RenamedAlbum) -> AlbumShown:
    """Rename an album, if nobody was quicker."""
    caller.must_have(scopes.UPLOAD)
    if not keys.is_id(album_id):
        raise NotFoundError("album", album_id)
    at = albums.key(caller.owner_id, album_id)
    try:
        return _show(albums.renamed(world.table, at, asked.version, asked.name))
    except ConditionFailedError as error:
        there = error.found[0]
        if there is None or there.get("closing"):
            raise NotFoundError("album", album_id) from error
        raise AlbumChangedError(albums.read(there), asked.version) from error


def show_files(world: Cloud, caller: Caller, album_id: str, asked: AskedAlbums) -> files.FilesShown:
    """Show a page of an album's files, those begun last first; what was thrown away is left out."""
    caller.must_have(scopes.READ)
    after = files.read_cursor(asked.next)
    _get(world, caller, album_id)
    found = albums.members(world.table, caller.owner_id, album_id, limit=asked.limit, after=after)
    at = [kept_files.file_key(caller.owner_id, file_id) for file_id in found.file_ids]
    items = world.table.find_many(at)
    listed = [library.read(items[key]) for key in at if key in items]
    shown = [files.list_one(file) for file in listed if file.status not in library.IN_TRASH]
    return files.FilesShown(shown, cursors.encode(found.last) if found.last else None)


def remove(world: Cloud, caller: Caller, album_id: str) -> None:
    """Remove an album. From the first write on nothing joins it, so that who dies in between can begin again."""
    caller.must_have(scopes.UPLOAD)
    _get(world, caller, album_id, closing=True)
    world.table.put(albums.closing(albums.key(caller.owner_id, album_id)))
    for _ in range(2 * MOST_FILES // _IN_ONE_WRITE):
        some = albums.members(world.table, caller.owner_id, album_id, limit=_IN_ONE_WRITE).file_ids
        if not some:
            world.table.write(*albums.removed(caller.owner_id, album_id))
            log.logger.info("album removed", extra={"owner_id": caller.owner_id, "album_id": album_id})
            return
        _move(world, caller, album_id, "removed", some)
    raise CrowdedError("files kept joining an album that was removed")


def change_files(world: Cloud, caller: Caller, album_id: str, asked: Membership) -> MembershipAnswers:
    """Put files into an album and take files out, each answered on its own."""
    caller.must_have(scopes.UPLOAD)
    _get(world, caller, album_id)
    added = _move(world, caller, album_id, "added", asked.add) if asked.add else []
    return MembershipAnswers(
        [*added, *(_move(world, caller, album_id, "removed", asked.remove) if asked.remove else [])]
    )


def judge(deed: Joining, file_id: str, file: File | None, album: Album, room: int) -> MembershipAnswer | None:
    """Answer what changes nothing, or `None` for what is due to be done."""
    if file is None:
        return MembershipAnswer(file_id, "refused", "unknownFile")
    if (album.album_id in file.albums) == (deed == "added"):
        return MembershipAnswer(file_id, "repeated")
    if deed == "removed":
        return None
    if file.status in library.IN_TRASH:
        return MembershipAnswer(file_id, "refused", "trashed")
    if len(file.albums) >= MOST_ALBUMS_OF_A_FILE:
        return MembershipAnswer(file_id, "refused", "tooManyAlbums")
    return None if room > 0 else MembershipAnswer(file_id, "refused", "albumFull")


def _move(
    world: Cloud, caller: Caller, album_id: str, deed: Joining, file_ids: Sequence[str]
) -> list[MembershipAnswer]:
    """Do one deed to files, in as few writes as they can be; who meets another writer looks again."""
    done: dict[str, MembershipAnswer] = {}
    for _ in range(_TRIES):
        left = [file_id for file_id in dict.fromkeys(file_ids) if file_id not in done]
        if not left:
            return [done[file_id] for file_id in file_ids]
        album = _get(world, caller, album_id, closing=deed == "removed")
        found = kept_files.find_many(world.table, caller.owner_id, left)
        due: list[File] = []
        for file_id in left:
            answer = judge(deed, file_id, found.get(file_id), album, MOST_FILES - album.files - len(due))
            if answer:
                done[file_id] = answer
            else:
                due.append(found[file_id])
        for start in range(0, len(due), _IN_ONE_WRITE):
            done |= _write(world, caller.owner_id, album, deed, due[start : start + _IN_ONE_WRITE])
    raise CrowdedError(f"the files of album {album_id!r} met other writers {_TRIES} times")


def _write(
    world: Cloud, owner_id: str, album: Album, deed: Joining, some: Sequence[File]
) -> dict[str, MembershipAnswer]:
    join = deed == "added"
    operations = albums.joined(owner_id, album, some) if join else albums.left(owner_id, album.album_id, some)
    try:
        world.table.write(*operations)
    except ConditionFailedError:
        return {}
    return {file.file_id: MembershipAnswer(file.file_id, deed) for file in some}


def _get(world: Cloud, caller: Caller, album_id: str, *, closing: bool = False) -> Album:
    """Return an album; one that is being removed is there for those alone who do that."""
    album = albums.find(world.table, caller.owner_id, album_id) if keys.is_id(album_id) else None
    if album is None or (album.closing and not closing):
        raise NotFoundError("album", album_id)
    return album


def _show(album: Album) -> AlbumShown:
    return AlbumShown(
        album_id=album.album_id,
        name=album.name,
        created_at=album.created_at,
        files=album.files,
        version=album.version,
    )
