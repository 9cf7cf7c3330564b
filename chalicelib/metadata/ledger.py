"""The ledger of debts: which PC is owed which file, and what an owner did lately.

pc#<deviceId>    owed#<fileId>    notice owedSince: one debt, with all the PC needs to settle it
owner#<ownerId>  activity#<id>    what at deviceId fileId count by since address; kept 90 days: see `history`
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import moments
from chalicelib.metadata import files, owners, tallies
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Check, Delete, Key, Operation, Put, Table, Update

ACTIVITY_DAYS = 90
_OWED = "owed#"
_FIRST_DEBTS = 25


class Debts(NamedTuple):
    """A page of what a PC is owed, and the file id after which the rest begins."""

    notices: list[Item]
    last: str | None


def owed_key(device_id: str, file_id: str) -> Key:
    """Return where a debt is."""
    return Key(f"pc#{device_id}", f"{_OWED}{file_id}")


def owe(device_id: str, notice: Mapping[str, Any], now: str) -> Operation:
    """Write a debt."""
    return Put({**owed_key(device_id, notice["fileId"])._asdict(), "notice": notice, "owedSince": now})


def still_claims(owner_id: str, device_id: str) -> Operation:
    """Refuse the write unless the PC is still one that the owner's files are owed to."""
    return Check(owners.profile(owner_id), f"attribute_exists(#pcs.#{device_id})")


def all_claim(owner_id: str, device_ids: Iterable[str]) -> list[Operation]:
    """Refuse the write unless each of the PCs is still one that the owner's files are owed to."""
    claims = " AND ".join(f"attribute_exists(#pcs.#{device_id})" for device_id in sorted(device_ids))
    return [Check(owners.profile(owner_id), claims)] if claims else []


def settle(device_id: str, file_id: str) -> Operation:
    """Strike a debt off."""
    return Delete(owed_key(device_id, file_id))


def restated(before: File, after: File) -> list[Operation]:
    """Write down where a file is at home and who is owed it. Fails if any of that has changed since it was read.

    Uploaded and downloaded -> each other, or -> lost; lost -> downloaded. A grace begins when a file with a cloud
    copy becomes downloaded; contents that are lost may be begun anew.
    """
    sets: dict[str, Any] = {"status": after.status, "home": after.home, "owedTo": after.owed_to or None}
    if after.status != before.status:
        in_grace = after.status == Status.DOWNLOADED and not after.gone_at
        sets |= {
            "downloadedAt": after.downloaded_at,
            "dueKind": files.due_kind("grace", after.file_id) if in_grace else None,
            "dueAt": after.downloaded_at if in_grace else None,
        }
    when, was = _unchanged(before)
    change = Update(files.file_key(after.owner_id, after.file_id), _does(sets), when, _known(sets) | was)
    is_lost, was_lost = after.status == Status.LOST, before.status == Status.LOST
    return [change, *([] if is_lost == was_lost else [files.pointed(after, held=was_lost)])]


def known_from_home(file: File) -> list[Operation]:
    """Nothing -> downloaded, its cloud copy gone: all that is known of it is what a PC has.

    Fails if it is known, or if its contents are held, or were thrown away for good, under whatever id.
    """
    new, *_ = files.uploaded(None, file)
    pointer = Update(
        files.hash_key(file.owner_id, file.sha256 or ""),
        "SET #fileId = :file, #held = :held",
        "attribute_not_exists(#held) AND attribute_not_exists(#purgedAt)",
        {"file": file.file_id, "held": True},
    )
    change = files.share(Status.DOWNLOADED, [file]) + files.share("gone", [file])
    return [new, pointer, *files.counted(file.owner_id, change)]


def recounted(changes: Sequence[tuple[File, File]], home_at: str | None = None) -> list[Operation]:
    """Move the counters of one owner's files from what they were to what they are: one operation.

    `home_at` is when all of them came home to one PC more.
    """
    change = tallies.of_homecomings([after for _, after in changes], home_at) if home_at else Counter[str]()
    for before, after in changes:
        change.update(files.share(after.status, [after]))
        change.subtract(files.share(before.status, [before]))
    return files.counted(changes[0][0].owner_id, change) if changes else []


def owed(table: Table, device_id: str, *, limit: int, after: str | None = None) -> Debts:
    """Read what a PC is owed, oldest first: one strongly consistent query."""
    begin = f"{_OWED}{after}" if after else None
    found = table.page(f"pc#{device_id}", _OWED, limit=limit, after=begin)
    last = found.last.removeprefix(_OWED) if found.last else None
    return Debts([item["notice"] for item in found.items], last)


def remember(owner_id: str, what: str, at: datetime, activity_id: str, **details: Any) -> Operation:
    """Write down what happened, for a while."""
    key = Key(owners.partition(owner_id), f"activity#{activity_id}")
    ttl = int((at + timedelta(days=ACTIVITY_DAYS)).timestamp())
    return Put({**key._asdict(), "what": what, "at": moments.to_text(at), "ttl": ttl, **details})


def oldest_since(table: Table, device_id: str) -> str | None:
    """Return since when a PC owes, as its first debts tell: one query.

    Debts are in the order their files were begun. One that was made anew for an old file is among the first, and may
    hide one that is older; hence several.
    """
    found = table.page(f"pc#{device_id}", _OWED, limit=_FIRST_DEBTS)
    return min((item["owedSince"] for item in found.items), default=None)


def _does(sets: Mapping[str, Any]) -> str:
    """Set what has a value, remove what has none."""
    gone = ", ".join(f"#{name}" for name in sets if sets[name] is None)
    return "SET " + ", ".join(f"#{name} = :{name}" for name in _known(sets)) + (f" REMOVE {gone}" if gone else "")


def _known(sets: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sets.items() if value is not None}


def _unchanged(file: File) -> tuple[str, dict[str, Any]]:
    """Return the condition that a file's part in the ledger is still as it was read, and its values."""
    when, values = "#status = :was AND #home = :homeWas", {"was": file.status, "homeWas": file.home}
    for name, value in (("owedTo", file.owed_to), ("taggedAt", file.tagged_at), ("goneAt", file.gone_at)):
        when += f" AND #{name} = :{name}Was" if value else f" AND attribute_not_exists(#{name})"
        values |= {f"{name}Was": value} if value else {}
    return when, values
