"""Recalls in the table: which PC is asked to send which file back to the cloud, and a copy that came back so.

pc#<deviceId>    recall#<fileId>  askedAt: this PC is asked for the file; gone once the file is back
owner#<ownerId>  file#<fileId>    recalledFrom: the PCs asked, of a file whose cloud copy is gone

An item that is left behind by anything that happens to its file does no harm: what counts is the file (`awaited_from`),
and whoever lists a PC's recalls strikes off what is over.
"""

from collections.abc import Iterable
from typing import NamedTuple

from chalicelib.metadata import copies
from chalicelib.metadata.files import File, Status, file_key
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

MOST_COUNTED = 100
_RECALL = "recall#"


class Recall(NamedTuple):
    """A file that a PC is asked for, and since when."""

    file_id: str
    asked_at: str


class Recalls(NamedTuple):
    """A page of what a PC is asked for, and the file id after which the rest begins."""

    recalls: list[Recall]
    last: str | None


def key(device_id: str, file_id: str) -> Key:
    """Return where a PC is asked for a file."""
    return Key(f"pc#{device_id}", f"{_RECALL}{file_id}")


def awaited_from(file: File) -> frozenset[str]:
    """Return the PCs that a file is awaited from: those asked that have it, while the cloud has not."""
    awaited = file.status == Status.DOWNLOADED and file.gone_at is not None
    return file.recalled_from.intersection(file.home) if awaited else frozenset()


def asked(file: File, device_ids: Iterable[str], now: str) -> list[Operation]:
    """Gone -> gone, and asked for from these PCs. Fails if it came back, was thrown away or is not on them any more."""
    named = sorted(device_ids)
    there = " AND ".join(f"attribute_exists(#home.#{device_id})" for device_id in named)
    when = f"#status = :was AND attribute_exists(#goneAt) AND {there}"
    values = {"was": Status.DOWNLOADED, "pcs": frozenset(named)}
    mark = Update(file_key(file.owner_id, file.file_id), "ADD #recalledFrom :pcs", when, values)
    items = [Put({**key(device_id, file.file_id)._asdict(), "askedAt": now}) for device_id in named]
    return [mark, *items]


def came_back(file: File, version_id: str, now: str, last_at: str, owed_to: frozenset[str]) -> list[Operation]:
    """Gone -> kept, as this version, for thirty days. Fails if it came back another way or was thrown away."""
    return [*copies.kept(file, now, last_at, owed_to, returned=version_id), *_struck(file)]


def given_up(file: File) -> list[Operation]:
    """Gone, and not asked for any more: what came was something else. Fails if it came back or was asked for anew."""
    when, does = "#recalledFrom = :recalled", f"REMOVE {copies.NOT_AWAITED}"
    return [Update(file_key(file.owner_id, file.file_id), does, when, {"recalled": file.recalled_from}), *_struck(file)]


def struck(device_id: str, recall: Recall) -> Operation:
    """Strike off what a PC need not send. Fails if it was asked for anew meanwhile."""
    return Delete(key(device_id, recall.file_id), "#askedAt = :at", {"at": recall.asked_at})


def page(table: Table, device_id: str, *, limit: int, after: str | None = None) -> Recalls:
    """Read what a PC is asked for: one strongly consistent query."""
    begin = f"{_RECALL}{after}" if after else None
    found = table.page(f"pc#{device_id}", _RECALL, limit=limit, after=begin)
    read = [Recall(item["sk"].removeprefix(_RECALL), item["askedAt"]) for item in found.items]
    return Recalls(read, found.last.removeprefix(_RECALL) if found.last else None)


def count(table: Table, device_id: str) -> int:
    """Count what a PC is asked for, up to a hundred: one query."""
    return len(table.page(f"pc#{device_id}", _RECALL, limit=MOST_COUNTED).items)


def forget(table: Table, device_id: str) -> None:
    """Strike off all that a PC is asked for."""
    left = True
    while left:
        found = page(table, device_id, limit=MOST_COUNTED)
        for recall in found.recalls:
            table.put(Delete(key(device_id, recall.file_id)))
        left = found.last is not None


def _struck(file: File) -> list[Operation]:
    return [Delete(key(device_id, file.file_id)) for device_id in sorted(file.recalled_from)]
