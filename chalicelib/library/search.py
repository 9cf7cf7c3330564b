"""Search: files by words of their name, type, camera, device and date, newest capture first.

The index tells where to look, the files themselves whether they fit: what was renamed or thrown away a moment ago is
never shown for what it was. A page may be short, even empty, and have a `next`.
"""

from typing import Annotated

from msgspec import Meta

from chalicelib import cursors
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import BadInputError
from chalicelib.library import files
from chalicelib.library.files import FilesShown, When
from chalicelib.metadata import files as kept
from chalicelib.metadata import library, postings, words
from chalicelib.metadata.files import File
from chalicelib.metadata.postings import Sought
from chalicelib.metadata.words import Terms


class Search(Request, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """What is looked for: all of these words, the last of which may be a beginning; and which page of what is found."""

    text: Annotated[str, Meta(min_length=1, max_length=200, description="At most eight words.")]
    first: When | None = None
    last: When | None = None
    kind: library.Kind | None = None
    album: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    next: str | None = None


def page(world: Cloud, caller: Caller, asked: Search) -> FilesShown:
    """Show a page of what is found."""
    caller.must_have(scopes.READ)
    terms = read_terms(asked.text)
    wanted = files.select(files.Asked(first=asked.first, last=asked.last))
    after = files.read_position(asked.next, wanted)
    sought = Sought(terms, wanted.first, wanted.last, asked.kind, after)
    found = postings.look(world.table, caller.owner_id, sought, asked.limit)
    ids = [position.rpartition("#")[2] for position in found.positions]
    there = world.table.find_many(kept.file_key(caller.owner_id, file_id) for file_id in ids)
    known = [there[at] for at in (kept.file_key(caller.owner_id, file_id) for file_id in ids) if at in there]
    shown = [files.list_one(library.read(item)) for item in known if fits(kept.read(item), terms, asked)]
    return FilesShown(shown, cursors.encode(found.last) if found.last else None)


def read_terms(text: str) -> Terms:
    """Read what is looked for, or say what is wrong with it."""
    terms = words.parse(text)
    if terms is None:
        raise BadInputError("text", "a letter or digit at the least", text)
    if words.count(text) > words.MOST_TERMS:
        raise BadInputError("text", f"at most {words.MOST_TERMS} words", words.count(text))
    return terms


def fits(file: File, terms: Terms, asked: Search) -> bool:
    """Whether a file is, as it is now, what is looked for; what lies in the trash is not."""
    if file.status in library.IN_TRASH or (asked.album and asked.album not in file.albums):
        return False
    return words.fits(words.of(file), terms)
