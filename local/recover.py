"""Repair what a kill -9 took: tell the cloud half again of every object that came after the last snapshot.

What the emulator keeps of S3 by itself is whole: bodies, index and versions are files from the moment a PUT is
answered. The table, the queues and the users go back to the last snapshot. An object that arrived since may have
no row, or one that still says `pending`; `object_arrived` takes both, as often as it is told.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from local.places import ACCOUNT, REGION
from local.snapshots import LastSnapshot

PREFIX = "originals/"
FUNCTION = "backhaul-local-object_arrived"
MARGIN_SECONDS = 5
AT_ONCE = 4


@dataclass(frozen=True)
class Arrived:
    """One object in the bucket, as its event names it."""

    key: str
    version: str
    etag: str
    size: int
    at: datetime


def to_replay(objects: Iterable[Arrived], last: LastSnapshot | None) -> list[Arrived]:
    """Choose the objects whose arrival may be forgotten, oldest first; none after a clean stop.

    S3 tells times in whole seconds, and a snapshot is of the second it began in, so a margin is added.
    """
    if last is not None and last.clean:
        return []
    since = last.taken - MARGIN_SECONDS if last else 0
    return sorted((one for one in objects if one.at.timestamp() >= since), key=lambda one: one.at)


def event_of(bucket: str, arrived: Arrived) -> dict[str, Any]:
    """Write the event that S3 would have sent."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": arrived.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": ACCOUNT},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "recover",
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}", "ownerIdentity": {}},
                    "object": {
                        "key": quote_plus(arrived.key, safe="/"),
                        "size": arrived.size,
                        "eTag": arrived.etag,
                        "versionId": arrived.version,
                        "sequencer": f"{int(arrived.at.timestamp()):016X}",
                    },
                },
            }
        ]
    }


def replay(session: Any, endpoint: str, bucket: str, last: LastSnapshot | None) -> tuple[int, list[str]]:
    """Tell the cloud half of what it may have forgotten; returns how many, and the keys it would not take."""
    missed = to_replay(_objects(session.client("s3", endpoint_url=endpoint), bucket), last)
    functions = session.client("lambda", endpoint_url=endpoint)

    def tell(arrived: Arrived) -> str | None:
        event = json.dumps(event_of(bucket, arrived)).encode()
        answer = functions.invoke(FunctionName=FUNCTION, Payload=event)
        return arrived.key if answer.get("FunctionError") else None

    with ThreadPoolExecutor(AT_ONCE) as crew:
        refused = [key for key in crew.map(tell, missed) if key]
    return len(missed), refused


def _objects(s3: Any, bucket: str) -> Iterator[Arrived]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=PREFIX):
        yield from (_arrived(version) for version in page.get("Versions", ()) if version["IsLatest"])


def _arrived(version: Mapping[str, Any]) -> Arrived:
    return Arrived(
        key=version["Key"],
        version=version["VersionId"],
        etag=version["ETag"].strip('"'),
        size=version["Size"],
        at=version["LastModified"],
    )
