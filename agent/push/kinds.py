"""Which content type a name stands for. Pure: the same on every machine, whatever its registry says."""

from __future__ import annotations

import mimetypes

UNKNOWN = "application/octet-stream"
CAMERAS = {
    ".3gp": "video/3gpp",
    ".arw": "image/x-sony-arw",
    ".avif": "image/avif",
    ".cr2": "image/x-canon-cr2",
    ".cr3": "image/x-canon-cr3",
    ".dng": "image/x-adobe-dng",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".insp": "image/jpeg",
    ".insv": "video/mp4",
    ".jxl": "image/jxl",
    ".lrv": "video/mp4",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mts": "video/mp2t",
    ".nef": "image/x-nikon-nef",
    ".opus": "audio/ogg",
    ".orf": "image/x-olympus-orf",
    ".raf": "image/x-fuji-raf",
    ".rw2": "image/x-panasonic-rw2",
    ".webm": "video/webm",
    ".webp": "image/webp",
}
_BUILT_IN = mimetypes.MimeTypes()


def of(name: str) -> str:
    """Return the content type for a name."""
    _, dot, ending = name.rpartition(".")
    lowered = dot + ending.lower()
    if lowered in CAMERAS:
        return CAMERAS[lowered]
    return _BUILT_IN.types_map[1].get(lowered, UNKNOWN)
