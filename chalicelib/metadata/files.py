"""Files: their items, their hashes, the owner's counters, and the only ways a file's status may change.

    owner#<ownerId>  file#<fileId>    what we know of a file; shelf shelvedAt favouriteOf: see `shelves`
    owner#<ownerId>  hash#<sha256>    fileId: which file holds these contents; held: whether they have ever arrived;
                                      purgedAt: they were thrown away for good, and no file holds them
    owner#<ownerId>  gone#<fileId>    a tombstone: this id is never to be filled again; purgedAt, if it was purged
    owner#<ownerId>  usage#<0..7>     <status>Files <status>Bytes, gone… (no cloud copy), and what `tallies` names

Each transition is a list of operations for one write; its first operation changes the file and holds the condition
that makes an illegal transition impossible. Counters move in the same write, so they cannot drift.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import changes, owners, shelves, tallies
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Condition, Delete, Key, Operation, Page, Put, Table, Update

DUE_SHARDS = 4
_FILE = "file#"
_NEW = "attribute_not_exists(pk)"
_IS = "#status = :was"
# Nobody may be owed a file whose cloud copy is leaving or gone.
STAYS = "attribute_not_exists(#taggedAt)"


class Status(StrEnum):
    """Where a file is on its way home."""

    PENDING = "pending"
    UPLOADED = "uploaded"
    DOWNLOADED = "downloaded"
    TRASHED = "trashed"
    PURGING = "purging"
    PURGED = "purged"
    LOST = "lost"
    REFUSED = "refused"


_IN = (Status.UPLOADED, Status.DOWNLOADED)
# Whose contents may be begun anew, as if they had never been here.
_HOLDS_NOTHING = (Status.REFUSED, Status.LOST)


class File(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What an owner wants kept. `size` and `sha256` are `None` while nobody has told them.

    `upload_id` is S3's, of a large file whose parts are coming in; `part_hashes` says whether each comes with a hash.
    `device_name` is what the device was called when the file was begun.
    `tagged_at`, `gone_at`, `kept_at` and `returned_at` tell how the cloud copy stands: see `retention`, `grace`;
    `recalled_from` names the PCs that were asked to send it back. `version` counts what people
    changed, so that nobody overwrites what another has just written; a file's way home does not move it.
    """

    owner_id: str
    file_id: str
    name: str
    type: str
    status: Status
    key: str
    created_at: str
    size: int | None = None
    sha256: str | None = None
    version_id: str | None = None
    uploaded_at: str | None = None
    downloaded_at: str | None = None
    taken_at: str | None = None
    group_id: str | None = None
    local_id: str | None = None
    device_id: str | None = None
    device_name: str | None = None
    reason: str | None = None
    upload_id: str | None = None
    part_hashes: bool | None = None
    tagged_at: str | None = None
    gone_at: str | None = None
    kept_at: str | None = None
    returned_at: str | None = None
    recalled_from: frozenset[str] = frozenset()
    trashed_at: str | None = None
    purged_at: str | None = None
    captured_at: str | None = None
    captured_from: str | None = None
    width: int | None = None
    height: int | None = None
    camera: str | None = None
    place: dict[str, int] | None = None
    media_state: str | None = None
    previews: frozenset[str] = frozenset()
    favourite_of: str | None = None
    albums: frozenset[str] = frozenset()
    album: dict[str, str] | None = None
    indexed: dict[str, str] | None = None
    version: int = 0
    owed_to: frozenset[str] = frozenset()
    home: dict[str, str] = {}


def file_key(owner_id: str, file_id: str) -> Key:
    """Return where a file is."""
    return Key(owners.partition(owner_id), f"{_FILE}{file_id}")


def gone_key(owner_id: str, file_id: str) -> Key:
    """Return where the tombstone of a file would be."""
    return Key(owners.partition(owner_id), f"gone#{file_id}")


def hash_key(owner_id: str, sha256: str) -> Key:
    """Return where the pointer from contents to their file is."""
    return Key(owners.partition(owner_id), f"hash#{sha256}")


def due_kind(kind: str, file_id: str) -> str:
    """Return the part of the index a file is due in; the last digit of an id is random, so the parts are even."""
    return f"{kind}#{int(file_id[-1], 16) % DUE_SHARDS}"


def read(item: Mapping[str, Any]) -> File:
    """Make a file of its item."""
    owner_id = item["pk"].removeprefix(owners.partition(""))
    return msgspec.convert({**item, "ownerId": owner_id, "fileId": item["sk"].removeprefix(_FILE)}, File)


def find(table: Table, owner_id: str, file_id: str) -> File | None:
    """Read a file of this owner."""
    item = table.find(file_key(owner_id, file_id))
    return read(item) if item else None


def find_many(table: Table, owner_id: str, file_ids: Iterable[str]) -> dict[str, File]:
    """Read files of this owner, a hundred a call."""
    found = table.find_many(file_key(owner_id, file_id) for file_id in file_ids)
    return {file.file_id: file for file in map(read, found.values())}


class Purged(NamedTuple):
    """What is known of contents that were thrown away for good."""

    file_id: str
    purged_at: str


class Found(NamedTuple):
    """The files that hold or will hold some contents, the pointers that lead nowhere any more, and the counters.

    `purged` holds the pointers of contents that were thrown away for good, as they may be had anew if wanted so.
    """

    known: dict[str, File]
    stale: dict[str, str]
    usage: dict[str, int]
    purged: dict[str, Purged]


def find_by_hash(table: Table, owner_id: str, hashes: Iterable[str], *, usage: bool) -> Found:
    """Look contents up, and the owner's counters along with them if they are wanted."""
    counters = owners.usage_keys(owner_id) if usage else []
    items = table.find_many([*counters, *(hash_key(owner_id, sha256) for sha256 in hashes)])
    used = owners.add_up(items.pop(key, {}) for key in counters)
    pointers = {key.sk.removeprefix("hash#"): item for key, item in items.items()}
    purged = {
        sha256: Purged(item["fileId"], item["purgedAt"]) for sha256, item in pointers.items() if "purgedAt" in item
    }
    leads = {sha256: item["fileId"] for sha256, item in pointers.items() if sha256 not in purged}
    files = find_many(table, owner_id, leads.values()) if leads else {}
    there = {sha256: files[file_id] for sha256, file_id in leads.items() if file_id in files}
    going = {sha256: file for sha256, file in there.items() if file.status == Status.PURGING}
    purged |= {sha256: Purged(file.file_id, file.purged_at or "") for sha256, file in going.items()}
    known = {sha256: file for sha256, file in there.items() if file.status not in (*_HOLDS_NOTHING, Status.PURGING)}
    stale = {sha256: file_id for sha256, file_id in leads.items() if sha256 not in {**known, **purged}}
    return Found(known, stale, used, purged)


def held(table: Table, owner_id: str, hashes: Iterable[str]) -> set[str]:
    """Return those of the contents that have arrived, a hundred a call: the pointers say it, no file is read."""
    pointers = table.find_many(hash_key(owner_id, sha256) for sha256 in hashes)
    return {key.sk.removeprefix("hash#") for key, item in pointers.items() if item.get("held")}


def page(
    table: Table,
    owner_id: str,
    *,
    limit: int,
    after: str | None = None,
    newest_first: bool = True,
    only: Condition | None = None,
) -> Page:
    """Read a page of an owner's files by the time they were begun; `after` and `last` are file ids."""
    begin, pk = f"{_FILE}{after}" if after else None, owners.partition(owner_id)
    found = table.page(pk, _FILE, limit=limit, after=begin, newest_first=newest_first, only=only)
    return Page(found.items, id_in(found.last) if found.last else None)


def id_in(sk: str) -> str:
    """Return the id in the sort key of a file."""
    return sk.removeprefix(_FILE)


def due(table: Table, kind: str, shard: int, until: str, *, limit: int) -> list[tuple[str, str]]:
    """Name owner and id of files that should be looked at by now: `pending`, `grace`, `leaving`, `trash` or `look`."""
    keys = table.due(f"{kind}#{shard}", until, limit=limit)
    return [(key.pk.removeprefix(owners.partition("")), key.sk.partition("#")[2]) for key in keys]


def begun(files: Sequence[File], stale: Mapping[str, str], due_at: str) -> list[Operation]:
    """Nothing -> pending. Fails if one of the hashes is known by now, so that one hash is one file."""
    operations: list[Operation] = []
    for file in files:
        due = {"dueKind": due_kind("pending", file.file_id), "dueAt": due_at}
        operations.append(Put({**_item(file), **due}, _NEW))
        if file.sha256:
            operations.append(_pointer(file.owner_id, file.sha256, file.file_id, stale.get(file.sha256)))
    return [*operations, *_usage(into=(Status.PENDING, files))]


def uploaded(before: File | None, after: File) -> list[Operation]:
    """Pending, or an object whose item is lost, -> uploaded."""
    # Begin wrote the pointer, but not for an object whose item is lost or whose hash nobody declared. A pointer to a
    # file that has not arrived would go with that file if it never does, and these contents would be forgotten.
    pointer = Update(
        hash_key(after.owner_id, after.sha256 or ""),
        "SET #fileId = :file, #held = :held REMOVE #purgedAt",
        values={"file": after.file_id, "held": True},
    )
    usage = _usage(out_of=(Status.PENDING, [before] if before else []), into=(Status.UPLOADED, [after]), arrived=True)
    if before is None:
        return [Put(_item(after), _NEW), pointer, *usage]
    names = ["status", "versionId", "uploadedAt", "size", "sha256", "home"] + ["owedTo"] * bool(after.owed_to)
    sets = ", ".join(f"#{name} = :{name}" for name in names)
    does = f"SET {sets} REMOVE #dueKind, #dueAt, #uploadId, #partHashes"
    change = Update(_at(after), does, _IS, {**_values(after, names), "was": Status.PENDING})
    return [change, pointer, *usage]


def refused(file: File, reason: str) -> list[Operation]:
    """Pending -> refused: other bytes came than were declared. Final; the contents may be begun again as a new file."""
    does = "SET #status = :status, #reason = :reason REMOVE #dueKind, #dueAt"
    values = {"status": Status.REFUSED, "reason": reason, "was": Status.PENDING}
    return [Update(_at(file), does, _IS, values), *_usage(out_of=(Status.PENDING, [file]))]


def released(file: File) -> list[Operation]:
    """Pending -> nothing: it never came. An object that comes later all the same is adopted.

    Fails if S3's upload was begun meanwhile, which nobody would throw away then, or if it joined or left an album.
    """
    (same, upload), (in_same, which) = unchanged("uploadId", file.upload_id), unchanged("albums", file.albums)
    when, values = f"{_IS} AND {same} AND {in_same}", {"was": Status.PENDING, **upload, **which}
    gone, told = Delete(_at(file), when, values), changes.gone(file.owner_id, file.file_id)
    return [gone, told, *_usage(out_of=(Status.PENDING, [file]))]


def aborted(file: File, ttl: int) -> list[Operation]:
    """Pending -> gone: called off; an object that comes later all the same stays unwanted."""
    tombstone = Put({**gone_key(file.owner_id, file.file_id)._asdict(), "ttl": ttl})
    return [*released(file), tombstone]


def postponed(file: File, due_at: str) -> Operation:
    """Pending, looked at again later."""
    return Update(_at(file), "SET #dueAt = :due", _IS, {"due": due_at, "was": Status.PENDING})


def parts_begun(file: File, upload_id: str, *, hashed: bool) -> Operation:
    """Pending, or gone and recalled: its parts may come now. Fails if somebody else begins, or it came back."""
    (same, upload), (still, gone) = unchanged("uploadId", file.upload_id), unchanged("goneAt", file.gone_at)
    does = "SET #uploadId = :new, #partHashes = :hashed"
    told = {"was": file.status, "new": upload_id, "hashed": hashed, **upload, **gone}
    return Update(_at(file), does, f"{_IS} AND {same} AND {still}", told)


def with_parts(file: File, upload_id: str, *, hashed: bool) -> File:
    """Return the file as it is after `parts_begun`."""
    return msgspec.structs.replace(file, upload_id=upload_id, part_hashes=hashed)


def drop_pointer(table: Table, file: File) -> None:
    """Forget that these contents are this file's. Begin steps over a pointer left behind by a death before this."""
    if not file.sha256:
        return
    with suppress(ConditionFailedError):
        table.put(Delete(hash_key(file.owner_id, file.sha256), "#fileId = :file", {"file": file.file_id}))


def receipted(file: File, device_id: str, now: str) -> list[Operation]:
    """Uploaded -> owed to one PC fewer; -> downloaded if that was the last. Fails if the debts changed meanwhile.

    Downloaded, it is due at once: the hourly sweep knows the owner's grace, as it is by then.
    """
    when = f"{_IS} AND contains(#owedTo, :device) AND size(#owedTo) = :count AND #sha256 = :sha256 AND #size = :size"
    values: dict[str, Any] = {"device": device_id, "now": now, "was": Status.UPLOADED, "count": len(file.owed_to)}
    values |= {"sha256": file.sha256, "size": file.size}
    if file.owed_to != {device_id}:
        does = f"SET #home.#{device_id} = :now DELETE #owedTo :devices"
        return [Update(_at(file), does, when, {**values, "devices": {device_id}})]
    does = (
        f"SET #home.#{device_id} = :now, #status = :status, #downloadedAt = :now, #dueKind = :kind, #dueAt = :now "
        "REMOVE #owedTo"
    )
    values |= {"status": Status.DOWNLOADED, "kind": due_kind("grace", file.file_id)}
    return [Update(_at(file), does, when, values)]


def owed_again(file: File, device_id: str) -> Operation:
    """Uploaded or downloaded -> uploaded, owed to one PC more. Fails if it has it or is owed it already.

    Fails, too, while the cloud copy is leaving: `retention.keep` comes first.
    """
    not_owed = "(attribute_not_exists(#owedTo) OR NOT contains(#owedTo, :device))"
    when = f"{_IS} AND {STAYS} AND attribute_not_exists(#home.#{device_id}) AND {not_owed}"
    values = {"was": file.status, "status": Status.UPLOADED, "device": device_id, "devices": {device_id}}
    does = "SET #status = :status REMOVE #dueKind, #dueAt, #downloadedAt ADD #owedTo :devices"
    return Update(_at(file), does, when, values)


def pointed(file: File, *, held: bool) -> Operation:
    """Write down whether a file still holds its contents, so that phones know whether to send them again."""
    does = "SET #fileId = if_not_exists(#fileId, :file)" + (", #held = :held" if held else " REMOVE #held")
    values = {"file": file.file_id} | ({"held": True} if held else {})
    return Update(hash_key(file.owner_id, file.sha256 or ""), does, values=values)


def moved(files: Sequence[File], before: Status, after: Status) -> list[Operation]:
    """Move files from one pair of counters to another."""
    return _usage(out_of=(before, files), into=(after, files))


def unchanged(name: str, value: Any) -> tuple[str, dict[str, Any]]:
    """Return the condition that something is as it was read, and its values."""
    return (f"#{name} = :{name}Was", {f"{name}Was": value}) if value else (f"attribute_not_exists(#{name})", {})


def _at(file: File) -> Key:
    return file_key(file.owner_id, file.file_id)


def _values(file: File, names: Sequence[str]) -> Item:
    item = _item(file)
    return {name: item[name] for name in names}


def _item(file: File) -> Item:
    fields = {field.encode_name: getattr(file, field.name) for field in msgspec.structs.fields(File)}
    del fields["ownerId"], fields["fileId"]
    return {**_at(file)._asdict(), **fields, **_place(file)}


def _place(file: File) -> Item:
    """Return where a file lies on its owner's shelf, as far as is known before anybody looked into it."""
    told = file.captured_at or file.taken_at or file.created_at
    return {"shelf": shelves.shelf(file.owner_id), "shelvedAt": shelves.position(told, file.file_id)}


def _pointer(owner_id: str, sha256: str, file_id: str, stale: str | None) -> Operation:
    item = {**hash_key(owner_id, sha256)._asdict(), "fileId": file_id}
    return Put(item, "#fileId = :stale", {"stale": stale}) if stale else Put(item, _NEW)


Counted = tuple[Status, Sequence[File]]
_NONE: Counted = (Status.PENDING, ())


def counted(owner_id: str, change: Mapping[str, int]) -> list[Operation]:
    """Move the counters of one owner in one operation; only the sum of the parts means anything, so any will do."""
    moves = {name: by for name, by in change.items() if by}
    if not moves:
        return []
    key = Key(owners.partition(owner_id), f"usage#{random.randrange(owners.USAGE_PARTS)}")  # noqa: S311 (no secret)
    # An expression may have 4 KB, and the files of one write may be of many months and devices.
    names = {f"c{n}": name for n, name in enumerate(moves)}
    does = "ADD " + ", ".join(f"#{short} :{short}" for short in names)
    return [Update(key, does, values={short: moves[name] for short, name in names.items()}, names=names)]


def share(counter: str, files: Iterable[File]) -> Counter[str]:
    """Return what files add to a pair of counters, a status or `gone`; and to the tallies, if the status is in."""
    share: Counter[str] = Counter()
    for file in files:
        share.update({f"{counter}Files": 1, f"{counter}Bytes": file.size or 0})
        share.update(tallies.of_what_is_in(file) if counter in _IN else {})
    return share


def _usage(*, out_of: Counted | None = None, into: Counted | None = None, arrived: bool = False) -> list[Operation]:
    (before, left), (after, entered) = out_of or _NONE, into or _NONE
    change = share(after, entered)
    change.update(tallies.of_arrivals(entered) if arrived else {})
    change.subtract(share(before, left))
    return counted(next((file.owner_id for file in (*left, *entered)), ""), change)
