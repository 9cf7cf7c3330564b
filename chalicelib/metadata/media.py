"""Media work: what a file's contents tell, and the debt of finding it out.

    owner#<ownerId>  media#<fileId>    tries dueKind dueAt: the contents of this file are still to be looked into
    owner#<ownerId>  file#<fileId>     capturedAt capturedFrom width height camera place previews mediaState

The debt is written with the arrival and struck off once what was found can be searched for (`postings`), so no loss of
a message loses the work. It is an item of its own because a file's own `dueKind` belongs to its way home.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.metadata import files, owners, shelves
from chalicelib.metadata.files import File
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

FACTS = ("capturedAt", "capturedFrom", "width", "height", "camera", "place", "previews", "mediaState")
_DEBT = "media#"
_KIND = "media"


class Debt(NamedTuple):
    """A file whose contents nobody has looked into yet."""

    owner_id: str
    file_id: str
    tries: int
    due_at: str


def debt_key(owner_id: str, file_id: str) -> Key:
    """Return where the debt of a file would be."""
    return Key(owners.partition(owner_id), f"{_DEBT}{file_id}")


def owed(file: File, due_at: str) -> Operation:
    """Write the debt down; it is looked at when a message should long have settled it."""
    due = {"dueKind": files.due_kind(_KIND, file.file_id), "dueAt": due_at}
    return Put({**debt_key(file.owner_id, file.file_id)._asdict(), "tries": 0, **due})


def struck_off(owner_id: str, file_id: str) -> Operation:
    """Strike the debt off."""
    return Delete(debt_key(owner_id, file_id))


def found(file: File, facts: Mapping[str, Any]) -> Operation:
    """Add what was found to a file. Fails if the file has gone or holds another object.

    Nothing else of the file is touched, so it does not matter what happens to it meanwhile. The debt stays until what
    was found can be searched for, too.
    """
    told = {name: facts[name] for name in FACTS if facts.get(name)}
    rest = [name for name in FACTS if name not in told]
    if "capturedAt" in told:
        told["shelvedAt"] = shelves.position(told["capturedAt"], file.file_id)
    does = "SET " + ", ".join(f"#{name} = :{name}" for name in told)
    does += " REMOVE " + ", ".join(f"#{name}" for name in rest) if rest else ""
    version = "#versionId = :was" if file.version_id else "attribute_not_exists(#versionId)"
    same = {"is": file.key, **({"was": file.version_id} if file.version_id else {})}
    return Update(files.file_key(file.owner_id, file.file_id), does, f"#key = :is AND {version}", {**told, **same})


def due(table: Table, shard: int, until: str, *, limit: int) -> list[Debt]:
    """Read the debts that are due, as they are now: the index lags behind the table."""
    items = table.find_many(table.due(f"{_KIND}#{shard}", until, limit=limit))
    return [debt for debt in map(_read, items.values()) if debt.due_at and debt.due_at <= until]


def put_off(debt: Debt, due_at: str) -> Operation:
    """Look at a debt again later. Fails if it was settled, or another sweep was quicker."""
    values = {"due": due_at, "was": debt.due_at, "tries": debt.tries + 1}
    key = debt_key(debt.owner_id, debt.file_id)
    return Update(key, "SET #dueAt = :due, #tries = :tries", "#dueAt = :was", values)


def given_up(debt: Debt) -> Operation:
    """Look at a debt no more; it stays, to show what was never done. Fails as `put_off` does."""
    key = debt_key(debt.owner_id, debt.file_id)
    return Update(key, "REMOVE #dueKind, #dueAt", "#dueAt = :was", {"was": debt.due_at})


def _read(item: Item) -> Debt:
    owner_id = item["pk"].removeprefix(owners.partition(""))
    return Debt(owner_id, item["sk"].removeprefix(_DEBT), item["tries"], item.get("dueAt", ""))
