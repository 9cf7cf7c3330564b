"""How a large file is cut into parts, which of them are in, and what they prove together. Pure."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MIB = 1024**2
SINGLE_BYTES = 16 * MIB
"""Up to here a file is sent in one PUT."""
MOST_SINGLE_BYTES = 5 * 1024 * MIB
"""What S3 takes in one PUT."""
MOST_BYTES = 5 * 1024**2 * MIB
MOST_PARTS = 10_000


@dataclass(frozen=True)
class Plan:
    """How a file of some size is cut; parts are numbered from 1 and all but the last have the same size."""

    size: int
    part_size: int
    count: int

    def size_of(self, number: int) -> int:
        """Return how many bytes a part has."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)


@dataclass(frozen=True)
class Part:
    """A part that S3 has; it tells the hash of each part of an upload that was begun with hashes."""

    number: int
    size: int
    etag: str
    sha256: str | None = None


def is_large(size: int | None) -> bool:
    """Whether a file of this size is sent in parts; nobody cuts what nobody measured."""
    return size is not None and size > SINGLE_BYTES


def cut(size: int) -> Plan:
    """Cut a file so that there are few parts, each small enough to be sent again without regret."""
    part_size = max(SINGLE_BYTES, -(-size // (MOST_PARTS * MIB)) * MIB)
    return Plan(size, part_size, -(-size // part_size))


def sound(plan: Plan, found: Iterable[Part]) -> dict[int, Part]:
    """Return the parts that belong to the plan, by number and in order; one of another size is as good as none."""
    kept = {part.number: part for part in found if 1 <= part.number <= plan.count}
    return {number: kept[number] for number in sorted(kept) if kept[number].size == plan.size_of(number)}


def missing(plan: Plan, have: Mapping[int, Part]) -> list[int]:
    """Name the parts that lack."""
    return [number for number in range(1, plan.count + 1) if number not in have]


def is_there(part: Part | None, sha256: str | None) -> bool:
    """Whether a part need not be sent: its size is right, and so is its hash if the client tells one."""
    return part is not None and sha256 in (None, part.sha256)


def composite(have: Mapping[int, Part]) -> str | None:
    """Return what S3 calls the checksum of parts put together, or `None` if it does not know the hash of each."""
    hashes = [part.sha256 for part in have.values()]
    if None in hashes:
        return None
    digest = hashlib.sha256(b"".join(bytes.fromhex(sha256) for sha256 in hashes if sha256)).digest()
    return f"{base64.b64encode(digest).decode()}-{len(hashes)}"
