"""Accounts that their owners close: nothing of theirs is answered at once, everything they own goes in the background.

One write closes an account and puts it on the list of what is due, so there is no moment at which one is true without
the other. The sweep works through that list in laps; each begins with what is still there, so a lap may die anywhere.
A last lap comes an hour later, for what links and events under way still brought in.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib import moments
from chalicelib.auth import accounts, credentials, devices, scopes, user_pool
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Request
from chalicelib.cloud import Cloud
from chalicelib.incoming import multipart, strays
from chalicelib.log import logger, owner_hash
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners, postings
from chalicelib.metadata.table import MOST_IN_ONE_WRITE, Delete

LAST_LAP = timedelta(hours=1)
MARK_KEPT = timedelta(days=30)
_LAP = timedelta(seconds=40)
_MOST_OWNERS = 10


class Close(Request, frozen=True):
    """The password: a stolen session must not be enough to remove everything."""

    password: accounts.Password


def close(world: Cloud, caller: Caller, access_token: str, asked: Close) -> None:
    """Close the caller's account for good."""
    caller.must_have(scopes.OWNER)
    accounts.prove_password(world, caller.owner_id, asked.password)
    owners.close(world.table, caller.owner_id, world.now_text())
    logger.info("account closed", extra={"owner": owner_hash(caller.owner_id)})
    # The rest only makes it quicker: the first lap does it again.
    _revoke_all(world, caller.owner_id)
    accounts.forget(world, access_token)


def remove_closed(world: Cloud) -> None:
    """Run one lap of removals, for as long as a sweep may take."""
    until = world.now() + _LAP
    for owner_id in owners.closed_due(world.table, world.now_text(), limit=_MOST_OWNERS):
        remove(world, owner_id, until)


def remove(world: Cloud, owner_id: str, until: datetime) -> bool:
    """Run one lap of the removal of an owner who has left, whoever closed the account; say whether nothing is left."""
    closed_at = owners.find_closed(world.table, owner_id)
    # The index lags, so the profile has the last word.
    if not closed_at or not _remove(world, owner_id, until):
        return False
    _finish(world, owner_id, moments.from_text(closed_at))
    return True


def _remove(world: Cloud, owner_id: str, until: datetime) -> bool:
    """Remove what there is, and say whether nothing is left."""
    _revoke_all(world, owner_id)
    user_pool.remove(world, owner_id)
    prefixes = (credentials.prefix(owner_id), f"previews/{owner_id}/", f"{strays.QUARANTINE}{owner_id}/")
    also = [f"pc#{device.device_id}" for device in kept_devices.every(world.table, owner_id)]
    also.append(postings.partition(owner_id))
    return (
        _break_off(world, credentials.prefix(owner_id), until)
        and all(_remove_objects(world, prefix, until) for prefix in prefixes)
        and all(_remove_items(world, partition, until) for partition in (*also, owners.partition(owner_id)))
    )


def _finish(world: Cloud, owner_id: str, closed_at: datetime) -> None:
    if world.now() < closed_at + LAST_LAP:
        owners.look_again(world.table, owner_id, moments.to_text(closed_at + LAST_LAP))
        return
    owners.removed(world.table, owner_id, int((world.now() + MARK_KEPT).timestamp()))
    logger.info("account removed", extra={"owner": owner_hash(owner_id)})


def _revoke_all(world: Cloud, owner_id: str) -> None:
    for device in kept_devices.every(world.table, owner_id):
        if not device.revoked_at:
            devices.take_away(world, owner_id, device)


def _break_off(world: Cloud, prefix: str, until: datetime) -> bool:
    """Throw away what is coming in in parts: the bucket lists it among no objects, and would keep it for a month."""
    while world.now() < until:
        if not multipart.abort_first(world, prefix):
            return True
    return False


def _remove_objects(world: Cloud, prefix: str, until: datetime) -> bool:
    bucket = world.settings.bucket
    while world.now() < until:
        page = world.s3.list_object_versions(Bucket=bucket, Prefix=prefix)
        found = [_version(kept) for kept in (*page.get("Versions", []), *page.get("DeleteMarkers", []))]
        if not found:
            return True
        world.s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
    return False


def _version(kept: dict[str, Any]) -> dict[str, str]:
    return {"Key": kept["Key"], "VersionId": kept["VersionId"]}


def _remove_items(world: Cloud, partition: str, until: datetime) -> bool:
    """Remove a partition but for the profile, which says that its owner has left."""
    while world.now() < until:
        keys = [key for key in world.table.keys(partition, limit=MOST_IN_ONE_WRITE) if key.sk != "profile"]
        if not keys:
            return True
        world.table.write(*map(Delete, keys))
    return False
