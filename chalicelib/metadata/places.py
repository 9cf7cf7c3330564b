"""Places in the table: that those of an owner are to be forgotten, and how far that has come.

owner#<ownerId>  places   after lastAt dueKind dueAt; gone when it is done, or when places are kept again
"""

from chalicelib.metadata import owners
from chalicelib.metadata.files import File, file_key
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

DUE = "places"


def to_be_forgotten(owner_id: str, now: str, last_at: str) -> Operation:
    """Have the places of an owner forgotten, now and once more."""
    return Put({**_key(owner_id)._asdict(), "lastAt": last_at, "dueKind": DUE, "dueAt": now})


def to_be_kept(owner_id: str) -> Operation:
    """Let the places of an owner be."""
    return Delete(_key(owner_id))


def due(table: Table, until: str, *, limit: int) -> list[str]:
    """Name owners whose places are to be forgotten by now."""
    return [key.pk.removeprefix(owners.partition("")) for key in table.due(DUE, until, limit=limit)]


def find(table: Table, owner_id: str) -> Item | None:
    """Read how far it has come, if it is not done."""
    return table.find(_key(owner_id))


def forgotten(file: File) -> Operation:
    """Forget where a file was captured. Nothing else of it is touched; fails if it is gone."""
    return Update(file_key(file.owner_id, file.file_id), "REMOVE #place", "attribute_exists(pk)")


def passed(owner_id: str, seen: Item, last: str) -> Operation:
    """Come so far. Fails if places are kept again, or were told to be forgotten anew."""
    return Update(_key(owner_id), "SET #after = :last", "#lastAt = :lastAt", {"last": last, "lastAt": seen["lastAt"]})


def ended(owner_id: str, seen: Item, *, over: bool) -> Operation:
    """Come to the end: to be done once more at the last time, then never. Fails as `passed` does."""
    when, values = "#lastAt = :lastAt", {"lastAt": seen["lastAt"]}
    if over:
        return Delete(_key(owner_id), when, values)
    return Update(_key(owner_id), "SET #dueAt = :lastAt REMOVE #after", when, values)


def _key(owner_id: str) -> Key:
    return Key(owners.partition(owner_id), "places")
