"""Files such as phones hold, as many as wanted: most are small, some share a name, a few are sent in parts."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from local.samples import Sample

LARGE = 17 << 20
ONE_LARGE_OF, THE_LARGE = 400, 20
SMALL = (1, 150_000)
NAMES = (
    "IMG_{number:05}.jpg",
    "Straße {number}.png",
    "sunset \N{SUNRISE OVER MOUNTAINS} {number}.png",
    "photo.jpg",
    "CON.txt",
)
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".txt": "text/plain"}


def a_sample(folder: Path, number: int, seed: int) -> Sample:
    """Write one file; the same for the same seed and number."""
    dice = random.Random(f"{seed}/{number}")
    size = LARGE if number % ONE_LARGE_OF == THE_LARGE else dice.randint(*SMALL)
    contents = dice.randbytes(size)
    name = NAMES[number % len(NAMES)].format(number=number)
    path = folder / f"{number:06}"
    path.write_bytes(contents)
    return Sample(path, name, TYPES[Path(name).suffix], size, hashlib.sha256(contents).hexdigest())


def rolls(folder: Path, phones: int, files: int, seed: int) -> list[list[Sample]]:
    """Deal what is on the phones; some of it is on two of them."""
    made = [a_sample(folder, number, seed) for number in range(files)]
    dealt = [made[at::phones] for at in range(phones)]
    shared = [dealt[at - 1][:: max(2, files // 20)] if phones > 1 else [] for at in range(phones)]
    return [mine + others for mine, others in zip(dealt, shared, strict=True)]
