"""S3's multipart uploads, one for each large file under way. Knows S3's calls and errors; decides nothing.

The id that S3 gives an upload stays between the table, S3 and the links: no client is told it or asked for it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib import presign
from chalicelib.cloud import Cloud
from chalicelib.errors import BackhaulError, CrowdedError
from chalicelib.incoming import labels, objects
from chalicelib.incoming.parts import Part
from chalicelib.metadata.files import File

# Somebody else was quicker: S3 has the object, or the parts were changed while we looked at them.
_THERE = frozenset({"NoSuchUpload", "PreconditionFailed"})
_AGAIN = frozenset({"ConditionalRequestConflict", "InvalidPart", "OperationAborted"})


class UploadGoneError(BackhaulError):
    """Raised when S3 knows an upload no more: its parts were put together, or thrown away."""


def create(world: Cloud, file: File, *, hashed: bool) -> str:
    """Begin an upload; return S3's id of it. Hash and label go along, so that the table can be rebuilt.

    The hash of one that a PC sends again does not: no PC will prove the whole, so it is computed here where it can be.
    """
    proven_at_home = file.gone_at is None or (file.size or 0) > objects.MOST_PUT_BYTES
    declared = {objects.DECLARED: file.sha256} if file.sha256 and proven_at_home else {}
    told = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "COMPOSITE"} if hashed else {}
    reply = world.s3.create_multipart_upload(
        **_where(world, file),
        ContentType=file.type,
        Metadata={labels.NAME: labels.of(file), **declared},
        **told,
    )
    upload_id: str = reply["UploadId"]
    return upload_id


def listed(world: Cloud, file: File) -> list[Part]:
    """Name the parts that S3 has, a thousand a call."""
    return [
        Part(told["PartNumber"], told["Size"], told["ETag"], presign.to_hex(told.get("ChecksumSHA256")))
        for told in _parts(world, file)
    ]


def last_sign(world: Cloud, file: File) -> datetime | None:
    """Return when the last part came in, or `None` if there is none."""
    try:
        return max((told["LastModified"] for told in _parts(world, file)), default=None)
    except UploadGoneError:
        return None


def complete(world: Cloud, file: File, have: Mapping[int, Part]) -> str | None:
    """Put the parts together; return S3's checksum of them, if it has one.

    S3 compares each part's tag and hash with what it stored and the sum of the sizes with the declared one, and
    refuses if there is an object already.
    """
    told = [_told(part) for part in have.values()]
    try:
        reply = world.s3.complete_multipart_upload(
            **_which(world, file), MultipartUpload={"Parts": told}, MpuObjectSize=file.size, IfNoneMatch="*"
        )
    except world.s3.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _THERE:
            raise UploadGoneError(file.file_id) from error
        if code in _AGAIN:
            raise CrowdedError("the parts changed while they were put together") from error
        raise
    checksum: str | None = reply.get("ChecksumSHA256")
    return checksum


def abort(world: Cloud, file: File, upload_id: str | None) -> None:
    """Throw an upload's parts away; what is gone already is thrown away."""
    if upload_id is not None:
        _abort(world, file.key, upload_id)


def abort_first(world: Cloud, prefix: str) -> bool:
    """Throw away the parts of the first thousand uploads under a prefix; say whether there were any."""
    page = world.s3.list_multipart_uploads(Bucket=world.settings.bucket, Prefix=prefix)
    found = page.get("Uploads", ())
    for begun in found:
        _abort(world, begun["Key"], begun["UploadId"])
    return bool(found)


def _abort(world: Cloud, key: str, upload_id: str) -> None:
    try:
        world.s3.abort_multipart_upload(Bucket=world.settings.bucket, Key=key, UploadId=upload_id)
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise


def _parts(world: Cloud, file: File) -> Iterator[Mapping[str, Any]]:
    marker = 0
    while True:
        page = _page(world, file, marker)
        yield from page.get("Parts", ())
        if not page.get("IsTruncated"):
            return
        marker = page["NextPartNumberMarker"]


def _page(world: Cloud, file: File, marker: int) -> Mapping[str, Any]:
    try:
        page: Mapping[str, Any] = world.s3.list_parts(**_which(world, file), PartNumberMarker=marker)
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchUpload":
            raise UploadGoneError(file.file_id) from error
        raise
    return page


def _told(part: Part) -> dict[str, Any]:
    told = {"PartNumber": part.number, "ETag": part.etag}
    return told | ({"ChecksumSHA256": presign.to_base64(part.sha256)} if part.sha256 else {})


def _where(world: Cloud, file: File) -> dict[str, str]:
    return {"Bucket": world.settings.bucket, "Key": file.key}


def _which(world: Cloud, file: File) -> dict[str, Any]:
    return {**_where(world, file), "UploadId": file.upload_id}
