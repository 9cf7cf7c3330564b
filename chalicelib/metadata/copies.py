"""Cloud copies in the table: the mark that one is leaving or gone, and the looks that make sure of one that stays.

owner#<ownerId>  file#<fileId>  taggedAt goneAt keptAt: see `retention`; recalledFrom: see `recalls`
                                  returnedAt: when a PC last sent it back; see `grace`
owner#<ownerId>  look#<fileId>  lastAt: the object is to be looked at until then

A look is an item of its own, so that nothing that happens to the file in between can make it forgotten.
"""

from typing import Any

from chalicelib.metadata import files, ledger, owners
from chalicelib.metadata.files import File, Status, due_kind, file_key, share
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Key, Operation, Put, Update

NOT_AWAITED = "#recalledFrom, #uploadId, #partHashes"
_IS_LEAVING = "#status = :was AND #taggedAt = :tagged"


def look_key(owner_id: str, file_id: str) -> Key:
    """Return where a look at a file's object would be."""
    return Key(owners.partition(owner_id), f"look#{file_id}")


def leaving(file: File, holder: str, now: str, look_at: str) -> list[Operation]:
    """Downloaded, its grace over -> leaving. Fails if anybody is owed it or the holder is no PC of the owner."""
    values = {"was": Status.DOWNLOADED, "now": now, "home": file.home.get(holder), "since": _since(file)}
    when = (
        f"#status = :was AND attribute_not_exists(#owedTo) AND {files.STAYS} AND #home.#{holder} = :home "
        f"AND #{'keptAt' if file.kept_at else 'downloadedAt'} = :since"
    )
    does = "SET #taggedAt = :now, #dueKind = :kind, #dueAt = :look"
    due = {"kind": due_kind("leaving", file.file_id), "look": look_at}
    mark = Update(file_key(file.owner_id, file.file_id), does, when, {**values, **due})
    return [mark, ledger.still_claims(file.owner_id, holder)]


def postponed(file: File, kind: str, due_at: str) -> Operation:
    """Looked at again later, if nothing has happened to it since it was found due."""
    when = "#dueKind = :kind AND #status = :was"
    values = {"kind": due_kind(kind, file.file_id), "due": due_at, "was": file.status}
    return Update(file_key(file.owner_id, file.file_id), "SET #dueAt = :due", when, values)


def gone(file: File, now: str) -> list[Operation]:
    """Leaving -> gone. A trashed file is due for its purge all the same."""
    forget = " REMOVE #dueKind, #dueAt" * (file.status == Status.DOWNLOADED)
    when = f"{_IS_LEAVING} AND attribute_not_exists(#goneAt)"
    values = {"was": file.status, "tagged": file.tagged_at, "now": now}
    mark = Update(file_key(file.owner_id, file.file_id), f"SET #goneAt = :now{forget}", when, values)
    return [mark, *files.counted(file.owner_id, share("gone", [file]))]


def kept(file: File, now: str, last_at: str, owed_to: frozenset[str], returned: str | None = None) -> list[Operation]:
    """Leaving or gone -> kept, with a new grace, and to be looked at from now on until `last_at`.

    A downloaded file that is owed to somebody by this is uploaded again, and so is one that was lost. One that a PC
    sent back, as the version `returned`, is known as such; that fails if it came back another way.
    """
    values: dict[str, Any] = {"was": file.status, "tagged": file.tagged_at, "now": now}
    sets, forgets, when = "#keptAt = :now", f"#taggedAt, #goneAt, {NOT_AWAITED}", [_IS_LEAVING]
    if returned is not None:
        sets = f"{sets}, #returnedAt = :now, #versionId = :version"
        when = [*when, "attribute_exists(#goneAt)", "#recalledFrom = :recalled"]
        values |= {"version": returned, "recalled": file.recalled_from}
    moved = share("", [])
    moved.subtract(share("gone", [file] if file.gone_at else []))
    was_lost = file.status == Status.LOST
    if owed_to or was_lost:
        sets, forgets = f"{sets}, #status = :status", f"{forgets}, #dueKind, #dueAt, #downloadedAt"
        sets, values = sets + ", #owedTo = :owed" * bool(owed_to), values | {"status": Status.UPLOADED}
        values |= {"owed": owed_to} if owed_to else {}
        when += [f"attribute_not_exists(#home.#{device_id})" for device_id in sorted(owed_to)]
        moved.update(share(Status.UPLOADED, [file]))
        moved.subtract(share(file.status, [file]))
    elif file.status == Status.DOWNLOADED:
        sets += ", #dueKind = :kind, #dueAt = :now"
        values |= {"kind": due_kind("grace", file.file_id)}
    does = f"SET {sets} REMOVE {forgets}"
    mark = Update(file_key(file.owner_id, file.file_id), does, " AND ".join(when), values)
    held = [files.pointed(file, held=True)] if was_lost else []
    return [mark, look(file.owner_id, file.file_id, now, last_at), *files.counted(file.owner_id, moved), *held]


def look(owner_id: str, file_id: str, at: str, last_at: str) -> Operation:
    """Have a file's object looked at, now and once more."""
    item: Item = {**look_key(owner_id, file_id)._asdict(), "lastAt": last_at}
    return Put({**item, "dueKind": due_kind("look", file_id), "dueAt": at})


def looked(owner_id: str, file_id: str, last_at: str, *, over: bool) -> Operation:
    """Looked at: not again before the last time; after that, never. Fails if a later look was asked for meanwhile."""
    key, when, values = look_key(owner_id, file_id), "#lastAt = :last", {"last": last_at}
    return Delete(key, when, values) if over else Update(key, "SET #dueAt = :last", when, values)


def _since(file: File) -> str | None:
    return file.kept_at or file.downloaded_at
