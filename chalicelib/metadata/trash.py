"""Trash in the table: a file thrown away, taken back, thrown away for good. Each way is one write with its condition.

owner#<ownerId>  file#<fileId>  trashedAt purgedAt; due as `trash#n`: until then it can be had back, then it is purged
owner#<ownerId>  gone#<fileId>  purgedAt: what is left of a purged file
owner#<ownerId>  hash#<sha256>  purgedAt: these contents stay known
"""

from collections.abc import Iterable
from typing import Any

from chalicelib.metadata import albums, changes, copies, files, ledger, media, postings, shelves
from chalicelib.metadata.files import File, Status, due_kind, file_key, gone_key, hash_key, share
from chalicelib.metadata.table import Delete, Operation, Put, Table, Update


def trashed(file: File, now: str, due_at: str) -> list[Operation]:
    """Uploaded or downloaded -> trashed, and nobody is owed it any more. Fails if its debts have changed meanwhile."""
    owed_to = sorted(file.owed_to)
    if owed_to:
        names = {f"owed{n}": device_id for n, device_id in enumerate(owed_to)}
        same = " AND ".join(["size(#owedTo) = :count", *(f"contains(#owedTo, :{name})" for name in names)])
        values: dict[str, Any] = {**names, "count": len(owed_to)}
    else:
        same, values = "attribute_not_exists(#owedTo)", {}
    values |= {"was": file.status, "status": Status.TRASHED, "now": now, "due": due_at}
    values |= {"kind": due_kind("trash", file.file_id), "shelf": shelves.shelf(file.owner_id, trashed=True)}
    sets = "#status = :status, #trashedAt = :now, #shelf = :shelf, #dueKind = :kind, #dueAt = :due"
    does = f"SET {sets} REMOVE #owedTo"
    change = Update(file_key(file.owner_id, file.file_id), does, f"#status = :was AND {same}", values)
    return [change, *(ledger.settle(device_id, file.file_id) for device_id in owed_to)]


def restored(
    file: File, owed_to: frozenset[str], status: Status, now: str, *, pointed_to: bool = True
) -> list[Operation]:
    """Trashed -> uploaded, downloaded or lost. Fails if it was purged, came home or began to leave meanwhile.

    The contents of one that is lost are not held any more, unless another file has them by now.
    """
    copy = "attribute_exists(#goneAt)" if file.gone_at else files.STAYS
    when = f"#status = :was AND #trashedAt = :at AND #home = :home AND {copy}"
    sets, forgets = "#status = :status, #shelf = :shelf", "#trashedAt"
    values: dict[str, Any] = {"was": Status.TRASHED, "at": file.trashed_at, "status": status, "home": file.home}
    values["shelf"] = shelves.shelf(file.owner_id)
    if owed_to:
        sets += ", #owedTo = :owed"
        values["owed"] = owed_to
    if status == Status.UPLOADED:
        forgets += ", #dueKind, #dueAt, #downloadedAt"
    elif file.gone_at:
        forgets += ", #dueKind, #dueAt"
    else:
        sets += ", #downloadedAt = if_not_exists(#downloadedAt, :now), #keptAt = :now, #dueKind = :kind, #dueAt = :now"
        values |= {"now": now, "kind": due_kind("grace", file.file_id)}
    change = Update(file_key(file.owner_id, file.file_id), f"SET {sets} REMOVE {forgets}", when, values)
    return [change, *([_not_held(file)] if status == Status.LOST and pointed_to else [])]


def _not_held(file: File) -> Operation:
    """Forget that a file holds its contents. Fails if another holds them since this one was seen to be pointed to."""
    return Update(hash_key(file.owner_id, file.sha256 or ""), "REMOVE #held", "#fileId = :file", {"file": file.file_id})


def home_noted(file: File, device_id: str, now: str) -> Operation:
    """Trashed, and at home all the same: a restore will not owe it to that PC. Fails if that is known by now."""
    when = f"#status = :was AND #sha256 = :sha256 AND #size = :size AND attribute_not_exists(#home.#{device_id})"
    values = {"was": Status.TRASHED, "sha256": file.sha256, "size": file.size, "now": now}
    return Update(file_key(file.owner_id, file.file_id), f"SET #home.#{device_id} = :now", when, values)


def purging(file: File, now: str) -> Operation:
    """Trashed or refused -> purging: no way back. Fails if it was restored meanwhile, even if it was trashed again."""
    does = "SET #status = :status, #purgedAt = :now, #dueKind = :kind, #dueAt = :now"
    values = {"was": file.status, "status": Status.PURGING, "now": now, "kind": due_kind("trash", file.file_id)}
    when = "#status = :was"
    if file.trashed_at:
        when, values = f"{when} AND #trashedAt = :at", {**values, "at": file.trashed_at}
    return Update(file_key(file.owner_id, file.file_id), does, when, values)


def purged(file: File, look_at: str, *, leads_here: bool) -> list[Operation]:
    """Purging -> a tombstone, when the object is no more. The contents stay known if their pointer leads here.

    Nobody has to look into the object any more.

    Whoever looked into the object when it went may still put previews down, so a last look is taken for them.
    """
    (same, was), (in_same, which) = postings.unchanged(file), files.unchanged("albums", file.albums)
    was |= {"was": Status.PURGING, **which}
    gone = Delete(file_key(file.owner_id, file.file_id), f"#status = :was AND {same} AND {in_same}", was)
    tombstone = Put({**gone_key(file.owner_id, file.file_id)._asdict(), "purgedAt": file.purged_at})
    change = share(Status.PURGING, [file]) + share("gone", [file] if file.gone_at else [])
    last_look = copies.look(file.owner_id, file.file_id, look_at, look_at)
    nothing_to_see = media.struck_off(file.owner_id, file.file_id)
    counted = files.counted(file.owner_id, {name: -by for name, by in change.items()})
    told = changes.gone(file.owner_id, file.file_id)
    operations = [gone, told, tombstone, last_look, nothing_to_see, *counted, *albums.forgotten(file)]
    operations += postings.erased(file)
    if leads_here and file.sha256:
        values = {"file": file.file_id, "at": file.purged_at}
        pointer = Update(hash_key(file.owner_id, file.sha256), "SET #purgedAt = :at", "#fileId = :file", values)
        operations.append(pointer)
    return operations


def pointed_to(table: Table, found: Iterable[File]) -> set[str]:
    """Name those of the files by which their contents are known, a hundred a call."""
    at = {hash_key(file.owner_id, file.sha256): file.file_id for file in found if file.sha256}
    pointers = table.find_many(at) if at else {}
    return {at[key] for key, pointer in pointers.items() if pointer["fileId"] == at[key]}


def leads_here(table: Table, file: File) -> bool:
    """Whether the contents of a file are known by this file: another with the same may have been there first."""
    pointer = table.find(hash_key(file.owner_id, file.sha256)) if file.sha256 else None
    return pointer is not None and pointer["fileId"] == file.file_id
