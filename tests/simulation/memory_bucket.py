"""S3, SQS and SNS in memory, as far as chalicelib calls them: versions, tags, rules, queues with delays."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.memory_table import Wire

TAGGED_LIVE, NONCURRENT_LIVE = timedelta(days=1), timedelta(days=30)
QUARANTINE, QUARANTINED_LIVE = "quarantine/", timedelta(days=30)
HOME_TAG = ("backhaul:home", "yes")


def refused(code: str, status: int, operation: str) -> ClientError:
    """Make the error that botocore raises for such an answer."""
    told = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, operation)  # type: ignore[arg-type] # the stubs want more


@dataclass
class Version:
    """One version of an object, or a delete marker, which has no body."""

    key: str
    version_id: str
    body: bytes | None
    type: str
    checksum: str | None
    at: datetime
    replaced_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def sha256(self) -> str:
        return hashlib.sha256(self.body or b"").hexdigest()


class _Body(BytesIO):
    def iter_chunks(self, size: int) -> Iterator[bytes]:
        while piece := self.read(size):
            yield piece


class MemoryBucket:
    """A client of S3 with one versioned bucket. What phones and time do to it goes past the wire."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, clock: Callable[[], datetime], wire: Wire = lambda _, call: call()) -> None:
        self._clock, self._wire = clock, wire
        self.versions: dict[str, list[Version]] = {}
        self.dropped: Callable[[Version], None] = lambda _: None
        self._made = 0

    # What phones, PCs and time do

    def arrive(self, key: str, body: bytes, kind: str, *, checked: bool) -> str:
        """Store an object as after a PUT; return its version."""
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode() if checked else None
        return self._push(key, body, kind, checksum).version_id

    def _push(self, key: str, body: bytes | None, kind: str = "", checksum: str | None = None) -> Version:
        self._made += 1
        now = self._clock()
        versions = self.versions.setdefault(key, [])
        if versions:
            versions[-1].replaced_at = now
        made = Version(key, f"v{self._made:05}", body, kind, checksum, now)
        versions.append(made)
        return made

    def find(self, key: str, version_id: str | None = None) -> Version | None:
        """Look for a version, the newest if none is named; a delete marker is nothing."""
        versions = self.versions.get(key, [])
        named = [one for one in versions if one.version_id == version_id] if version_id else versions[-1:]
        return named[0] if named and named[0].body is not None else None

    def pass_time(self) -> None:
        """Do what the bucket's rules say: tagged objects expire, noncurrent versions go, lone delete markers go."""
        now = self._clock()
        for key in list(self.versions):
            current = self.versions[key][-1]
            expired = current.at + TAGGED_LIVE <= now and HOME_TAG in current.tags.items()
            expired |= current.at + QUARANTINED_LIVE <= now and key.startswith(QUARANTINE)
            if current.body is not None and expired:
                self._push(key, None)
            for version in list(self.versions[key][:-1]):
                if version.replaced_at and version.replaced_at + NONCURRENT_LIVE <= now:
                    self._drop(version)
            left = self.versions.get(key, [])
            if len(left) == 1 and left[0].body is None:
                self._drop(left[0])

    def _drop(self, version: Version) -> None:
        if version.body is not None:
            self.dropped(version)
        versions = self.versions[version.key]
        versions.remove(version)
        if versions:
            versions[-1].replaced_at = None
        else:
            del self.versions[version.key]

    # The API

    def head_object(self, *, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._wire("HeadObject", lambda: self._head(Key, VersionId))

    def get_object(self, *, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._wire("GetObject", lambda: {"Body": _Body(self._get(Key, VersionId, "GetObject").body or b"")})

    def put_object_tagging(self, *, Key: str, Tagging: Any, VersionId: str | None = None, **_: Any) -> Any:  # noqa: N803
        tags = {tag["Key"]: tag["Value"] for tag in Tagging["TagSet"]}
        return self._wire("PutObjectTagging", lambda: self._tag(Key, VersionId, tags, "PutObjectTagging"))

    def delete_object_tagging(self, *, Key: str, VersionId: str | None = None, **_: Any) -> Any:  # noqa: N803
        return self._wire("DeleteObjectTagging", lambda: self._tag(Key, VersionId, {}, "DeleteObjectTagging"))

    def get_object_tagging(self, *, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._wire("GetObjectTagging", lambda: self._tags(Key, VersionId))

    def delete_object(self, *, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._wire("DeleteObject", lambda: self._delete(Key, VersionId))

    def copy_object(self, *, Key: str, CopySource: Any, **_: Any) -> dict[str, Any]:  # noqa: N803
        def copy() -> dict[str, Any]:
            source = self._get(CopySource["Key"], CopySource.get("VersionId"), "CopyObject")
            return {"VersionId": self._push(Key, source.body, source.type, source.checksum).version_id}

        return self._wire("CopyObject", copy)

    def delete_objects(self, *, Delete: Any, **_: Any) -> dict[str, Any]:  # noqa: N803
        def delete() -> dict[str, Any]:
            for one in Delete["Objects"]:
                self._delete(one["Key"], one.get("VersionId"))
            return {}

        return self._wire("DeleteObjects", delete)

    def list_object_versions(self, *, Prefix: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._wire("ListObjectVersions", lambda: self._list(Prefix))

    def _get(self, key: str, version_id: str | None, operation: str) -> Version:
        found = self.find(key, version_id)
        if found is None:
            head = operation == "HeadObject"
            raise refused("404" if head else "NoSuchVersion" if version_id else "NoSuchKey", 404, operation)
        return found

    def _head(self, key: str, version_id: str | None) -> dict[str, Any]:
        found = self._get(key, version_id, "HeadObject")
        told = {
            "ContentLength": len(found.body or b""),
            "ContentType": found.type,
            "ETag": found.sha256(),
            "LastModified": found.at,
            "VersionId": found.version_id,
            "Metadata": {},
        }
        return told | ({"ChecksumSHA256": found.checksum} if found.checksum else {})

    def _tag(self, key: str, version_id: str | None, tags: dict[str, str], operation: str) -> dict[str, Any]:
        self._get(key, version_id, operation).tags = tags
        return {}

    def _tags(self, key: str, version_id: str | None) -> dict[str, Any]:
        found = self._get(key, version_id, "GetObjectTagging")
        return {"TagSet": [{"Key": name, "Value": value} for name, value in found.tags.items()]}

    def _delete(self, key: str, version_id: str | None) -> dict[str, Any]:
        """Remove a version for good, or hide the object behind a marker; what is not there is removed already."""
        if version_id is None:
            return {"DeleteMarker": True, "VersionId": self._push(key, None).version_id}
        for version in [one for one in self.versions.get(key, []) if one.version_id == version_id]:
            self._drop(version)
        return {}

    def _list(self, prefix: str) -> dict[str, Any]:
        keys = sorted(key for key in self.versions if key.startswith(prefix))
        found = [version for key in keys for version in reversed(self.versions[key])]
        return {
            "Versions": [self._listed(version) for version in found if version.body is not None],
            "DeleteMarkers": [self._listed(version) for version in found if version.body is None],
            "IsTruncated": False,
        }

    def _listed(self, version: Version) -> dict[str, Any]:
        latest = version is self.versions[version.key][-1]
        told = {"Key": version.key, "VersionId": version.version_id, "IsLatest": latest, "LastModified": version.at}
        return told if version.body is None else {**told, "ETag": version.sha256(), "Size": len(version.body)}


class QueueDoesNotExist(ClientError):  # noqa: N818 (botocore's spelling)
    """There is no such queue."""

    def __init__(self, operation: str) -> None:
        super().__init__({"Error": {"Code": "QueueDoesNotExist", "Message": "gone"}}, operation)


@dataclass
class Sent:
    """A message in a queue, and from when on it is seen."""

    body: str
    from_then: datetime


class MemoryQueues:
    """A client of SQS. What consumers take out goes past the wire."""

    exceptions = SimpleNamespace(ClientError=ClientError, QueueDoesNotExist=QueueDoesNotExist)

    def __init__(self, clock: Callable[[], datetime], wire: Wire = lambda _, call: call()) -> None:
        self._clock, self._wire = clock, wire
        self.queues: dict[str, list[Sent]] = {}

    def seen(self, name: str) -> list[Sent]:
        """Look at the messages whose delay is over."""
        return [sent for sent in self.queues.get(name, []) if sent.from_then <= self._clock()]

    def create_queue(self, *, QueueName: str, **_: Any) -> dict[str, str]:  # noqa: N803
        return self._wire("CreateQueue", lambda: {"QueueUrl": self._make(QueueName)})

    def delete_queue(self, *, QueueUrl: str) -> dict[str, str]:  # noqa: N803
        return self._wire("DeleteQueue", lambda: self._remove(QueueUrl))

    def get_queue_url(self, *, QueueName: str) -> dict[str, str]:  # noqa: N803
        return self._wire("GetQueueUrl", lambda: {"QueueUrl": QueueName})

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        return self._wire("SendMessage", lambda: self._send(QueueUrl, [MessageBody], DelaySeconds))

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
        bodies = [entry["MessageBody"] for entry in Entries]
        return self._wire("SendMessageBatch", lambda: self._send(QueueUrl, bodies, 0))

    def _make(self, name: str) -> str:
        self.queues.setdefault(name, [])
        return name

    def _remove(self, name: str) -> dict[str, str]:
        if name not in self.queues:
            raise QueueDoesNotExist("DeleteQueue")
        del self.queues[name]
        return {}

    def _send(self, name: str, bodies: Sequence[str], delay: int) -> dict[str, Any]:
        if name not in self.queues:
            raise QueueDoesNotExist("SendMessage")
        seen_from = self._clock() + timedelta(seconds=delay)
        self.queues[name] += [Sent(body, seen_from) for body in bodies]
        return {}


class MemoryTopic:
    """A client of SNS that keeps what it was told."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, wire: Wire = lambda _, call: call()) -> None:
        self._wire = wire
        self.told: list[str] = []

    def publish(self, *, Message: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._wire("Publish", lambda: self.told.append(Message) or {})  # type: ignore[func-returns-value]
