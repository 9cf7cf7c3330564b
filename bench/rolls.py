"""The files that are fetched: how many, how large. Made once for each size, the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

BUCKET = "bench"
KB, MB = 1_000, 1_000_000


@dataclass(frozen=True)
class Roll:
    """One workload."""

    name: str
    says: str
    sizes: tuple[int, ...]
    delay: float = 0.0

    @property
    def prefix(self) -> str:
        """Where the files lie in the bucket; the same ones, near or far."""
        return f"originals/{self.name.removesuffix('-far')}"

    @property
    def total(self) -> int:
        """How many bytes there are."""
        return sum(self.sizes)


def rolls(scale: float) -> list[Roll]:
    """Return the workloads, with so many of the files."""

    def many(count: int, size: int) -> tuple[int, ...]:
        most = round(1_000 * MB * scale)
        return (min(size, most),) * max(1, round(count * scale))

    small, far = many(2_000, 200 * KB), many(2_000, 200 * KB)
    mixed = many(500, 4 * MB) + many(500, 200 * KB) + many(10, 120 * MB)
    return [
        Roll("small", f"{len(small):,} x 200 KB", small),
        Roll("photos", f"{len(many(300, 4 * MB))} x 4 MB", many(300, 4 * MB)),
        Roll("videos", f"{len(many(3, 700 * MB))} x 700 MB", many(3, 700 * MB)),
        Roll("mixed", f"a roll of {len(mixed)} photos, previews and videos", mixed),
        Roll("small-far", f"{len(far):,} x 200 KB, 40 ms to the first byte", far, delay=0.04),
    ]


@dataclass(frozen=True)
class Made:
    """A file that lies on the server."""

    key: str
    size: int
    sha256: str


def make(folder: Path, roll: Roll) -> list[Made]:
    """Write a roll's files, unless they are there, and return what was written."""
    record = folder / f"{roll.prefix.replace('/', '-')}-{len(roll.sizes)}-{roll.total}.json"
    if not record.exists():
        dice = random.Random(roll.prefix)  # noqa: S311 - contents that do not compress, and are the same every time
        told = [
            _write(folder, f"{roll.prefix}/{number:032x}-{number}.jpg", size, dice)
            for number, size in enumerate(roll.sizes)
        ]
        record.write_text(json.dumps([vars(one) for one in told]))
    return [Made(**one) for one in json.loads(record.read_text())]


def _write(folder: Path, key: str, size: int, dice: random.Random) -> Made:
    path = folder / BUCKET / key
    path.parent.mkdir(parents=True, exist_ok=True)
    hashed = hashlib.sha256()
    block = dice.randbytes(min(size, MB))
    with path.open("wb") as opened:
        for start in range(0, size, MB):
            piece = (start.to_bytes(8) + block)[: min(MB, size - start)]
            opened.write(piece)
            hashed.update(piece)
    return Made(key, size, hashed.hexdigest())
