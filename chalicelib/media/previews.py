"""Previews as the bucket holds them. Nothing listens to where they are, so they never look like an upload.

previews/<ownerId>/<fileId>-256.webp    previews/<ownerId>/<fileId>-1600.webp
"""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.cloud import Cloud
from chalicelib.metadata.files import File

PREVIEWS = ("256", "1600")
TYPE = "image/webp"
# A preview never changes: another picture is another file. Only whoever asked may keep it.
CACHE = "private, max-age=31536000, immutable"


class Written(NamedTuple):
    """A preview that was put into the bucket just now."""

    key: str
    version_id: str | None


def key(owner_id: str, file_id: str, name: str) -> str:
    """Return where a preview is."""
    return f"previews/{owner_id}/{file_id}-{name}.webp"


def previews_of(file: File) -> list[str]:
    """Name all previews a file may have, for those who remove it: one not yet written down may be there as well."""
    return [key(file.owner_id, file.file_id, name) for name in PREVIEWS]


def put(world: Cloud, file: File, pictures: Mapping[str, bytes]) -> list[Written]:
    """Put previews into the bucket."""
    written = []
    for name, contents in sorted(pictures.items()):
        at = key(file.owner_id, file.file_id, name)
        reply = world.s3.put_object(
            Bucket=world.settings.bucket, Key=at, Body=contents, ContentType=TYPE, CacheControl=CACHE
        )
        written.append(Written(at, reply.get("VersionId")))
    return written


def take_back(world: Cloud, written: list[Written]) -> None:
    """Remove previews, and no other version than the one that was written."""
    for preview in written:
        which = {"VersionId": preview.version_id} if preview.version_id else {}
        world.s3.delete_object(Bucket=world.settings.bucket, Key=preview.key, **which)
