"""Notices: "this file is ready for you". What one says, and the ringing of a PC's queue.

A queue is only a doorbell: what a PC is owed is in the ledger, so a notice that is lost costs minutes, never a file.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

from chalicelib import log
from chalicelib.bodies import Id, Moment
from chalicelib.cloud import Cloud
from chalicelib.incoming.wanted import Sha256
from chalicelib.metadata.files import File

VERSION = 1


class Notice(TypedDict):
    """All a PC needs to fetch and verify a file."""

    v: int
    fileId: Id
    bucket: str
    key: str
    versionId: NotRequired[str]
    size: int
    sha256: Sha256
    name: str
    type: str
    takenAt: NotRequired[str]
    uploadedAt: Moment
    groupId: NotRequired[str]
    deviceName: NotRequired[str]
    album: NotRequired[str]
    userId: str
    s3Key: str
    timestamp: Moment


_MOST_IN_ONE_CALL = 10


def of(file: File, bucket: str) -> Notice:
    """Say all a PC needs to fetch and verify a file. The last three are for simple consumers."""
    told = {
        "v": VERSION,
        "fileId": file.file_id,
        "bucket": bucket,
        "key": file.key,
        "versionId": file.version_id,
        "size": file.size,
        "sha256": file.sha256,
        "name": file.name,
        "type": file.type,
        "takenAt": file.taken_at,
        "uploadedAt": file.uploaded_at,
        "groupId": file.group_id,
        "deviceName": file.device_name,
        "album": (file.album or {}).get("name"),
        "userId": file.owner_id,
        "s3Key": file.key,
        "timestamp": file.uploaded_at,
    }
    return cast("Notice", {name: value for name, value in told.items() if value is not None})


# Says only that there is something to ask for: what it is, the PC hears where its key is looked at.
RECALL = {"recall": True}


def ring_for_recall(world: Cloud, queue_urls: Iterable[str], file_id: str) -> None:
    """Let PCs ask at once what they are to send back; the next sign of life would tell them, too."""
    for queue_url in queue_urls:
        _put(world, queue_url, {file_id: RECALL})


def ring(world: Cloud, queue_url: str, notices: Sequence[Mapping[str, Any]]) -> None:
    """Put notices into a PC's queue. A queue that cannot be reached is told to the log and keeps nobody waiting."""
    for start in range(0, len(notices), _MOST_IN_ONE_CALL):
        some = notices[start : start + _MOST_IN_ONE_CALL]
        if not _put(world, queue_url, {notice["fileId"]: notice for notice in some}):
            return


def _put(world: Cloud, queue_url: str, bodies: Mapping[str, Mapping[str, Any]]) -> bool:
    """Put up to ten messages into a queue, each by its file's id; say whether the queue could be reached."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (the client below imports it anyway)

    entries = [{"Id": file_id, "MessageBody": json.dumps(body)} for file_id, body in bodies.items()]
    try:
        reply = world.sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
    except (BotoCoreError, ClientError) as error:
        log.logger.warning("notices lost", extra={"queue": queue_url, "why": str(error), "count": len(entries)})
        return False
    for failure in reply.get("Failed", []):
        log.logger.warning("notice lost", extra={"queue": queue_url, "file_id": failure["Id"]})
    return True
