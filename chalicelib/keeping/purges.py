"""Purges: what is left in the bucket of a file thrown away for good is deleted, then its item. Resumes anywhere."""

from typing import Any

import msgspec

from chalicelib import keys, log, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming.objects import ManyVersionsError
from chalicelib.keeping.retention import LAST_LOOK
from chalicelib.keeping.trash import KEPT
from chalicelib.metadata import files, ledger, trash
from chalicelib.metadata.files import File, Status

# A thousand versions each; more of one file than that are left to the next run.
_LAPS = 3


def begin_overdue(world: Cloud, file: File) -> File | None:
    """Purge a file that has been in the trash for long enough; `None` if it was not, or was restored meanwhile."""
    now = world.now_text()
    if file.trashed_at is None or world.now() < moments.from_text(file.trashed_at) + KEPT:
        return None
    about = {"fileId": file.file_id, "count": 1, "by": "backhaul"}
    activity = ledger.remember(file.owner_id, "purged", world.now(), world.new_id(), **about)
    try:
        moved = files.moved([file], Status.TRASHED, Status.PURGING)
        world.table.write(trash.purging(file, now), *moved, activity)
    except ConditionFailedError:
        return None
    return msgspec.structs.replace(file, status=Status.PURGING, purged_at=now)


def finish(world: Cloud, file: File) -> bool:
    """Delete a purging file: its object with all versions, its previews, its item; say whether it was us."""
    _delete_all(world, file.key, whole_key=True)
    remove_previews(world, file.owner_id, file.file_id)
    look_at = moments.to_text(world.now() + LAST_LOOK)
    try:
        world.table.write(*trash.purged(file, look_at, leads_here=trash.leads_here(world.table, file)))
    except ConditionFailedError:
        return False
    log.logger.info("purged for good", extra=log.about(file.owner_id, file.file_id))
    return True


def remove_previews(world: Cloud, owner_id: str, file_id: str) -> None:
    """Delete what was made of a file that is no more."""
    _delete_all(world, keys.previews(owner_id, file_id), whole_key=False)


def _delete_all(world: Cloud, prefix: str, *, whole_key: bool) -> None:
    bucket = world.settings.bucket
    for _ in range(_LAPS):
        page = world.s3.list_object_versions(Bucket=bucket, Prefix=prefix)
        every = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        # The prefix itself sorts before all that it is a prefix of, so it is on the first page.
        found = [_which(one) for one in every if one["Key"] == prefix or not whole_key]
        if not found:
            return
        # One by one, since the call for many asks for the right to put markers over whatever is there.
        for one in found:
            world.s3.delete_object(Bucket=bucket, **one)
        if not page.get("IsTruncated"):
            return
    raise ManyVersionsError(prefix)


def _which(one: dict[str, Any]) -> dict[str, str]:
    return {"Key": one["Key"], "VersionId": one["VersionId"]}
