"""Looks into one picture, as a process of its own that nothing depends on: `picture.py KIND FILE FOLDER MEMORY`.

It writes lines of JSON: what the picture tells of itself, then what became of its previews, which it leaves in FOLDER.
The file may be hostile, so this process bounds its own memory, time and output before it reads a byte, carries no
key to anything, and may die on any line: `sandbox.py` believes what was written until then, after checking it.
Knows Pillow and the standard library, nothing of ours.
"""

import contextlib
import io
import json
import math
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageCms, ImageOps

SIDES = (1600, 256)
QUALITY = 80
# A JPEG is decoded at a fraction of its size; of all others every pixel is held, four bytes each.
MOST_PIXELS = {"jpeg": 400_000_000}
MOST_PIXELS_HELD = 110_000_000
CPU_SECONDS = 30
_MOST_WRITTEN_BYTES = 8 * 1024 * 1024
_MOST_TAG_CHARACTERS = 200
_MOST_PROFILE_BYTES = 1024 * 1024
_FORMATS = {
    "jpeg": ["JPEG", "MPO"],
    "png": ["PNG"],
    "gif": ["GIF"],
    "webp": ["WEBP"],
    "tiff": ["TIFF"],
    "heif": ["HEIF", "AVIF"],
}
_TEXT_TAGS = {
    ExifTags.IFD.Exif: [
        *("DateTimeOriginal", "OffsetTimeOriginal", "SubsecTimeOriginal"),
        *("DateTimeDigitized", "OffsetTimeDigitized", "SubsecTimeDigitized"),
        *("OffsetTime", "SubsecTime"),
    ],
    ExifTags.IFD.GPSInfo: ["GPSDateStamp", "GPSLatitudeRef", "GPSLongitudeRef"],
}
_NUMBERS = ("GPSLatitude", "GPSLongitude", "GPSTimeStamp")
_ORIENTATION = 0x0112
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_FLAT, _DEEP = 255.0, 65535.0
_MOST_IFDS = 32
_MOST_ENTRIES = 500
_TIFF_SUB_IFDS, _DNG_VERSION = 0x014A, 0xC612
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_COMPRESSION, _TIFF_OFFSETS, _TIFF_LENGTHS = 0x100, 0x101, 0x103, 0x111, 0x117
_JPEG_COMPRESSIONS = frozenset({6, 7})


class TooLargeError(Exception):
    """Raised for a picture that would take more than we give."""


def main(kind: str, file: Path, folder: Path, memory_bytes: int) -> None:
    """Tell about a picture and write its previews."""
    bound(memory_bytes)
    if kind == "heif":
        import pillow_heif  # noqa: PLC0415 (no other picture pays for it)

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # our own bound is below
    with file.open("rb") as raw:
        try:
            with opened(kind, raw) as (image, exif, size):
                tell(about(exif, size))
                check_size(kind, image)
                write_previews(image, folder)
            tell({"state": "done"})
        except (TooLargeError, MemoryError, Image.DecompressionBombError) as error:
            tell({"state": "tooLarge", "why": repr(error)[:_MOST_TAG_CHARACTERS]})
        except Exception as error:  # noqa: BLE001 (whatever a decoder makes of a hostile file)
            tell({"state": "unreadable", "why": repr(error)[:_MOST_TAG_CHARACTERS]})


def bound(memory_bytes: int) -> None:
    """Bound what this process may take. Windows has no such bounds; nothing but the embedded cloud runs there."""
    try:
        import resource  # noqa: PLC0415 (see above)
    except ImportError:
        return
    bounds = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: _MOST_WRITTEN_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in bounds.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def tell(what: dict[str, Any]) -> None:
    """Write one line, at once: the next step may be the last."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def opened(kind: str, raw: BinaryIO) -> Iterator[tuple[Image.Image, Image.Exif, tuple[int, int]]]:
    """Open a picture, or the one that raw data show of themselves, with the EXIF and the size of the whole."""
    shown, size = b"", (0, 0)
    if kind == "tiff":
        with contextlib.suppress(struct.error):
            shown, size = embedded(raw)
    raw.seek(0)
    if not shown:
        with Image.open(raw, formats=_FORMATS[kind]) as image:
            yield image, exif_of(image), image.size
        return
    exif = Image.Exif()
    exif.load_from_fp(raw)
    with Image.open(io.BytesIO(shown), formats=_FORMATS["jpeg"]) as image:
        image.getexif()[_ORIENTATION] = exif.get(_ORIENTATION, 1)
        yield image, exif, size


def exif_of(image: Image.Image) -> Image.Exif:
    """Read EXIF; broken EXIF tells nothing."""
    try:
        return image.getexif()
    except Exception:  # noqa: BLE001 (whatever a parser makes of hostile bytes)
        return Image.Exif()


def about(exif: Image.Exif, size: tuple[int, int]) -> dict[str, Any]:
    """Collect what a picture tells of itself."""
    width, height = size
    told: dict[str, Any] = {"width": width, "height": height, "exif": {}, "gps": {}}
    with contextlib.suppress(Exception):
        if exif.get(_ORIENTATION) in _QUARTER_TURNS:
            told |= {"width": height, "height": width}
        told["exif"] = {name: text(exif.get(ExifTags.Base[name])) for name in ("Make", "Model", "DateTime")}
        told["exif"] |= texts(exif, ExifTags.IFD.Exif, ExifTags.Base)
        told["exif"] |= texts(exif, ExifTags.IFD.GPSInfo, ExifTags.GPS)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        told["gps"] = {name: numbers(gps.get(ExifTags.GPS[name])) for name in _NUMBERS}
    return told


def texts(exif: Image.Exif, ifd: ExifTags.IFD, tags: Any) -> dict[str, str]:
    """Read the wanted texts of one part of EXIF."""
    found = exif.get_ifd(ifd)
    return {name: text(found.get(tags[name])) for name in _TEXT_TAGS[ifd]}


def text(value: object) -> str:
    """Read a text as EXIF holds it; anything else is none."""
    if isinstance(value, bytes):
        value = value[:_MOST_TAG_CHARACTERS].decode("utf-8", "replace")
    return value[:_MOST_TAG_CHARACTERS] if isinstance(value, str) else ""


def numbers(value: object) -> list[float]:
    """Read up to three rationals; one without a value spoils them all."""
    try:
        found = [float(part) for part in value[:3]]  # type: ignore[index] # whatever the file holds
    except (TypeError, ValueError, ZeroDivisionError):
        return []
    return found if all(map(math.isfinite, found)) else []


def check_size(kind: str, image: Image.Image) -> None:
    """Refuse a picture of more pixels than we can hold, before any of them is decoded."""
    width, height = image.size
    most = MOST_PIXELS.get("jpeg" if image.format in _FORMATS["jpeg"] else kind, MOST_PIXELS_HELD)
    if width * height > most:
        raise TooLargeError(f"{width} x {height} pixels")


def write_previews(image: Image.Image, folder: Path) -> None:
    """Write the previews: upright, in sRGB, and without a word of what the picture tells of itself."""
    image.seek(0)
    upright = ImageOps.exif_transpose(shrunk(image, SIDES[0]))
    plain = to_srgb(upright)
    plain.info = {}
    for side in SIDES:
        plain = shrunk(plain, side)
        plain.save(folder / f"{side}.webp", "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=None)


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """Make a picture fit a square, never larger than it was."""
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def to_srgb(image: Image.Image) -> Image.Image:
    """Return the colours as screens show them; of a broken profile nothing is believed."""
    image = to_eight_bits(image)
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    profile = image.info.get("icc_profile")
    mode = "RGBA" if has_alpha else "RGB"
    if profile and len(profile) <= _MOST_PROFILE_BYTES and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            srgb = ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, io.BytesIO(profile), srgb, outputMode=mode)
            return found or image.convert(mode)
    return image.convert(mode)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Bring deep greys down: Pillow would cut them off instead."""
    if not image.mode.startswith(("I", "F")):
        return image
    deep = image.convert("F")
    (_, brightest) = deep.getextrema()
    most = _DEEP if brightest > _FLAT else _FLAT  # type: ignore[operator] # of one band it is a number
    return deep.point(lambda value: value * (_FLAT / most) + 0).convert("L")


def embedded(raw: BinaryIO) -> tuple[bytes, tuple[int, int]]:
    """Return the largest JPEG that raw data carry along, and the size of the largest picture in them.

    A TIFF is taken for the wrapping of raw data if pictures lie below its first, or it says that it is a DNG.
    """
    best, largest, is_raw = (0, 0), (0, 0), False
    for ifd in ifds(raw):
        is_raw = is_raw or bool({_TIFF_SUB_IFDS, _DNG_VERSION} & ifd.keys())
        size = (first(ifd, _TIFF_WIDTH), first(ifd, _TIFF_HEIGHT))
        largest = max(largest, size, key=math.prod)
        offset, length = first(ifd, _TIFF_OFFSETS), first(ifd, _TIFF_LENGTHS)
        single = len(ifd.get(_TIFF_OFFSETS, ())) == 1
        if single and first(ifd, _TIFF_COMPRESSION) in _JPEG_COMPRESSIONS and length > best[1] and lossy(raw, offset):
            best = (offset, length)
    if not (is_raw and best[1]):
        return b"", (0, 0)
    raw.seek(best[0])
    return raw.read(best[1]), largest


def lossy(raw: BinaryIO, offset: int) -> bool:
    """Whether a JPEG is such as Pillow decodes: the raw data themselves are lossless JPEG too."""
    raw.seek(offset)
    head = raw.read(64 * 1024)
    return head.startswith(b"\xff\xd8") and any(marker in head for marker in (b"\xff\xc0\x00", b"\xff\xc2\x00"))


def first(ifd: dict[int, tuple[int, ...]], tag: int) -> int:
    """Return the first value of a tag, 0 without one."""
    return ifd.get(tag, (0,))[0]


def ifds(raw: BinaryIO) -> Iterator[dict[int, tuple[int, ...]]]:
    """Walk the directories of a TIFF, those below others too; each is read once."""
    raw.seek(0)
    order = "<" if raw.read(2) == b"II" else ">"
    raw.seek(4)
    (start,) = struct.unpack(order + "I", raw.read(4))
    ahead, seen = [start], set[int]()
    while ahead and len(seen) < _MOST_IFDS:
        offset = ahead.pop(0)
        if not offset or offset in seen:
            continue
        seen.add(offset)
        ifd, following = read_ifd(raw, order, offset)
        ahead += [*ifd.get(_TIFF_SUB_IFDS, ()), following]
        yield ifd


def read_ifd(raw: BinaryIO, order: str, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """Read the whole numbers of one directory, and where the next one is."""
    raw.seek(offset)
    (count,) = struct.unpack(order + "H", raw.read(2))
    entries = raw.read(12 * min(count, _MOST_ENTRIES))
    (following,) = struct.unpack(order + "I", raw.read(4).ljust(4, b"\0"))
    found = {}
    for at in range(0, len(entries) - 11, 12):
        tag, kind, values = struct.unpack(order + "HHI", entries[at : at + 8])
        letter = {1: "B", 3: "H", 4: "I", 13: "I"}.get(kind)
        if letter and 0 < values <= _MOST_IFDS:
            length = values * struct.calcsize(letter)
            inside = entries[at + 8 : at + 8 + length]
            if length > 4:  # noqa: PLR2004 (what an entry holds itself)
                raw.seek(struct.unpack(order + "I", entries[at + 8 : at + 12])[0])
                inside = raw.read(length)
            found[tag] = struct.unpack(order + letter * values, inside)
    return found, following


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
