"""The log of changes: an owner's files in the order they changed, each once, so that who follows it loses none.

    owner#<ownerId>  changes          epoch head: how many changes were counted; epoch: which count this is
    owner#<ownerId>  change#<number>  fileId: look at this file again
    owner#<ownerId>  file#<fileId>    changedOf: not in the log yet; loggedAs: the number it has there, its latest
    owner#<ownerId>  was#<fileId>     changedOf: a file that is no more, and is not in the log as such yet

Whoever writes a file only marks it (`marks`). Numbers are given by who reads the log, and by one reader at a time:
the write that gives some moves the head on the condition that nobody else did. An entry holds no state: who reads it
looks at the file as it is then, which is at least as new. So a mark made while it is being taken off loses nothing.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import marks, owners
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Index, Key, Operation, Put, Span, Table, Update

CHANGED = Index("changed", marks.MARK, "sk", ())
# With the head they are read in one call; three operations each, and the head moves in the same write.
MOST_IN_ONE_GO = 96
_FILES_IN_ONE_WRITE = 32
_FILE, _WAS, _CHANGE = "file#", "was#", "change#"


class Head(NamedTuple):
    """How far a log goes, and which one it is."""

    epoch: str
    number: int


class Entries(NamedTuple):
    """Some files that changed, the number up to which these are all, and whether there are more beyond."""

    file_ids: list[str]
    number: int
    more: bool


def gone(owner_id: str, file_id: str) -> Operation:
    """Mark a file that is no more, in the write that removes it."""
    return Put({**_key(owner_id, f"{_WAS}{file_id}")._asdict(), **marks.of(owners.partition(owner_id), _FILE)})


def begin_anew(table: Table, owner_id: str, new_epoch: str) -> None:
    """Make every follower begin anew: of a table that was put back, the numbers given since are given once more."""
    begun = Update(_key(owner_id, "changes"), "SET #epoch = :epoch", "attribute_exists(pk)", {"epoch": new_epoch})
    with suppress(ConditionFailedError):
        table.put(begun)


def caught_up(table: Table, owner_id: str, new_epoch: str) -> tuple[Head, bool]:
    """Bring what is marked into the log, a bounded piece; return its head, and whether more may be marked."""
    marked = table.along(CHANGED, Span(owner_id, _FILE, f"{_WAS}~"), limit=MOST_IN_ONE_GO)
    at, keys = _key(owner_id, "changes"), [Key(item["pk"], item["sk"]) for item in marked.items]
    found = table.find_many([at, *keys])
    # The index lags, so the items have the last word.
    due = [found[key] for key in keys if marks.MARK in found.get(key, {})]
    known = _head(found[at]) if at in found else None
    head = known or Head(new_epoch, 0)
    try:
        for some in _writes(due, has_head=known is not None):
            table.write(*_logged(owner_id, head, some, is_new=known is None and not head.number))
            head = Head(head.epoch, head.number + len(some))
    except ConditionFailedError:
        # Another reader was quicker, or a file changed or went meanwhile: what is left is marked still.
        return _head(table.find(at) or {"epoch": new_epoch, "head": 0}), True
    return head, marked.last is not None


def page(table: Table, owner_id: str, head: Head, *, after: int, limit: int) -> Entries:
    """Read which files changed after a number: one query.

    Nothing beyond the head that was read before counts, since a query may see a later entry and miss one before it.
    """
    found = table.page(owners.partition(owner_id), _CHANGE, limit=limit, after=f"{_CHANGE}{_digits(after)}")
    numbered = {int(item["sk"].removeprefix(_CHANGE)): item["fileId"] for item in found.items}
    told = {number: file_id for number, file_id in numbered.items() if number <= head.number}
    more = found.last is not None or len(told) < len(numbered)
    last = max(told, default=after) if more else max(after, head.number)
    return Entries(list(dict.fromkeys(told.values())), last, more)


def _head(item: Item) -> Head:
    return Head(item["epoch"], item["head"])


def _writes(due: Sequence[Item], *, has_head: bool) -> Iterable[Sequence[Item]]:
    """Part what is due into writes; the first one makes the head, even if nothing is due."""
    parts = [due[start : start + _FILES_IN_ONE_WRITE] for start in range(0, len(due), _FILES_IN_ONE_WRITE)]
    return parts or ([] if has_head else [[]])


def _logged(owner_id: str, head: Head, some: Sequence[Item], *, is_new: bool) -> list[Operation]:
    """Give files their numbers. Fails if another reader gave some meanwhile, or if one of the files is gone."""
    values = {"to": head.number + len(some), "epoch": head.epoch}
    was = {} if is_new else {"was": head.number}
    when = "attribute_not_exists(pk)" if is_new else "#head = :was AND #epoch = :epoch"
    operations: list[Operation] = [
        Update(_key(owner_id, "changes"), "SET #head = :to, #epoch = :epoch", when, {**values, **was})
    ]
    for number, item in enumerate(some, start=head.number + 1):
        operations += _entered(owner_id, item, number)
    return operations


def _entered(owner_id: str, item: Item, number: int) -> list[Operation]:
    key, file_id = Key(item["pk"], item["sk"]), item["sk"].partition("#")[2]
    entry = Put({**_key(owner_id, f"{_CHANGE}{_digits(number)}")._asdict(), "fileId": file_id})
    marked = f"attribute_exists(#{marks.MARK})"
    if item["sk"].startswith(_WAS):
        return [entry, Delete(key, marked)]
    before = item.get("loggedAs")
    same, was = ("#loggedAs = :was", {"was": before}) if before else ("attribute_not_exists(#loggedAs)", {})
    taken = Update(
        key, f"SET #loggedAs = :number REMOVE #{marks.MARK}", f"{marked} AND {same}", {"number": number} | was
    )
    return [entry, taken, *([Delete(_key(owner_id, f"{_CHANGE}{_digits(before)}"))] if before else [])]


def _digits(number: int) -> str:
    return f"{number:012}"


def _key(owner_id: str, sk: str) -> Key:
    return Key(owners.partition(owner_id), sk)
