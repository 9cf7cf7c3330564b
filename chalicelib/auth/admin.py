"""What an admin may know of owners: how much they keep and which devices have gone silent. Never their files."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chalicelib import cursors, moments
from chalicelib.auth import devices, scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.config import Settings
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners
from chalicelib.metadata.devices import Device


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
    shown = [_show(world, owner) for owner in found]
    return ShownOwners(shown, cursors.encode(last) if last else None)


def is_stale(device: Device, settings: Settings, now: datetime) -> bool:
    """Whether a device has been silent for longer than its kind should be; one just paired has not."""
    heard = moments.from_text(device.last_seen_at or device.created_at)
    return device.revoked_at is None and now - heard > settings.patience(device.kind)


def _show(world: Cloud, owner: owners.Owner) -> ShownOwner:
    owned = kept_devices.every(world.table, owner.owner_id)
    stale = devices.show(device for device in owned if is_stale(device, world.settings, world.now()))
    return ShownOwner(owner.owner_id, owner.created_at, owner.usage, stale, owner.closed_at)
