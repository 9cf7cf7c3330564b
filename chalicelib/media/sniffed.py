"""What the first bytes of a file say it is, whatever its name and type claim. Pure."""

from enum import StrEnum

HEAD_BYTES = 64
_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})
_TIFFS = (b"II*\0", b"MM\0*")
# What the boxes of a film may begin with; older QuickTime has no `ftyp`.
_FIRST_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


class Kind(StrEnum):
    """What can be made of a file."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    TIFF = "tiff"
    HEIF = "heif"
    FILM = "film"


_BEGINNINGS = {
    b"\xff\xd8\xff": Kind.JPEG,
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
    b"GIF87a": Kind.GIF,
    b"GIF89a": Kind.GIF,
    **dict.fromkeys(_TIFFS, Kind.TIFF),
}


def kind(head: bytes) -> Kind | None:
    """Return what the file is, or `None` for what holds neither picture nor film."""
    for beginning, found in _BEGINNINGS.items():
        if head.startswith(beginning):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:8] == b"ftyp":
        return Kind.HEIF if head[8:12] in _PICTURE_BRANDS else Kind.FILM
    return Kind.FILM if head[4:8] in _FIRST_BOXES else None
