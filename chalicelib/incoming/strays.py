"""Strays: objects among the originals that are no file's. They are put aside, where the bucket keeps them for 30 days.

    quarantine/<ownerId>/<fileId>-<name>/<versionId>

S3 copies up to 5 GiB in one call. What is larger stays where it is, tagged, if nothing needs its place, and the bucket
expires it after the same 30 days; a function has no time to copy it bit by bit.

Bytes that a client put are never just deleted unless they are to be had elsewhere: they may be evidence, or somebody's
only copy. Yet they may not stay: one that lies on top of a file's own version makes the bucket expire that.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from chalicelib import keys, log
from chalicelib.cloud import Cloud
from chalicelib.incoming import objects
from chalicelib.metadata.files import File
from chalicelib.upkeep import trouble

QUARANTINE = "quarantine/"
TAG = {"Key": "backhaul:stray", "Value": "yes"}
# What one run takes away of one file: some minutes' work.
MOST_AT_ONCE = 1_000


def put_aside(world: Cloud, file: File, key: str, version_id: str) -> None:
    """Move a version of an object out of the way, and report it. Dying in between leaves both, and is done again."""
    bucket, aside = world.settings.bucket, f"{QUARANTINE}{key.removeprefix(keys.ORIGINALS)}/{version_id}"
    source = {"Bucket": bucket, "Key": key, "VersionId": version_id}
    try:
        world.s3.copy_object(Bucket=bucket, Key=aside, CopySource=source, TaggingDirective="REPLACE")
    except world.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in objects.ABSENT:
            raise
        return  # another sweep has just moved it
    world.s3.delete_object(**source)
    trouble.report(world, "put aside for 30 days", key=aside, **log.about(file.owner_id, file.file_id))


def take_away(world: Cloud, file: File, one: Mapping[str, Any]) -> None:
    """Put a version aside, as S3 lists it; what is too large to be moved is left to expire."""
    if can_be_moved(one):
        put_aside(world, file, one["Key"], one["VersionId"])
    else:
        _leave_to_expire(world, file, one)


def clear(world: Cloud, file: File) -> None:
    """Put aside what lies under a file's id and is not its own: all of it, if the file was refused.

    Also if that was thrown away for good since: then nothing is left but what is put aside.
    """
    prefix = f"{keys.ORIGINALS}{file.owner_id}/{file.file_id}-"
    versions = (one for page in objects.pages_of_versions(world, prefix) for one in page.get("Versions", ()))
    found = [one for one in versions if file.reason or one["Key"] != file.key]
    for one in found[:MOST_AT_ONCE]:
        take_away(world, file, one)
    if len(found) > MOST_AT_ONCE:
        raise objects.ManyVersionsError(prefix)


def remove(world: Cloud, owner_id: str, file_id: str) -> None:
    """Remove whatever lies under the id of an upload that was called off: nobody was told that it is safe."""
    prefix = f"{keys.ORIGINALS}{owner_id}/{file_id}-"
    pages = objects.pages_of_versions(world, prefix)
    found = ((*page.get("Versions", ()), *page.get("DeleteMarkers", ())) for page in pages)
    for number, one in enumerate(itertools.chain.from_iterable(found)):
        if number == MOST_AT_ONCE:
            raise objects.ManyVersionsError(prefix)
        world.s3.delete_object(Bucket=world.settings.bucket, Key=one["Key"], VersionId=one["VersionId"])
        log.logger.info("stray removed", extra=log.about(owner_id, file_id))


def are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two versions, as S3 lists them, hold the same bytes for certain; S3's tag of parts tells it, too."""
    return (one["ETag"], one["Size"]) == (other["ETag"], other["Size"])


def can_be_moved(one: Mapping[str, Any]) -> bool:
    """Whether S3 copies a version, as it lists it, in one call."""
    return bool(one["Size"] <= objects.MOST_PUT_BYTES)


def _leave_to_expire(world: Cloud, file: File, one: Mapping[str, Any]) -> None:
    """Tag what is too large to be moved, and report it; a look that comes again does no more than that."""
    source = {"Bucket": world.settings.bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
    world.s3.put_object_tagging(**source, Tagging={"TagSet": [TAG]})
    about = log.about(file.owner_id, file.file_id)
    trouble.report(world, "too large to be put aside, left for 30 days", key=one["Key"], **about)
