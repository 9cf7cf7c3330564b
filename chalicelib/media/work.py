"""Media work is done: each file's contents are looked into once, and what they tell is added to the file.

Everything may come twice and in any order. What is found is a fact about the object, so the second run finds the
same; it is written only to a file that still holds that object, and touches nothing that its way home depends on.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from chalicelib import log, metrics
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming import arrivals, objects
from chalicelib.library import indexing
from chalicelib.media import boxes, captured, previews, sandbox, sniffed, tasks, told
from chalicelib.media.captured import Told
from chalicelib.media.sandbox import Seen
from chalicelib.media.sniffed import Kind
from chalicelib.media.tasks import Hash, Look
from chalicelib.metadata import files, owners
from chalicelib.metadata import media as kept
from chalicelib.metadata.files import File, Status

State = Literal["done", "unreadable", "tooLarge", "none"]
LookInto = Callable[[Kind, Path, Path], Seen]

# What the one writable folder of a function holds, several times over; larger pictures are raw data of scanners.
MOST_PICTURE_BYTES = 160 * 1024 * 1024
_HEAD_BYTES = boxes.PIECE_BYTES
_PIECE_BYTES = 1024 * 1024
_NOTHING_TO_SEE = frozenset({Status.PENDING, Status.REFUSED, Status.PURGING, Status.PURGED})


@dataclass(frozen=True)
class Finding:
    """What a file's contents told."""

    state: State = "none"
    size: tuple[int, int] | None = None
    camera: str | None = None
    place: dict[str, int] | None = None
    exif: Mapping[str, str] = field(default_factory=dict)
    quicktime: Mapping[str, str] = field(default_factory=dict)
    previews: Mapping[str, bytes] = field(default_factory=dict)


def media_queued(world: Cloud, event: Mapping[str, Any]) -> dict[str, Any]:
    """Work off a batch of messages; those that failed, and they alone, come again."""
    sandbox.hide()
    failures = []
    for record in event["Records"]:
        try:
            run(world, tasks.parse(record["body"]))
        except Exception:  # noqa: BLE001 (the outermost ring: a poison message must not take its neighbours along)
            log.logger.warning("media work failed", exc_info=True, extra={"message_id": record["messageId"]})
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def run(world: Cloud, task: tasks.Task, look_into: LookInto = sandbox.look) -> None:
    """Do one piece of work."""
    if isinstance(task, Hash):
        _take_in(world, task)
    else:
        _look(world, task, look_into)


def _take_in(world: Cloud, task: Hash) -> None:
    """Take an object in, unless its upload was called off: who looks into pictures may remove no originals."""
    arrival = task.arrival()
    if arrival and not world.table.find(files.gone_key(arrival.original.owner_id, arrival.original.file_id)):
        arrivals.take_in(world, arrival, most_hashed_bytes=objects.MOST_PUT_BYTES)


def _look(world: Cloud, task: Look, look_into: LookInto) -> None:
    at, profile = files.file_key(task.owner_id, task.file_id), owners.profile(task.owner_id)
    debt = kept.debt_key(task.owner_id, task.file_id)
    known = world.table.find_many([at, profile, debt])
    file = files.read(known[at]) if at in known else None
    if file is None or file.status in _NOTHING_TO_SEE or "closedAt" in known.get(profile, {}):
        world.table.put(kept.struck_off(task.owner_id, task.file_id))
        return
    if file.media_state:
        if debt in known:
            indexing.settle(world, task.owner_id, task.file_id)
        return
    found = study(world, file, look_into)
    _keep(world, file, found, keeps_places=owners.keeps_places(known.get(profile, {})))


def _keep(world: Cloud, file: File, found: Finding, *, keeps_places: bool) -> None:
    """Put the previews where they belong and write down what was found; a file that went meanwhile leaves nothing."""
    facts = as_facts(file, found, keeps_places=keeps_places)
    written = previews.put(world, file, found.previews)
    try:
        world.table.put(kept.found(file, facts))
    except ConditionFailedError:
        previews.take_back(world, written)
        world.table.put(kept.struck_off(file.owner_id, file.file_id))
        log.logger.info("media work outlived", extra=log.about(file.owner_id, file.file_id))
        return
    indexing.settle(world, file.owner_id, file.file_id)
    log.logger.info("media found", extra={**log.about(file.owner_id, file.file_id), "state": found.state})
    metrics.tell(world.settings.stage, world.now(), {"MediaFound": 1, "MediaPreviewed": int(found.state == "done")})


def as_facts(file: File, found: Finding, *, keeps_places: bool) -> dict[str, Any]:
    """Return what is written down of a finding; where it was taken only if its owner wants that kept."""
    when = captured.judge(
        Told(file.name, file.uploaded_at or file.created_at, file.taken_at, found.exif, found.quicktime)
    )
    width, height = found.size or (None, None)
    return {
        "capturedAt": when.at,
        "capturedFrom": when.source,
        "width": width,
        "height": height,
        "camera": found.camera,
        "place": found.place if keeps_places else None,
        "previews": frozenset(found.previews),
        "mediaState": found.state,
    }


def study(world: Cloud, file: File, look_into: LookInto = sandbox.look) -> Finding:
    """Look into an object, as far as it is worth it."""
    body = _open(world, file)
    if body is None:
        return Finding()
    try:
        head = body.read(_HEAD_BYTES)
        kind = sniffed.kind(head[: sniffed.HEAD_BYTES])
        if kind is None:
            return Finding()
        if kind is not Kind.FILM:
            return _study_picture(file, kind, head, body, look_into)
    finally:
        body.close()
    return _study_film(world, file, head)


def _study_picture(file: File, kind: Kind, head: bytes, body: Any, look_into: LookInto) -> Finding:
    size = file.size or 0
    if size > MOST_PICTURE_BYTES:
        return Finding("tooLarge")
    with tempfile.TemporaryDirectory() as folder:
        original = Path(folder) / "original"
        with original.open("wb") as copy:
            copy.write(head)
            for piece in body.iter_chunks(_PIECE_BYTES):
                copy.write(piece)
        seen = look_into(kind, original, Path(folder))
    if seen.ended.state != "done":
        log.logger.warning(
            "no previews", extra={**log.about(file.owner_id, file.file_id), "kind": kind, "why": seen.ended.why}
        )
    return from_picture(seen)


def from_picture(seen: Seen) -> Finding:
    """Make sense of what a picture tells of itself."""
    about, ended = seen.about, seen.ended
    if about is None:
        return Finding(ended.state)
    clock = about.gps.get("GPSTimeStamp", [])
    utc = {"GPSTimeStamp": ":".join(f"{int(part):02}" for part in clock)} if len(clock) == 3 else {}  # noqa: PLR2004
    return Finding(
        state=ended.state,
        size=told.size(about.width, about.height),
        camera=told.camera(about.exif.get("Make", ""), about.exif.get("Model", "")),
        place=told.place_of_picture({**about.exif, **about.gps}),
        exif={**about.exif, **utc},
        previews=seen.previews,
    )


def _study_film(world: Cloud, file: File, head: bytes) -> Finding:
    def read(offset: int, count: int) -> bytes:
        body = _open(world, file, f"bytes={offset}-{offset + count - 1}")
        return bytes(body.read()) if body else b""

    film = boxes.look(boxes.Pieces(head, file.size or 0, read))
    return Finding(
        state="done" if film.told or film.width else "unreadable",
        size=told.size(film.width, film.height),
        camera=told.camera(film.told.get("make", ""), film.told.get("model", "")),
        place=told.place_of_film(film.told.get("location", "")),
        quicktime=film.told,
    )


def _open(world: Cloud, file: File, span: str | None = None) -> Any:
    """Begin to read the object, or `None` if it is not there any more."""
    which = {"VersionId": file.version_id} if file.version_id else {}
    which |= {"Range": span} if span else {}
    try:
        return world.s3.get_object(Bucket=world.settings.bucket, Key=file.key, **which)["Body"]
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in objects.ABSENT:
            return None
        raise
