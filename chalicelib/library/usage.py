"""Usage: what an owner has in the cloud and at home, by status, and how much more there may be."""

from collections.abc import Mapping

from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Reply
from chalicelib.cloud import Cloud
from chalicelib.incoming import quota
from chalicelib.metadata import owners
from chalicelib.metadata.files import Status

# Of these there are bytes in the cloud, unless the copy is gone. A pending file takes room, but is not there yet.
_STORED = (Status.UPLOADED, Status.DOWNLOADED, Status.TRASHED, Status.PURGING, Status.LOST)


class Amount(Reply, frozen=True):
    """So many files, and their bytes."""

    files: int
    bytes: int


class ByStatus(Reply, frozen=True, kw_only=True):
    """Files by status; what is in the trash is there for thirty days, what is purging for an hour at most."""

    pending: Amount
    uploaded: Amount
    downloaded: Amount
    trashed: Amount
    purging: Amount
    lost: Amount


class Usage(Reply, frozen=True, kw_only=True):
    """What an owner has, and how much more there may be; without a quota as much as they like.

    `in_cloud` is what takes room there, the trash included; `gone` is only at home any more.
    """

    by_status: ByStatus
    in_cloud: Amount
    gone: Amount
    quota_bytes: int | None = None
    left_bytes: int | None = None


def show(world: Cloud, caller: Caller) -> Usage:
    """Show what the caller's owner uses: one read of the counters."""
    caller.must_have(scopes.READ)
    counters = owners.counters(world.table, caller.owner_id)
    most = world.settings.quota_bytes
    return Usage(
        by_status=by_status(counters),
        in_cloud=in_cloud(counters),
        gone=_amount(counters, "gone"),
        quota_bytes=most or None,
        left_bytes=quota.left(most, counters) if most else None,
    )


def by_status(counters: Mapping[str, int]) -> ByStatus:
    """Read the counters of each status."""
    return ByStatus(**{name: _amount(counters, name) for name in ByStatus.__struct_fields__})


def in_cloud(counters: Mapping[str, int]) -> Amount:
    """Add up what is in the cloud."""
    stored, gone = [_amount(counters, status) for status in _STORED], _amount(counters, "gone")
    return Amount(sum(one.files for one in stored) - gone.files, sum(one.bytes for one in stored) - gone.bytes)


def _amount(counters: Mapping[str, int], name: str) -> Amount:
    return Amount(counters.get(f"{name}Files", 0), counters.get(f"{name}Bytes", 0))
