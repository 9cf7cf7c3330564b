"""Postings: by which words a file is found, newest capture first. The search reads them; `words` says what a word is.

    words#<ownerId>  <word>#<shelvedAt>  words: all words of the file, and =photo, =video or =other
    words#<ownerId>  #<shelvedAt>        the same, once for each file: what is read when no word is rare enough
    words#<ownerId>  =<group>#<shelvedAt>  the same, by a hash of its groupId
    owner#<ownerId>  file#<fileId>       indexed {at, words}: which postings there are of it

All postings of a file are written, moved and removed in one write with what the file says of them. Each carries all of
the file's words, so that what else is looked for is told from the postings of one word alone, in DynamoDB itself.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.metadata import albums, files, shelves, tallies, words
from chalicelib.metadata.files import File
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Condition, Delete, Key, Operation, Page, Put, Span, Table, Update
from chalicelib.metadata.words import Terms

MOST_IN_GROUP = 20
# Of each of so many words, the longest, so many postings are read to see how rare it is.
PROBED, PROBE = 3, 100
# A beginning that more words have is looked for file by file.
MOST_BEGUN = 4
# So many postings are looked at for a page at the most, in so many queries.
LOOKED_AT = (2_000, 2_000)
_BEYOND = "\U0010ffff"


class Sought(NamedTuple):
    """What is looked for, of which kind, in which part of the shelf, and the position after which a page begins."""

    terms: Terms
    first: str
    last: str
    kind: str | None = None
    after: str | None = None


class Candidates(NamedTuple):
    """Positions of files that were found, newest first, and the one after which the rest begins."""

    positions: list[str]
    last: str | None


def written(file: File) -> list[Operation]:
    """Write down what a file is found by, as it is. Fails if any of that has changed since it was read."""
    now = _due(file)
    when, values = unchanged(file)
    change = Update(
        files.file_key(file.owner_id, file.file_id),
        "SET #indexed = :indexed",
        f"{when} AND #name = :name AND {_same('mediaState', file.media_state, values)}",
        {**values, "indexed": now.as_item(), "name": file.name},
    )
    fresh = [Put({**key._asdict(), "words": told}) for key, told in due(file).items()]
    return [change, *fresh, *map(Delete, sorted(told(file) - due(file).keys())), *albums.shelved(file, now.at)]


def due(file: File) -> dict[Key, str]:
    """Return the postings that a file is to have, and what each says."""
    now = _due(file)
    told = f" {now.words} ={tallies.kind_of(file.type)} "
    return {_at(file.owner_id, sk): told for sk in now.sort_keys()}


def told(file: File) -> set[Key]:
    """Return where the postings are that a file says it has."""
    return {_at(file.owner_id, sk) for sk in _Kept(**file.indexed).sort_keys()} if file.indexed else set()


def is_settled(file: File) -> bool:
    """Whether a file says that it has the postings it is to have."""
    return file.indexed == _due(file).as_item()


def renamed(file: File, name: str) -> tuple[Item | None, list[Operation]]:
    """Return what a file says of its postings once it is called otherwise, and the writes beside its own."""
    if not file.indexed:
        return None, []
    change, *rest = written(msgspec.structs.replace(file, name=name))
    assert isinstance(change, Update)
    return change.values["indexed"], rest


def erased(file: File) -> list[Operation]:
    """Remove all postings of a file that is no more."""
    return list(map(Delete, sorted(told(file))))


def unchanged(file: File) -> tuple[str, dict[str, Any]]:
    """Return the condition that the postings of a file are still those that were read, and its values."""
    values: dict[str, Any] = {}
    return _same("indexed", file.indexed, values), values


def partition(owner_id: str) -> str:
    """Return where all postings of an owner are."""
    return f"words#{owner_id}"


def every(table: Table, owner_id: str, *, limit: int, after: str | None) -> Page:
    """Read all postings of an owner, page by page: for those who compare them with the files."""
    return table.between(partition(owner_id), "!", _BEYOND, limit=limit, after=after)


def group(table: Table, file: File) -> list[str]:
    """Name the files of a group, but for the one that is asked of: one query."""
    word = _group(file)
    if not word:
        return []
    found = _between(table, file.owner_id, Span(word, shelves.FIRST, shelves.LAST), limit=MOST_IN_GROUP + 1)
    ids = [position.rpartition("#")[2] for position in found.positions]
    return [file_id for file_id in ids if file_id != file.file_id][:MOST_IN_GROUP]


def look(table: Table, owner_id: str, sought: Sought, limit: int) -> Candidates:
    """Find files, in a bounded number of queries however many there are; the page may be short and go on.

    The rarest of the words leads, as far as a look at the first of each tells; the others are told from its postings.
    """
    terms, needles = sought.terms, _needles(sought)
    probes: dict[str, _Found] = {}
    for word in sorted(terms.whole, key=len, reverse=True)[:PROBED]:
        probes[word] = _part(table, owner_id, word, sought, PROBE)
        if probes[word].last is None:
            return _cut(_fitting(probes[word], needles), None, limit)
    begun = table.page(partition(owner_id), terms.beginning, limit=PROBE)
    if begun.last is None:
        return _cut(_in_part(_read(begun.items), sought, needles), None, limit)
    if probes:
        sparsest = min(probes, key=lambda word: probes[word].positions[-1])
        return _led_by(table, owner_id, sparsest, sought, limit)
    same = _words_begun(table, owner_id, terms.beginning)
    if len(same) > MOST_BEGUN:
        return _led_by(table, owner_id, "", sought, limit)
    return _merged([_part(table, owner_id, word, sought, limit) for word in same], needles, limit)


class _Kept(NamedTuple):
    """What is kept of a file, and where."""

    at: str
    words: str
    group: str

    def as_item(self) -> Item:
        return {"at": self.at, "words": self.words, "group": self.group}

    def sort_keys(self) -> list[str]:
        named = ["", *self.words.split(" "), *filter(None, [self.group])]
        return [f"{word}#{self.at}" for word in named]


class _Found(NamedTuple):
    """Some postings, newest first: position and words of each; and the position after which the rest begins."""

    postings: list[tuple[str, str]]
    last: str | None

    @property
    def positions(self) -> list[str]:
        return [position for position, _ in self.postings]


def _led_by(table: Table, owner_id: str, word: str, sought: Sought, limit: int) -> Candidates:
    """Go through the postings of one word, and have DynamoDB tell those that have all the others."""
    needles = _needles(sought)
    names = {f"needle{n}": needle for n, needle in enumerate(needles)}
    only = Condition(" AND ".join(f"contains(#words, :{name})" for name in names), names)
    found: list[tuple[str, str]] = []
    after = sought.after
    for looked_at in (limit, *LOOKED_AT):
        span = Span(word, sought.first, sought.last)
        some = _between(table, owner_id, span, limit=looked_at, after=after, only=only)
        found, after = found + some.postings, some.last
        if after is None or len(found) >= limit:
            break
    return _cut([position for position, _ in found], after, limit)


def _merged(lists: Sequence[_Found], needles: Sequence[str], limit: int) -> Candidates:
    """Put lists together as far as all of them have been read."""
    known = max((found.last for found in lists if found.last), default="")
    told = {position for found in lists for position in _fitting(found, needles) if position >= known}
    return _cut(sorted(told, reverse=True), known or None, limit)


def _cut(positions: list[str], last: str | None, limit: int) -> Candidates:
    return (
        Candidates(positions[:limit], positions[limit - 1]) if len(positions) > limit else Candidates(positions, last)
    )


def _fitting(found: _Found, needles: Sequence[str]) -> list[str]:
    return [position for position, told in found.postings if all(needle in told for needle in needles)]


def _in_part(found: _Found, sought: Sought, needles: Sequence[str]) -> list[str]:
    """Return what lies in the part of the shelf that is wanted, each file once, newest first."""
    before = sought.after or _BEYOND
    told = {one for one in _fitting(found, needles) if sought.first <= one <= sought.last and one < before}
    return sorted(told, reverse=True)


def _needles(sought: Sought) -> list[str]:
    """Return what the words of a file must contain; there is a blank before and after each of them."""
    kinds = [f" ={sought.kind} "] if sought.kind else []
    return [*(f" {word} " for word in sought.terms.whole), f" {sought.terms.beginning}", *kinds]


def _words_begun(table: Table, owner_id: str, beginning: str) -> list[str]:
    """Name the words that begin so, one more than are of use: each is a query of one posting."""
    told: list[str] = []
    after = None
    while len(told) <= MOST_BEGUN:
        found = table.page(partition(owner_id), beginning, limit=1, after=after)
        if not found.items:
            break
        word = found.items[0]["sk"].partition("#")[0]
        told.append(word)
        # What follows the mark: beyond all postings of this word, before those of any longer one.
        after = f"{word}$"
    return told


def _part(table: Table, owner_id: str, word: str, sought: Sought, limit: int) -> _Found:
    return _between(table, owner_id, Span(word, sought.first, sought.last), limit=limit, after=sought.after)


def _between(
    table: Table, owner_id: str, span: Span, *, limit: int, after: str | None = None, only: Condition | None = None
) -> _Found:
    """Read postings of one word from the end of a part of the shelf."""
    first, last = f"{span.of}#{span.first}", f"{span.of}#{span.last}"
    begin = f"{span.of}#{after}" if after else None
    page = table.between(partition(owner_id), first, last, limit=limit, after=begin, only=only)
    return _Found(_read(page.items).postings, page.last and page.last.partition("#")[2])


def _read(items: Iterable[Item]) -> _Found:
    return _Found([(item["sk"].partition("#")[2], item["words"]) for item in items], None)


def _due(file: File) -> _Kept:
    return _Kept(_position(file), " ".join(words.of(file)), _group(file))


def _same(name: str, value: Any, values: dict[str, Any]) -> str:
    if value is None:
        return f"attribute_not_exists(#{name})"
    values[f"{name}Was"] = value
    return f"#{name} = :{name}Was"


def _group(file: File) -> str:
    """Return the word of a group; no word that is looked for begins so."""
    return f"={hashlib.sha256(file.group_id.encode()).hexdigest()[:32]}" if file.group_id else ""


def _at(owner_id: str, sk: str) -> Key:
    return Key(partition(owner_id), sk)


def _position(file: File) -> str:
    return shelves.position(file.captured_at or file.taken_at or file.created_at, file.file_id)
