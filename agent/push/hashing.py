"""Reads a file: its hash, its parts' hashes, a piece of it to send. Notices when it is not what the walk found."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO

from agent.push import plan
from agent.push.errors import ChangedFileError, UnreadableError
from agent.push.local import Digest, LocalFile
from agent.push.walk import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.push.plan import Part

CHUNK = 1024**2
# No link is followed, and a pipe put in a file's place cannot hold us up.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@contextlib.contextmanager
def opened(file: LocalFile) -> Iterator[BinaryIO]:
    """Open a file for as long as it is what the walk found; raise when it was not, or did not stay so."""
    with reading(file):
        source = os.fdopen(os.open(file.path, _FLAGS), "rb", buffering=0)
    with source:
        _check(file, os.fstat(source.fileno()))
        yield source
        with reading(file):
            _check(file, os.fstat(source.fileno()))
            _check(file, file.path.lstat())


@contextlib.contextmanager
def reading(file: LocalFile) -> Iterator[None]:
    """Turn the operating system's refusals into ours, so that none is taken for trouble with the network."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(file.local_id, error.strerror or error) from error


def digest(file: LocalFile, seen: Callable[[int], None]) -> Digest:
    """Hash a file, and each part of it that it will be sent in, in one go; `seen` may raise to stop."""
    part_bytes = plan.part_size(file.size)
    whole, parts = hashlib.sha256(), []
    with opened(file) as source:
        for part in plan.cut(file.size, part_bytes or file.size, b""):
            hashed = hashlib.sha256()
            for chunk in pieces(source, file, part, seen):
                whole.update(chunk)
                if part_bytes:
                    hashed.update(chunk)
            parts.append(hashed.digest())
    return Digest(whole.hexdigest(), part_bytes, b"".join(parts) if part_bytes else b"")


def part_hashes(file: LocalFile, part_bytes: int, seen: Callable[[int], None]) -> bytes:
    """Hash the parts of a file, where the cloud cuts it otherwise than we guessed."""
    hashes = []
    with opened(file) as source:
        for part in plan.cut(file.size, part_bytes, b""):
            hashed = hashlib.sha256()
            for chunk in pieces(source, file, part, seen):
                hashed.update(chunk)
            hashes.append(hashed.digest())
    return b"".join(hashes)


def pieces(
    source: BinaryIO, file: LocalFile, part: Part, seen: Callable[[int], None], amount: int = CHUNK
) -> Iterator[bytes]:
    """Yield the bytes of one part, never more and never less: a file that ends too early has changed.

    `seen` is told of each step, and may raise to stop.
    """
    with reading(file):
        source.seek(part.start)
    left = part.size
    while left:
        with reading(file):
            chunk = source.read(min(amount, left))
        if not chunk:
            raise ChangedFileError(file.local_id)
        left -= len(chunk)
        seen(len(chunk))
        yield chunk


def _check(file: LocalFile, found: os.stat_result) -> None:
    if stamp_of(found) != file.stamp:
        raise ChangedFileError(file.local_id)
