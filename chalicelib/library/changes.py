"""Changes: what happened to an owner's files since one last asked, for phones and pages with a list of their own.

Who asks until there are no more has what GET /files shows, and what lies in the trash. A file is told as it is at the
moment, not as it was; one that changed again meanwhile is told again.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta

from chalicelib import cursors
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadCursorError, Refusal
from chalicelib.library.files import FileListed, list_one
from chalicelib.metadata import changes, files, library
from chalicelib.metadata.changes import Head
from chalicelib.metadata.items import Item

_POSITION = re.compile(r"([0-9a-f]{32})\.(0|[1-9][0-9]{0,11})")


class Asked(Request, frozen=True):
    """Since when: the `next` of the last time. Without it, from the beginning: all files there are."""

    since: str | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class Change(Reply, frozen=True):
    """A file that changed, as it is now, or that is no more. What lies in the trash is there: its status says it."""

    file_id: Id
    what: Literal["put", "gone"]
    file: FileListed | None = None


class ChangesShown(Reply, frozen=True):
    """What changed, each file at most once; what to ask with the next time, and whether that is worth while at once."""

    changes: list[Change]
    next: str
    more: bool


class OutdatedCursorError(Refusal):
    """Raised when `since` belongs to a log that is no more, as after the table was put back: begin without it."""

    STATUS_CODE = 410

    def __init__(self, since: str) -> None:
        super().__init__(f"nothing is known of the changes since {since!r}: ask without since, and begin anew")


def page(world: Cloud, caller: Caller, asked: Asked) -> ChangesShown:
    """Show what changed since, once what is marked stands in the log."""
    caller.must_have(scopes.READ)
    since = read_since(asked.since)
    head, left = changes.caught_up(world.table, caller.owner_id, world.new_id())
    if asked.since and since and (since.epoch != head.epoch or since.number > head.number):
        raise OutdatedCursorError(asked.since)
    after = since.number if since else 0
    found = changes.page(world.table, caller.owner_id, head, after=after, limit=asked.limit)
    there = world.table.find_many(files.file_key(caller.owner_id, file_id) for file_id in found.file_ids)
    shown = [_tell(file_id, there.get(files.file_key(caller.owner_id, file_id))) for file_id in found.file_ids]
    return ChangesShown(shown, cursors.encode(f"{head.epoch}.{found.number}"), found.more or left)


def read_since(since: str | None) -> Head | None:
    """Return up to where everything is known."""
    if since is None:
        return None
    try:
        found = _POSITION.fullmatch(cursors.parse(since))
    except BadCursorError as error:
        raise BadCursorError(since, "since") from error
    if not found:
        raise BadCursorError(since, "since")
    return Head(found[1], int(found[2]))


def _tell(file_id: str, item: Item | None) -> Change:
    return Change(file_id, "put", list_one(library.read(item))) if item else Change(file_id, "gone")
