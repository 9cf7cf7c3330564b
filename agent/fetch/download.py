"""Bytes from the bucket into a partial, hashed on the way. Decides nothing about names.

Objects up to 1 MB come in one piece and are hashed before a byte is written; larger ones in chunks of 256 KB. What is
left of one above 8 MB is continued, but only for the same entity tag and version, and the hash of the whole decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from agent.drive import dates, disk
from agent.errors import ChangedObjectError, CutShortError, StoppedError, WrongContentsError
from agent.fetch.notices import Notice
from agent.wire.bucket import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.drive.disk import Partial
    from agent.wire.bucket import Body, Bucket

WHOLE = 1024 * 1024
RESUMED = 8 * 1024 * 1024
STREAMED = 2 * 1024 * 1024
"""What a stream holds between socket and drive, generously."""

Passing: TypeAlias = Callable[[Notice, int], None]
"""Told, in the worker that reads them, how many bytes of a file come next. It may count them for people, and may wait
before it returns: nothing more of this file is read meanwhile, which is how a bandwidth is limited."""


def unhurried(_notice: Notice, _bytes: int) -> None:
    """Let bytes pass at once."""


def most_in_memory(notice: Notice) -> int:
    """Return how many bytes of a file are in memory at once while it is fetched."""
    return notice.size if notice.size <= WHOLE else STREAMED


def fetch(
    bucket: Bucket,
    notice: Notice,
    partial: Partial,
    start: int,
    stopping: Callable[[], bool],
    passing: Passing = unhurried,
) -> str:
    """Bring the bytes from `start` on into the partial, flush it, and return the SHA-256 of the whole.

    Contents that are not what the notice declared are thrown away; bytes cut short are kept to be continued.
    """
    is_small = start == 0 and notice.size <= WHOLE
    if is_small:
        passing(notice, notice.size)  # before it is asked for: what waits on the line for long is cut off
    body = bucket.open(notice, start, partial.etag() if start else None)
    if body.size != notice.size:
        raise _misfit(body, notice, partial, start)
    if is_small:
        return _fetch_whole(body, notice, partial)
    left = notice.size - start
    chunks = _until(body.chunks(), lambda count: passing(notice, count), stopping, left)
    return _fetch_chunks(chunks, body.etag, notice, partial, start)


def require_declared(notice: Notice, sha256: str, partial: Partial) -> str:
    """Return the hash if it is the declared one; otherwise throw the partial away and raise."""
    if notice.sha256 is not None and sha256 != notice.sha256:
        partial.drop()
        raise WrongContentsError(f"sha256 {sha256}", notice.sha256)
    return sha256


def _fetch_whole(body: Body, notice: Notice, partial: Partial) -> str:
    """Take a small object in one piece; nothing is written before it is proved."""
    got = body.whole()
    if len(got) != notice.size:
        raise CutShortError(len(got), notice.size)
    sha256 = require_declared(notice, hashlib.sha256(got).hexdigest(), partial)
    with disk.disk_errors(partial.path, notice.size):
        disk.write_flushed(partial.path, got, dates.timestamp(notice.taken_at, notice.uploaded_at))
    return sha256


def _fetch_chunks(
    chunks: Iterator[bytes | memoryview], etag: str | None, notice: Notice, partial: Partial, start: int
) -> str:
    """Stream a large object; the bytes that are there already are hashed first."""
    hashed = hashlib.sha256()
    with disk.disk_errors(partial.path, notice.size):
        _hash_start(partial, start, hashed.update)
        if notice.size > RESUMED:
            partial.remember(etag)
        end = disk.write_from(partial.path, start, chunks, hashed.update, notice.size)
    if end != notice.size:
        raise CutShortError(end, notice.size)
    sha256 = require_declared(notice, hashed.hexdigest(), partial)
    disk.set_time(partial.path, dates.timestamp(notice.taken_at, notice.uploaded_at))
    return sha256


def _hash_start(partial: Partial, start: int, seen: Callable[[bytes | memoryview], None]) -> None:
    left = start
    if not start:
        return
    with partial.path.open("rb") as opened:
        while left and (piece := opened.read(min(left, disk.CHUNK))):
            seen(piece)
            left -= len(piece)


def _until(
    chunks: Iterator[bytes | memoryview], passing: Callable[[int], None], stopping: Callable[[], bool], expected: int
) -> Iterator[bytes | memoryview]:
    """Pass chunks on until asked to stop, each let through before it is read, and never more than was declared."""
    let, passed = min(CHUNK, expected), 0
    passing(let)
    for chunk in chunks:
        passed += len(chunk)
        if passed > expected:
            raise WrongContentsError(f"more than {expected} bytes", f"{expected} bytes")
        yield chunk
        if stopping():
            raise StoppedError
        if following := min(passed + CHUNK, expected) - let:
            passing(following)
            let += following


def _misfit(body: Body, notice: Notice, partial: Partial, start: int) -> Exception:
    """Say what an object of another size means: a changed one in a resume, else a body that was cut or is wrong."""
    if start:
        return ChangedObjectError(notice.key, f"it has {body.size} bytes instead of {notice.size}")
    partial.drop()
    return WrongContentsError(f"{body.size} bytes", f"{notice.size} bytes")
