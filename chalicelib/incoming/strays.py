"""Strays: objects among the originals that are no file's. They are put aside, where the bucket keeps them for 30 days.

    quarantine/<ownerId>/<fileId>-<name>/<versionId>

Bytes that a client put are never just deleted unless they are to be had elsewhere: they may be evidence, or somebody's
only copy. Yet they may not stay: one that lies on top of a file's own version makes the bucket expire that.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib import keys, log
from chalicelib.cloud import Cloud
from chalicelib.metadata.files import File, Status
from chalicelib.upkeep import trouble

QUARANTINE = "quarantine/"


def put_aside(world: Cloud, file: File, key: str, version_id: str) -> None:
    """Move a version of an object out of the way, and report it. Dying in between leaves both, and is done again."""
    bucket, aside = world.settings.bucket, f"{QUARANTINE}{key.removeprefix(keys.ORIGINALS)}/{version_id}"
    source = {"Bucket": bucket, "Key": key, "VersionId": version_id}
    world.s3.copy_object(Bucket=bucket, Key=aside, CopySource=source, TaggingDirective="REPLACE")
    world.s3.delete_object(**source)
    trouble.report(world, "put aside for 30 days", key=aside, **log.about(file.owner_id, file.file_id))


def clear(world: Cloud, file: File) -> None:
    """Put aside what lies under a file's id and is not its own: all of it, if the file was refused."""
    prefix = f"{keys.ORIGINALS}{file.owner_id}/{file.file_id}-"
    page = world.s3.list_object_versions(Bucket=world.settings.bucket, Prefix=prefix)
    for one in page.get("Versions", ()):
        if file.status == Status.REFUSED or one["Key"] != file.key:
            put_aside(world, file, one["Key"], one["VersionId"])


def remove(world: Cloud, owner_id: str, file_id: str) -> None:
    """Remove whatever lies under the id of an upload that was called off: nobody was told that it is safe."""
    prefix = f"{keys.ORIGINALS}{owner_id}/{file_id}-"
    page = world.s3.list_object_versions(Bucket=world.settings.bucket, Prefix=prefix)
    for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
        world.s3.delete_object(Bucket=world.settings.bucket, Key=one["Key"], VersionId=one["VersionId"])
        log.logger.info("stray removed", extra=log.about(owner_id, file_id))


def are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two versions, as S3 lists them, hold the same bytes for certain; S3's tag of parts tells it, too."""
    return (one["ETag"], one["Size"]) == (other["ETag"], other["Size"])
