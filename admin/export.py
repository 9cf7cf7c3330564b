"""All of one owner's data in a folder: what the table holds as JSON lines, and the objects, each verified by its hash.

    profile.json devices.jsonl files.jsonl albums.jsonl activity.jsonl more.jsonl    the table's own names
    objects.jsonl    a line a file: where its bytes are in this folder, or why they are not, or a link to them
    objects/<month>/<fileId>-<name>

Whoever stops it runs it again: what is whole stays, what is in part goes on from where it was. A version of an object
never changes, so the halves fit; and no file gets its name before its hash was right.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from admin import listings
from admin.errors import ForeignFolderError, OtherBytesError, UnknownOwnerError
from admin.stage import Stage
from chalicelib import keys
from chalicelib.incoming import objects, strays
from chalicelib.metadata import owners
from chalicelib.metadata.files import File, Status

MARK = ".export"
LOST = "lost"
LINK_SECONDS = 7 * 86_400
_PIECE_BYTES = 1024 * 1024
_LISTS = {
    "device#": "devices.jsonl",
    "file#": "files.jsonl",
    "album#": "albums.jsonl",
    "member#": "albums.jsonl",
    "activity#": "activity.jsonl",
}
_IN_CLOUD = (Status.UPLOADED, Status.DOWNLOADED, Status.TRASHED)
# Where an item is due is ours, not theirs; so is the whole of what leads to it.
_OURS = ("pk", "dueKind", "dueAt")


@dataclass(frozen=True)
class Told:
    """One file, and what became of its bytes: `fetched`, `there`, `linked`, or why there are none, as `lost`."""

    file_id: str
    done: str
    size: int


def export(stage: Stage, owner_id: str, folder: Path, *, links: bool = False) -> Iterator[Told]:
    """Write everything down, one file after the other; with `links` addresses of objects in place of their bytes."""
    profile = stage.world.table.find(owners.profile(owner_id))
    if profile is None:
        raise UnknownOwnerError(owner_id)
    _claim(folder, owner_id)
    _write_whole(folder / "profile.json", json.dumps(_plain({**profile, **_person(stage, owner_id)}), indent=2))
    _write_lists(stage, owner_id, folder)
    with _lines(folder / "objects.jsonl") as lines:
        for file in listings.all_files(stage.world, owner_id):
            told, line = _object(stage, file, folder, links=links)
            lines(line)
            yield told
        for version in listings.versions(stage.world, f"{strays.QUARANTINE}{owner_id}/"):
            lines({"key": version.key, "versionId": version.version_id, "size": version.size, "done": "put aside"})


def summed(done: Iterator[Told]) -> tuple[Counter[str], int]:
    """Count what was done, and the bytes that are in the folder."""
    counts, size = Counter[str](), 0
    for told in done:
        counts[told.done] += 1
        size += told.size if told.done in ("fetched", "there") else 0
    return counts, size


def place_of(file: File) -> str:
    """Return where a file's object is in the folder: no name a person gave leads out of it, or to another's."""
    return f"objects/{file.created_at[:7]}/{file.file_id}-{keys.clean(file.name)}"


def _object(stage: Stage, file: File, folder: Path, *, links: bool) -> tuple[Told, dict[str, Any]]:
    line = {"fileId": file.file_id, "name": file.name, "size": file.size, "sha256": file.sha256}
    why = _why_not(file)
    if why:
        return Told(file.file_id, why, 0), {**line, "done": why}
    if links:
        which = {"Bucket": stage.world.settings.bucket, "Key": file.key} | _version(file)
        url = stage.client("s3").generate_presigned_url("get_object", which, ExpiresIn=LINK_SECONDS)
        return Told(file.file_id, "linked", file.size or 0), {**line, "done": "linked", "link": url}
    place = place_of(file)
    done = _fetch(stage, file, folder / place)
    if done == LOST:
        return Told(file.file_id, LOST, 0), {**line, "done": LOST}
    return Told(file.file_id, done, file.size or 0), {**line, "done": "here", "path": place}


def _why_not(file: File) -> str:
    if file.gone_at and file.status != Status.LOST:
        return "only at home"
    return "" if file.status in _IN_CLOUD else str(file.status)


def _fetch(stage: Stage, file: File, target: Path) -> str:
    if target.exists() and _hash(target) == file.sha256:
        return "there"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    begin = partial.stat().st_size if partial.exists() else 0
    if (begin < (file.size or 0) or begin == 0) and not _append(stage, file, partial, begin):
        return LOST
    found = _hash(partial)
    if found != file.sha256:
        partial.unlink()
        raise OtherBytesError(file.file_id, file.sha256 or "", found)
    partial.replace(target)
    return "fetched"


def _append(stage: Stage, file: File, partial: Path, begin: int) -> bool:
    """Fetch what is not there yet; say whether the bucket has it, for one object may be lost and the rest is not."""
    span = {"Range": f"bytes={begin}-"} if begin else {}
    s3 = stage.client("s3")
    try:
        reply = s3.get_object(Bucket=stage.world.settings.bucket, Key=file.key, **_version(file), **span)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in objects.ABSENT:
            return False
        raise
    with partial.open("ab") as copy:
        for piece in reply["Body"].iter_chunks(_PIECE_BYTES):
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return True


def _version(file: File) -> dict[str, str]:
    return {"VersionId": file.version_id} if file.version_id else {}


def _hash(path: Path) -> str:
    with path.open("rb") as contents:
        return hashlib.file_digest(contents, "sha256").hexdigest()


def _person(stage: Stage, owner_id: str) -> dict[str, Any]:
    """Ask the user pool what it knows; nothing of somebody it does not know."""
    pool = stage.world.cognito
    try:
        found = pool.admin_get_user(UserPoolId=stage.world.settings.user_pool, Username=owner_id)
    except pool.exceptions.UserNotFoundException:
        return {}
    return {"person": {one["Name"]: one["Value"] for one in found["UserAttributes"]}}


def _write_lists(stage: Stage, owner_id: str, folder: Path) -> None:
    with ExitStack() as stack:
        names = {*_LISTS.values(), "more.jsonl"}
        lines = {name: stack.enter_context(_lines(folder / name)) for name in names}
        for item in listings.everything(stage.world, owner_id):
            if item["sk"] != "profile":
                kind = item["sk"].partition("#")[0] + "#"
                lines[_LISTS.get(kind, "more.jsonl")](_plain(item))


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is ours, and write sets as sorted lists."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in item.items()
        if name not in _OURS
    }


def _claim(folder: Path, owner_id: str) -> None:
    """Take a folder that is ours: new, empty, or begun for the same owner."""
    mark = folder / MARK
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()) and (not mark.exists() or mark.read_text(encoding="utf-8") != owner_id):
        raise ForeignFolderError(str(folder))
    mark.write_text(owner_id, encoding="utf-8")


@contextmanager
def _lines(path: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Write JSON lines; the file has its name once all of them are in."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        yield lambda line: _write_line(file, line)
    partial.replace(path)


def _write_line(file: IO[str], line: Mapping[str, Any]) -> None:
    file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
