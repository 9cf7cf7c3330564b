"""Pictures of each kind, made here: with EXIF, turned, in other colours; and hostile ones."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageCms

EXIF, GPS = ExifTags.Base, ExifTags.GPS
pillow_heif.register_heif_opener()


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone in Paris writes."""
    made = Image.Exif()
    made[EXIF.Make], made[EXIF.Model], made[EXIF.Orientation] = "Apple", "iPhone 14\0", orientation
    made.get_ifd(ExifTags.IFD.Exif).update(
        {
            EXIF.DateTimeOriginal: "2024:01:31 12:34:56",
            EXIF.OffsetTimeOriginal: "+01:00",
            EXIF.SubsecTimeOriginal: "78",
        }
    )
    made.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (48.0, 51.0, 27.72),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (2.0, 17.0, 42.0),
            GPS.GPSDateStamp: "2024:01:31",
            GPS.GPSTimeStamp: (11.0, 34.0, 55.0),
        }
    )
    return made


def scene(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """A red corner, top left, on blue."""
    image = Image.new("RGB", (width, height), (20, 40, 200))
    image.paste((220, 30, 30), (0, 0, width // 4, height // 4))
    return image.convert(mode)


@cache
def encoded(kind: str, width: int = 400, height: int = 300, mode: str = "RGB", orientation: int = 0) -> bytes:
    told: dict[str, Any] = {"exif": exif(orientation).tobytes()} if orientation else {}
    return write(scene(width, height, mode), kind, **told)


def write(image: Image.Image, kind: str, **told: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **told)
    return out.getvalue()


def profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()  # type: ignore[arg-type]


def png_chunk(name: bytes, contents: bytes) -> bytes:
    return struct.pack(">I", len(contents)) + name + contents + struct.pack(">I", zlib.crc32(name + contents))


def png(width: int, height: int, *chunks: bytes, data: bytes = b"") -> bytes:
    """A PNG that claims any size, with any chunks."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(chunks)
        + png_chunk(b"IDAT", zlib.compress(data))
        + png_chunk(b"IEND", b"")
    )


def dng(preview: bytes, width: int = 4000, height: int = 3000) -> bytes:
    """Raw data as cameras wrap them: a thumbnail, and below it a large JPEG and what Pillow cannot read."""
    entries_at, size = 8, 2 + 12 * 9 + 4
    sub_at = entries_at + size
    data_at = sub_at + 2 * size + 8
    thumbnail = bytes(16 * 12 * 3)

    def ifd(*entries: tuple[int, int, int, int]) -> bytes:
        packed = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
        return (struct.pack("<H", len(entries)) + packed + struct.pack("<I", 0)).ljust(size, b"\0")

    first = ifd(
        *((256, 4, 1, 16), (257, 4, 1, 12), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, data_at)),
        *((279, 4, 1, len(thumbnail)), (274, 3, 1, 6), (330, 4, 2, data_at - 8), (50706, 1, 4, 0x00000401)),
    )
    shown_at = data_at + len(thumbnail)
    shown = ifd((256, 4, 1, 400), (257, 4, 1, 300), (259, 3, 1, 7), (273, 4, 1, shown_at), (279, 4, 1, len(preview)))
    raw_at = shown_at + len(preview)
    raw = ifd((256, 4, 1, width), (257, 4, 1, height), (259, 3, 1, 7), (273, 4, 1, raw_at), (279, 4, 1, 10**6))
    pointers = struct.pack("<II", sub_at, sub_at + size)
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + first
        + shown
        + raw
        + pointers
        + thumbnail
        + preview
        + b"\xff\xd8\xff\xc3" * 50
    )
