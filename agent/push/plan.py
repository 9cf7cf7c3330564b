"""How a file is cut into parts, and which of them are still to be sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MIB = 1024**2
SINGLE_BYTES = 16 * MIB
"""Up to here a file is sent in one PUT."""
MOST_PARTS = 10_000
HASH_BYTES = 32


@dataclass(frozen=True)
class Part:
    """One piece of a file; the first has number 1."""

    number: int
    start: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Have:
    """A part that S3 has, as the cloud tells."""

    number: int
    size: int
    sha256: str | None


def part_size(size: int) -> int:
    """Guess the part size that the cloud will choose, so that a file need be read only once; 0 for a single PUT."""
    if size <= SINGLE_BYTES:
        return 0
    whole_mib = -(-size // (MOST_PARTS * MIB)) * MIB
    return max(SINGLE_BYTES, whole_mib)


def cut(size: int, part_bytes: int, hashes: bytes) -> list[Part]:
    """Cut a file into parts, each with its hash."""
    return [
        Part(index + 1, start, min(part_bytes, size - start), hashes[HASH_BYTES * index :][:HASH_BYTES].hex())
        for index, start in enumerate(range(0, size, part_bytes))
    ]


def lacking(parts: Iterable[Part], have: Sequence[Have], unlinked: Collection[int] = ()) -> list[Part]:
    """Return the parts still to be sent. One with the same number is there only if size and hash are the same too.

    `unlinked` are parts that were asked for and got no link. Of those the cloud's word counts, without the hash: once
    they are put together S3 tells no part's hash any more, and takes none either.
    """
    there = {(one.number, one.size, one.sha256) for one in have}
    closed = {(one.number, one.size) for one in have if one.number in unlinked}
    return [
        part
        for part in parts
        if (part.number, part.size, part.sha256) not in there and (part.number, part.size) not in closed
    ]
