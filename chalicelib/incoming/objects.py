"""Objects as the bucket holds them: size, type, version and hash. Knows S3; nothing here changes anything."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib import presign
from chalicelib.cloud import Cloud
from chalicelib.errors import BackhaulError
from chalicelib.incoming import labels

# Streams at some 80 MB/s into a Lambda, so this fits its minute; what S3 checked itself has no such bound.
MOST_HASHED_BYTES = 512 * 1024 * 1024
# What S3 takes in one piece; larger objects come in parts, with the hash that was declared.
MOST_PUT_BYTES = 5 * 1024 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024
# What a multipart upload carries along: the hash of the whole as declared, which S3 cannot check.
DECLARED = "declared-sha256"
_HASH = re.compile(r"[0-9a-f]{64}")
# What S3 says of a version that is not there, or is no object.
ABSENT = frozenset({"404", "405", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})


class ManyVersionsError(BackhaulError):
    """Raised when there is more of a file than one run takes away; the sweep comes again."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"there are more versions of {prefix!r} than one run takes away")


@dataclass(frozen=True)
class Object:
    """One version of an object. The hash is S3's own, or, of one put together from parts, the declared one."""

    key: str
    version_id: str | None
    size: int
    type: str
    sha256: str | None
    stored_at: datetime
    label: str = ""


def find(world: Cloud, key: str, version_id: str | None) -> Object | None:
    """Look at a version of an object, the newest if none is named."""
    which = {"VersionId": version_id} if version_id else {}
    try:
        head = world.s3.head_object(Bucket=world.settings.bucket, Key=key, ChecksumMode="ENABLED", **which)
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise
    return Object(
        key=key,
        version_id=version_id or head.get("VersionId"),
        size=head["ContentLength"],
        type=head.get("ContentType") or "application/octet-stream",
        sha256=presign.to_hex(head.get("ChecksumSHA256")) or _declared(head),
        stored_at=head["LastModified"],
        label=head.get("Metadata", {}).get(labels.NAME, ""),
    )


def pages_of_versions(world: Cloud, prefix: str) -> Iterator[Mapping[str, Any]]:
    """List all versions and markers under a prefix, a thousand a page, those of one key with the newest first."""
    after: dict[str, str] = {}
    while True:
        page = world.s3.list_object_versions(Bucket=world.settings.bucket, Prefix=prefix, **after)
        yield page
        if not page.get("IsTruncated"):
            return
        # A page that ends with the last version of an object names the object alone.
        places = {"KeyMarker": page.get("NextKeyMarker"), "VersionIdMarker": page.get("NextVersionIdMarker")}
        after = {name: place for name, place in places.items() if place}


def _declared(head: Mapping[str, Any]) -> str | None:
    """Return the hash that our server wrote down when it began an upload in parts; only such an object has that tag."""
    told = head.get("Metadata", {}).get(DECLARED, "") if "-" in head.get("ETag", "") else ""
    return told if _HASH.fullmatch(told) else None


def hashed(world: Cloud, found: Object, most_bytes: int = MOST_HASHED_BYTES) -> Object:
    """Return the object with its hash: S3's own if it has one, else computed here, in bounded memory.

    An object too large to read here comes back without.
    """
    if found.sha256 or found.size > most_bytes:
        return found
    which = {"VersionId": found.version_id} if found.version_id else {}
    body = world.s3.get_object(Bucket=world.settings.bucket, Key=found.key, **which)["Body"]
    return replace(found, sha256=_sha256(body))


def _sha256(body: Any) -> str:
    digest = hashlib.sha256()
    for piece in body.iter_chunks(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()
