"""Films made by hand, box by box."""

import struct
from datetime import UTC, datetime

TAKEN = int((datetime(2024, 1, 31, 11, 34, 56, tzinfo=UTC) - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
UPRIGHT, TURNED = (1 << 16, 0), (0, 1 << 16)


def box(name: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I4s", len(body) + 8, name) + body


def wide_box(name: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I4sQ", 1, name, len(body) + 16) + body


def mvhd(seconds: int = TAKEN, *, wide: bool = False) -> bytes:
    times = struct.pack(">QQIQ", seconds, seconds, 600, 0) if wide else struct.pack(">IIII", seconds, seconds, 600, 0)
    return box(b"mvhd", bytes([int(wide), 0, 0, 0]), times, bytes(80))


def track(width: int, height: int, matrix: tuple[int, int] = UPRIGHT, *, wide: bool = False) -> bytes:
    times = bytes(32 if wide else 20)
    rest = struct.pack(">iiiiiiiii", *matrix, 0, 0, 0, 0, 0, 0, 1 << 30) + struct.pack(">II", width << 16, height << 16)
    header = box(b"tkhd", bytes([int(wide), 0, 0, 7]), times, bytes(16), rest)
    return box(b"trak", header, box(b"mdia", bytes(100)))


def keyed(values: dict[str, str], *, full: bool = False) -> bytes:
    names = b"".join(box(b"mdta", name.encode()) for name in values)
    keys = box(b"keys", bytes(4), struct.pack(">I", len(values)), names)
    items = [
        box(struct.pack(">I", place), box(b"data", struct.pack(">II", 1, 0), value.encode()))
        for place, value in enumerate(values.values(), 1)
    ]
    return box(b"meta", bytes(4) if full else b"", box(b"hdlr", bytes(24)), keys, box(b"ilst", *items))


def user_data(values: dict[bytes, str]) -> bytes:
    told = [box(name, struct.pack(">HH", len(text.encode()), 0x15C7), text.encode()) for name, text in values.items()]
    return box(b"udta", *told)


IPHONE = {
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone 14",
    "com.apple.quicktime.software": "17.1",
    "com.apple.quicktime.creationdate": "2024-01-31T12:34:56+0100",
    "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950+035.000/",
}


def a_film(*, first: bool = False, data: int = 1000, moov: bytes | None = None) -> bytes:
    moov = moov or box(b"moov", mvhd(), track(0, 0), track(1920, 1080, TURNED), keyed(IPHONE))
    head, contents = box(b"ftyp", b"qt  ", bytes(4)), box(b"mdat", bytes(data))
    return head + moov + contents if first else head + contents + moov
