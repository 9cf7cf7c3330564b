"""Files as their owner sees them: one in full, or a page of many."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib import cursors, keys
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadCursorError, BadInputError, NotFoundError
from chalicelib.incoming.wanted import Sha256, Type
from chalicelib.keeping.retention import CloudCopy, cloud_copy
from chalicelib.media import facts
from chalicelib.metadata import albums, devices, files, library, owners, postings, recalls, shelves
from chalicelib.metadata.files import File, Status

# A year, a month, a day or a moment, as the clock showed it where the picture was taken; the zone is not told.
When = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2})?)?)?\Z",
        description="2024, 2024-01, 2024-01-31 or 2024-01-31T12:34:56: as the clock showed it there; both ends count.",
    ),
]


# Whether a PC that has a file was asked to send it back.
RecallState = Literal["asked"]


class Asked(Request, frozen=True, kw_only=True, rename={"first": "from", "last": "to", "device_id": "deviceId"}):
    """Which page of a list, and of which files. A page may be short, even empty, and still have a `next`."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    next: str | None = None
    order: Literal["capture", "arrival"] = "capture"
    first: When | None = None
    last: When | None = None
    status: Status | None = None
    kind: library.Kind | None = None
    type: Type | None = None
    device_id: Id | None = None
    favourite: bool | None = None
    album: Id | None = None


class Receipted(Reply, frozen=True):
    """A PC's word that it has the whole, verified file on its disk, and since when."""

    device_id: Id
    device_name: str | None
    at: Moment


class Companion(Reply, frozen=True):
    """A file that belongs with another: a Live Photo's film, the RAW beside a JPEG."""

    file_id: Id
    name: str
    type: str
    status: Status
    previews: list[facts.Side]


class FileShown(Reply, frozen=True, kw_only=True):
    """A file and how far it has come."""

    file_id: Id
    name: str
    type: str
    status: Status
    created_at: Moment
    size: int | None = None
    sha256: Sha256 | None = None
    uploaded_at: Moment | None = None
    downloaded_at: Moment | None = None
    taken_at: str | None = None
    group_id: str | None = None
    local_id: str | None = None
    reason: str | None = None
    captured_at: str | None = None
    captured_from: facts.CapturedFrom | None = None
    width: int | None = None
    height: int | None = None
    camera: str | None = None
    place: facts.Place | None = None
    media_state: facts.MediaState | None = None
    previews: list[facts.Side]
    owed_to: list[Id]
    home: dict[str, Moment]
    cloud_copy: CloudCopy | None = None
    recall: RecallState | None = None
    trashed_at: Moment | None = None
    purged_at: Moment | None = None
    favourite: bool
    albums: list[Id]
    version: int
    receipts: list[Receipted] | None = None
    group: list[Companion] | None = None


class FileListed(Reply, frozen=True, kw_only=True):
    """A file in a list: what a page full of pictures needs, and the rest at GET /files/{file_id}."""

    file_id: Id
    name: str
    type: str
    status: Status
    created_at: Moment
    captured_at: str
    captured_from: facts.CapturedFrom
    size: int | None = None
    width: int | None = None
    height: int | None = None
    previews: list[facts.Side]
    favourite: bool
    group_id: str | None = None
    device_id: Id | None = None
    owed_to_count: int
    home_count: int
    cloud_copy: CloudCopy | None = None
    trashed_at: Moment | None = None
    version: int


class FilesShown(Reply, frozen=True):
    """A page of files."""

    files: list[FileListed]
    next: str | None = None


def get(world: Cloud, caller: Caller, file_id: str) -> FileShown:
    """Show one file of the caller's owner; where it was captured only while its owner wants that kept.

    Which PCs have it, and what belongs with it, are a read each, of a file of which there is any.
    """
    caller.must_have(scopes.READ)
    at, profile = files.file_key(caller.owner_id, file_id), owners.profile(caller.owner_id)
    found = world.table.find_many([at, profile]) if keys.is_id(file_id) else {}
    if at not in found:
        raise NotFoundError("file", file_id)
    file = files.read(found[at])
    told = {"receipts": _receipts(world, file), "group": _companions(world, file)}
    told |= {} if owners.keeps_places(found.get(profile, {})) else {"place": None}
    return msgspec.structs.replace(show(file), **told)


def page(world: Cloud, caller: Caller, asked: Asked) -> FilesShown:
    """Show a page of the caller's owner's files: those captured last, or begun last, come first."""
    caller.must_have(scopes.READ)
    wanted = select(asked)
    if asked.album:
        return _page_of_album(world, caller, asked, wanted)
    if asked.order == "arrival":
        after = read_cursor(asked.next)
        found = library.by_arrival(world.table, caller.owner_id, wanted, limit=asked.limit, after=after)
    else:
        after = read_position(asked.next, wanted)
        found = library.by_capture(world.table, caller.owner_id, wanted, limit=asked.limit, after=after)
    return FilesShown([list_one(file) for file in found.files], cursors.encode(found.last) if found.last else None)


def _page_of_album(world: Cloud, caller: Caller, asked: Asked, wanted: library.Selection) -> FilesShown:
    """Show a page of an album: of one that is not there, none."""
    by_arrival = asked.order == "arrival"
    after = read_cursor(asked.next) if by_arrival else read_position(asked.next, wanted)
    kept = albums.in_order(world.table, caller.owner_id, asked.album or "")
    order = library.Order(kept, by_arrival=by_arrival)
    found = library.of_album(world.table, caller.owner_id, order, wanted, limit=asked.limit, after=after)
    return FilesShown([list_one(file) for file in found.files], cursors.encode(found.last) if found.last else None)


def _receipts(world: Cloud, file: File) -> list[Receipted]:
    """Tell which PCs have a file, and what they are called now."""
    named = {(file.owner_id, device_id) for device_id in file.home}
    known = devices.find_many(world.table, named) if named else {}
    names = {device_id: device.name for device_id, device in known.items()}
    return [Receipted(device_id, names.get(device_id), at) for device_id, at in sorted(file.home.items())]


def _companions(world: Cloud, file: File) -> list[Companion]:
    """Tell which files belong with one, as soon as they have been looked into: a score of them at the most."""
    ids = postings.group(world.table, file)
    found = files.find_many(world.table, file.owner_id, ids) if ids else {}
    return [
        Companion(one.file_id, one.name, one.type, one.status, sorted(one.previews, key=int))  # type: ignore[arg-type]
        for one in found.values()
        if one.status not in library.IN_TRASH
    ]


def select(asked: Asked) -> library.Selection:
    """Return which files are wanted; a day that is wanted is wanted to its end."""
    first, last = asked.first or shelves.FIRST, f"{asked.last}~" if asked.last else shelves.LAST
    if first > last:
        raise BadInputError("to", f"at or after from, which is {asked.first}", asked.last)
    return library.Selection(first, last, asked.status, asked.kind, asked.type, asked.device_id, asked.favourite)


def read_cursor(cursor: str | None) -> str | None:
    """Return the file id at which a list goes on."""
    if cursor is None:
        return None
    file_id = cursors.parse(cursor)
    if not keys.is_id(file_id):
        raise BadCursorError(cursor)
    return file_id


def read_position(cursor: str | None, wanted: library.Selection) -> str | None:
    """Return the position at which a list goes on; DynamoDB takes none beyond what is wanted."""
    if cursor is None:
        return None
    position = cursors.parse(cursor)
    if not shelves.id_at(position) or not wanted.first <= position <= wanted.last:
        raise BadCursorError(cursor)
    return position


def show(file: File) -> FileShown:
    """Return a file as its owner sees it."""
    made = {
        "cloud_copy": cloud_copy(file),
        "recall": recall_of(file),
        "owed_to": sorted(file.owed_to),
        "favourite": file.favourite_of is not None,
        "albums": sorted(file.albums),
        "receipts": None,
        "group": None,
    }
    shown = {name: getattr(file, name) for name in FileShown.__struct_fields__ if name not in made}
    return FileShown(**{**shown, **facts.of(file), **made})


def recall_of(file: File) -> RecallState | None:
    """Say whether a file is on its way back."""
    return "asked" if recalls.awaited_from(file) else None


def list_one(file: library.Listed) -> FileListed:
    """Return a file as lists show it."""
    captured_at, source = _captured(file)
    made = {
        "captured_at": captured_at,
        "captured_from": source,
        "previews": sorted(file.previews, key=int),
        "favourite": file.favourite_of is not None,
        "owed_to_count": len(file.owed_to),
        "home_count": len(file.home),
        "cloud_copy": cloud_copy(file),
    }
    shown = {name: getattr(file, name) for name in FileListed.__struct_fields__ if name not in made}
    return FileListed(**{**shown, **made})


def _captured(file: library.Listed) -> tuple[str, str]:
    """Return when a file was captured, and who says so: before anybody looked into it, the phone, or our own clock."""
    if file.captured_at:
        return file.captured_at, file.captured_from or "upload"
    return (file.taken_at, "phone") if file.taken_at else (file.created_at, "upload")
