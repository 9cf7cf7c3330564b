"""The reindex: what files are found by, against what the files say, owner by owner. Puts right whatever differs.

It is for an index that was lost or is made of other words than it was. What is right is only read, so who was stopped
runs it again and is soon where he was. The stage works on meanwhile: each write hangs on the file being as it was read.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from admin import listings
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.library import indexing
from chalicelib.metadata import files, postings
from chalicelib.metadata.files import File
from chalicelib.metadata.table import Check, Delete, Key

# Of so many files the postings are read at once: a few calls.
_BATCH = 20


class Reindexed(NamedTuple):
    """What was done for an owner: so many files looked at, so many made to be found anew, so many strays removed."""

    owner_id: str
    files: int = 0
    written: int = 0
    removed: int = 0


def reindex(world: Cloud, owner_id: str | None = None) -> Iterator[Reindexed]:
    """Put one owner's index right, or those of all; tell of each owner once that is done."""
    for one in [owner_id] if owner_id else listings.owner_ids(world):
        looked_at, written = _write(world, one)
        yield Reindexed(one, looked_at, written, _remove(world, one))


def _write(world: Cloud, owner_id: str) -> tuple[int, int]:
    looked_at = written = 0
    for batch in listings.batches(listings.all_files(world, owner_id), _BATCH):
        known = world.table.find_many(key for file in batch for key in postings.due(file))
        for file in batch:
            looked_at += 1
            is_right = postings.is_settled(file) and _all_there(postings.due(file), known)
            written += not is_right and indexing.index(world, owner_id, file.file_id)
    return looked_at, written


def _all_there(due: Mapping[Key, str], known: Mapping[Key, Mapping[str, Any]]) -> bool:
    return all(known.get(key, {}).get("words") == words for key, words in due.items())


def _remove(world: Cloud, owner_id: str) -> int:
    """Remove postings that no file accounts for."""
    removed = 0
    for batch in listings.batches(listings.postings(world, owner_id), 100):
        there = files.find_many(world.table, owner_id, {one["sk"].rpartition("#")[2] for one in batch})
        removed += sum(_is_stray(world, owner_id, one, there) for one in batch)
    return removed


def _is_stray(world: Cloud, owner_id: str, item: Mapping[str, Any], there: Mapping[str, File]) -> bool:
    file_id = item["sk"].rpartition("#")[2]
    key, file = Key(item["pk"], item["sk"]), there.get(file_id)
    if file and key in postings.told(file):
        return False
    when, values = postings.unchanged(file) if file else ("attribute_not_exists(pk)", {})
    try:
        world.table.write(Delete(key), Check(files.file_key(owner_id, file_id), when, values))
    except ConditionFailedError:
        return False
    return True
