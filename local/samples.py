"""Files such as a phone holds, made up: real PNG photos, and a video of the right shape. New contents for each seed."""

import hashlib
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1 << 20
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PHOTO_NAMES = (
    "IMG_0001.png",
    "Grandma's 80th birthday.png",
    "Straße in Köln, Überblick.png",
    "sunset at the beach \N{SUNRISE OVER MOUNTAINS}.png",
    "screenshot.png",
)
VIDEO_NAME = "first steps (slow motion).mp4"


@dataclass(frozen=True)
class Sample:
    """A file on the phone."""

    path: Path
    name: str
    type: str
    size: int
    sha256: str


def make(folder: Path, seed: int, video_mb: int) -> list[Sample]:
    """Write the photos and the video of this seed into a folder."""
    dice = random.Random(seed)  # noqa: S311 - contents that can be made again, no secret
    made = [
        _write(folder, name, "image/png", iter([photo(dice, side=96 + 64 * index)]))
        for index, name in enumerate(PHOTO_NAMES)
    ]
    if video_mb:
        made.append(_write(folder, VIDEO_NAME, "video/mp4", video(dice, video_mb * MEBIBYTE)))
    return made


def _write(folder: Path, name: str, kind: str, pieces: Iterator[bytes]) -> Sample:
    path, summed, size = folder / name, hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
            summed.update(piece)
            size += len(piece)
    return Sample(path, name, kind, size, summed.hexdigest())


def photo(dice: random.Random, side: int) -> bytes:
    """Encode a square PNG: a gradient with grain, so that it is neither empty nor compressible to nothing."""
    red, green, blue = (dice.randrange(256) for _ in range(3))
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x, grain in enumerate(dice.randbytes(side)):
            rows += bytes(((red + x + grain % 16) & 255, (green + y) & 255, (blue + x + y) & 255))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return PNG_HEAD + _png(b"IHDR", head) + _png(b"IDAT", zlib.compress(bytes(rows), 6)) + _png(b"IEND", b"")


def _png(kind: bytes, contents: bytes) -> bytes:
    return struct.pack(">I", len(contents)) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents))


def video(dice: random.Random, size: int) -> Iterator[bytes]:
    """Lay out an MP4 of this size: the right boxes, and noise where the pictures would be."""
    kind = _box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    yield kind
    left = size - len(kind)
    yield struct.pack(">I", left) + b"mdat"
    left -= 8
    while left > 0:
        piece = dice.randbytes(min(left, MEBIBYTE))
        yield piece
        left -= len(piece)


def _box(kind: bytes, contents: bytes) -> bytes:
    return struct.pack(">I", len(contents) + 8) + kind + contents
