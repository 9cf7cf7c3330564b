"""What an admin may know of owners: how much they keep and which devices have gone silent. Never their files."""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from chalicelib import cursors, moments
from chalicelib.auth import devices, scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners
from chalicelib.metadata.devices import Device

SILENT = {"pc": timedelta(days=3), "phone": timedelta(days=14)}


class Wanted(Request, frozen=True):
    """Which page."""

    limit: Annotated[int, Meta(ge=1, le=25)] = 25
    next: str | None = None


class ShownOwner(Reply, frozen=True):
    """One owner."""

    owner_id: str
    created_at: Moment
    usage: dict[str, int]
    stale_devices: list[devices.ShownDevice]
    closed_at: Moment | None = None


class ShownOwners(Reply, frozen=True):
    """One page of owners."""

    owners: list[ShownOwner]
    next: str | None = None


def list_owners(world: Cloud, caller: Caller, wanted: Wanted) -> ShownOwners:
    """List owners, oldest id first."""
    caller.must_have(scopes.ADMIN)
    after = cursors.parse(wanted.next) if wanted.next else None
    found, last = owners.page(world.table, limit=wanted.limit, after=after)
    shown = [_show(owner, kept_devices.every(world.table, owner.owner_id), world.now()) for owner in found]
    return ShownOwners(shown, cursors.encode(last) if last else None)


def is_stale(device: Device, now: datetime) -> bool:
    """Whether a device has been silent for longer than its kind should be; one just paired has not."""
    heard = moments.from_text(device.last_seen_at or device.created_at)
    return device.revoked_at is None and now - heard > SILENT[device.kind]


def _show(owner: owners.Owner, owned: list[Device], now: datetime) -> ShownOwner:
    stale = devices.show(device for device in owned if is_stale(device, now))
    return ShownOwner(owner.owner_id, owner.created_at, owner.usage, stale, owner.closed_at)
