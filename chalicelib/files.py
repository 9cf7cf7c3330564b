"""Files as their owner sees them."""

from typing import Annotated

from msgspec import Meta

from chalicelib import cursors, keys, scopes
from chalicelib.auth import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadCursorError, NotFoundError
from chalicelib.media import facts
from chalicelib.metadata import files
from chalicelib.metadata.files import File, Status
from chalicelib.retention import CloudCopy, cloud_copy
from chalicelib.wanted import Sha256


class Asked(Request, frozen=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    next: str | None = None


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
    trashed_at: Moment | None = None
    purged_at: Moment | None = None


class FilesShown(Reply, frozen=True):
    """A page of files."""

    files: list[FileShown]
    next: str | None = None


def get(world: Cloud, caller: Caller, file_id: str) -> FileShown:
    """Show one file of the caller's owner."""
    caller.must_have(scopes.READ)
    file = files.find(world.table, caller.owner_id, file_id) if keys.is_id(file_id) else None
    if not file:
        raise NotFoundError("file", file_id)
    return _show(file)


def page(world: Cloud, caller: Caller, asked: Asked) -> FilesShown:
    """Show a page of the caller's owner's files, the newest first."""
    caller.must_have(scopes.READ)
    after = read_cursor(asked.next)
    found = files.page(world.table, caller.owner_id, limit=asked.limit, after=after)
    return FilesShown(
        [_show(files.read(item)) for item in found.items], cursors.encode(found.last) if found.last else None
    )


def read_cursor(cursor: str | None) -> str | None:
    """Return the file id at which a list goes on."""
    if cursor is None:
        return None
    file_id = cursors.parse(cursor)
    if not keys.is_id(file_id):
        raise BadCursorError(cursor)
    return file_id


def _show(file: File) -> FileShown:
    shown = {name: getattr(file, name) for name in FileShown.__struct_fields__ if name != "cloud_copy"}
    told = {"owed_to": sorted(file.owed_to), "cloud_copy": cloud_copy(file)}
    return FileShown(**{**shown, **facts.of(file), **told})
