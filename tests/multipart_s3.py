"""S3's multipart uploads, simulated by S3's documented rules; everything else goes to the client it stands before.

Parts need no bytes here, only a size and a hash, so that 10,000 of them fit into a test. moto has no hashes of parts.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError

SMALLEST_PART = 5 * 1024**2
MOST_IN_ONE_PAGE = 1000


def refused(code: str, status: int, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)


@dataclass
class Stored:
    """A part in the bucket."""

    number: int
    size: int
    checksum: str | None
    etag: str
    at: datetime

    def told(self) -> dict[str, Any]:
        told = {"PartNumber": self.number, "Size": self.size, "ETag": self.etag, "LastModified": self.at}
        return told | ({"ChecksumSHA256": self.checksum} if self.checksum else {})


@dataclass
class Upload:
    """An upload begun."""

    key: str
    asked: dict[str, Any]
    parts: dict[int, Stored] = field(default_factory=dict)


class MultipartS3:
    """A client of S3 with multipart uploads of its own."""

    def __init__(self, client: Any, calls: list[str], clock: Callable[[], datetime]) -> None:
        self._client, self._calls, self._clock = client, calls, clock
        self._ids, self._etags = count(1), count(1)
        self.uploads: dict[str, Upload] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.before: Callable[[str], None] = lambda _operation: None
        self.after: Callable[[str], None] = lambda _operation: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def _called(self, operation: str) -> None:
        self._calls.append(operation)
        self.before(operation)

    def _upload(self, operation: str, key: str, upload_id: str) -> Upload:
        found = self.uploads.get(upload_id)
        if found is None or found.key != key:
            raise refused("NoSuchUpload", 404, operation)
        return found

    # The API

    def create_multipart_upload(self, **asked: Any) -> dict[str, Any]:
        self._called("CreateMultipartUpload")
        upload_id = f"S3+/upload={next(self._ids)}"
        self.uploads[upload_id] = Upload(asked["Key"], asked)
        self.after("CreateMultipartUpload")
        return {"UploadId": upload_id}

    def list_parts(self, *, Bucket: str, Key: str, UploadId: str, PartNumberMarker: int = 0) -> dict[str, Any]:  # noqa: N803, ARG002
        self._called("ListParts")
        upload = self._upload("ListParts", Key, UploadId)
        left = [upload.parts[number] for number in sorted(upload.parts) if number > PartNumberMarker]
        page = left[:MOST_IN_ONE_PAGE]
        told = {"Parts": [part.told() for part in page]} if page else {}
        more = {"NextPartNumberMarker": page[-1].number} if page else {}
        return {**told, **more, "IsTruncated": len(left) > len(page)}

    def complete_multipart_upload(self, **asked: Any) -> dict[str, Any]:
        self._called("CompleteMultipartUpload")
        upload = self._upload("CompleteMultipartUpload", asked["Key"], asked["UploadId"])
        if asked.get("IfNoneMatch") == "*" and upload.key in self.objects:
            raise refused("PreconditionFailed", 412, "CompleteMultipartUpload")
        parts = self._matched(upload, asked["MultipartUpload"]["Parts"])
        size = sum(part.size for part in parts)
        if asked.get("MpuObjectSize", size) != size:
            raise refused("InvalidRequest", 400, "CompleteMultipartUpload")
        digest = hashlib.sha256(b"".join(base64.b64decode(part.checksum or "") for part in parts)).digest()
        hashed = "ChecksumAlgorithm" in upload.asked
        checksum = {"ChecksumSHA256": f"{base64.b64encode(digest).decode()}-{len(parts)}"} if hashed else {}
        self.objects[upload.key] = {
            "ContentLength": size,
            "ContentType": upload.asked["ContentType"],
            "Metadata": upload.asked.get("Metadata", {}),
            "ETag": f'"{"0" * 32}-{len(parts)}"',
            "LastModified": self._clock(),
            "VersionId": f"version-{len(self.objects)}",
            **checksum,
        }
        del self.uploads[asked["UploadId"]]
        self.after("CompleteMultipartUpload")
        return {"Key": upload.key, **checksum}

    def _matched(self, upload: Upload, told: list[dict[str, Any]]) -> list[Stored]:
        numbers = [one["PartNumber"] for one in told]
        if not numbers or numbers != sorted(set(numbers)):
            raise refused("InvalidPartOrder", 400, "CompleteMultipartUpload")
        parts = []
        for one in told:
            part = upload.parts.get(one["PartNumber"])
            if part is None or (part.etag, part.checksum) != (one["ETag"], one.get("ChecksumSHA256")):
                raise refused("InvalidPart", 400, "CompleteMultipartUpload")
            parts.append(part)
        if any(part.size < SMALLEST_PART for part in parts[:-1]):
            raise refused("EntityTooSmall", 400, "CompleteMultipartUpload")
        return parts

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:  # noqa: N803, ARG002
        self._called("AbortMultipartUpload")
        self._upload("AbortMultipartUpload", Key, UploadId)
        del self.uploads[UploadId]
        self.after("AbortMultipartUpload")
        return {}

    def list_multipart_uploads(self, *, Bucket: str, Prefix: str = "") -> dict[str, Any]:  # noqa: N803, ARG002
        self._called("ListMultipartUploads")
        named = [(upload.key, upload_id) for upload_id, upload in self.uploads.items() if upload.key.startswith(Prefix)]
        told = {"Uploads": [{"Key": key, "UploadId": upload_id} for key, upload_id in sorted(named)]} if named else {}
        return {**told, "IsTruncated": False}

    def head_object(self, **asked: Any) -> Any:
        if asked["Key"] not in self.objects:
            return self._client.head_object(**asked)
        self._called("HeadObject")
        return self.objects[asked["Key"]]

    # What a phone does with its links

    def put_part(self, link: Any, size: int, sha256: str | None) -> int:
        """Send so many bytes of that hash to a link; return the status."""
        query = parse_qs(urlsplit(link.url).query)
        upload = self.uploads.get(query["uploadId"][0])
        if upload is None:
            return 404
        hashed = "ChecksumAlgorithm" in upload.asked
        signed = link.headers.get("x-amz-checksum-sha256")
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode() if sha256 and hashed else None
        if int(link.headers["Content-Length"]) != size or hashed != (signed is not None) or signed != checksum:
            return 400
        number = int(query["partNumber"][0])
        upload.parts[number] = Stored(number, size, checksum, f'"{next(self._etags)}"', self._clock())
        return 200
