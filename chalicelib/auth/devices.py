"""Phones and PCs that hold a key of their own: what their owner sees, renames, revokes; how they say they live."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts import laps, pc_queues
from chalicelib.errors import NotFoundError
from chalicelib.log import logger, owner_hash
from chalicelib.metadata import devices, ledger, recalls
from chalicelib.metadata.devices import Device

DeviceName = Annotated[
    str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z")
]
Bytes = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Beaten(Reply, frozen=True):
    """What a device ought to know: how many files a PC is asked to send back, a hundred at most."""

    recalls: int = 0
    catching_up: "CatchingUp | None" = None
    elsewhere: "Elsewhere | None" = None


class Rename(Request, frozen=True):
    """What a device shall be called."""

    name: DeviceName


class Heartbeat(Request, frozen=True):
    """A device's word that it lives, and how it is."""

    version: Annotated[str, Meta(max_length=40)] = ""
    free_bytes: Bytes | None = None
    owed: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class CatchingUp(Reply, frozen=True):
    """A new PC is still being told what it is owed: since when, and of how many files so far."""

    since: Moment
    owed_so_far: int = 0


class Elsewhere(Reply, frozen=True):
    """Files that a PC is not owed, as the cloud has none of them any more, only other PCs do; counted once."""

    files: int
    counted_at: Moment


class ShownDevice(Reply, frozen=True):
    """A device as its owner sees it."""

    device_id: Id
    name: str
    kind: scopes.Kind
    platform: str
    scopes: list[scopes.Scope]
    created_at: Moment
    last_seen_at: Moment | None = None
    revoked_at: Moment | None = None
    version: str | None = None
    free_bytes: int | None = None
    owed: int | None = None
    catching_up: CatchingUp | None = None
    elsewhere: Elsewhere | None = None


class ShownDevices(Reply, frozen=True):
    """An owner's devices."""

    devices: list[ShownDevice]


def every(world: Cloud, caller: Caller) -> ShownDevices:
    """List the owner's devices, the revoked ones too."""
    caller.must_have(scopes.OWNER)
    return ShownDevices(show(devices.every(world.table, caller.owner_id)))


def rename(world: Cloud, caller: Caller, device_id: str, asked: Rename) -> ShownDevice:
    """Call a device otherwise."""
    caller.must_have(scopes.OWNER)
    if not devices.rename(world.table, caller.owner_id, device_id, asked.name):
        raise NotFoundError("device", device_id)
    return show([get(world, caller.owner_id, device_id)])[0]


def revoke(world: Cloud, caller: Caller, device_id: str) -> None:
    """Stop a device for good: no call of its own is answered from now on; once more does no harm.

    A device may stop itself, as one that is given away should. What it was owed is cleared as if its owner had done it.
    """
    if caller.device_id:
        caller.must_be(device_id)
    else:
        caller.must_have(scopes.OWNER)
    take_away(world, caller.owner_id, get(world, caller.owner_id, device_id))


def beat(world: Cloud, caller: Caller, device_id: str, told: Heartbeat) -> Beaten:
    """Note that a device lives: one call, and of a PC another."""
    caller.must_be(device_id)
    seen = {
        "lastSeenAt": world.now_text(),
        "version": told.version or None,
        "freeBytes": told.free_bytes,
        "owed": told.owed,
    }
    device = devices.change(world.table, caller.owner_id, device_id, seen)
    if device is None:
        raise NotFoundError("device", device_id)
    asked = recalls.count(world.table, device_id) if scopes.PC in caller.scopes else 0
    return Beaten(asked, _catching_up(device), _elsewhere(device))


def get(world: Cloud, owner_id: str, device_id: str) -> Device:
    """Return a device of this owner, or refuse."""
    found = devices.find(world.table, owner_id, device_id)
    if found is None:
        raise NotFoundError("device", device_id)
    return found


def take_away(world: Cloud, owner_id: str, device: Device, *, by_owner: bool = True) -> None:
    """Take key and claim to new files first, for that stops the device; what follows from it runs by itself.

    Whatever dies after the first write is made up for: by the lap that it began, and by asking once more.
    """
    told = ledger.remember(
        owner_id, "revoked", world.now(), world.new_id(), deviceId=device.device_id, by=None if by_owner else "backhaul"
    )
    devices.revoke(world.table, owner_id, device, world.now_text(), laps.due_at(world), told)
    if device.kind == "pc":
        laps.ring(world, owner_id, device.device_id)
    if device.queue_url:
        pc_queues.remove(world, device.queue_url)
    logger.info("revoked", extra={"owner": owner_hash(owner_id), "device_id": device.device_id})


def take_back(world: Cloud, owner_id: str, device_id: str) -> None:
    """Revoke a device whose key went astray, if it is there."""
    found = devices.find(world.table, owner_id, device_id)
    if found and not found.revoked_at:
        take_away(world, owner_id, found, by_owner=False)


def show(found: Iterable[Device]) -> list[ShownDevice]:
    """Turn devices into what a caller may see of them: no queue, no hash."""
    return [
        ShownDevice(
            device_id=device.device_id,
            name=device.name,
            kind=device.kind,
            platform=device.platform,
            scopes=sorted(device.scopes),
            created_at=device.created_at,
            last_seen_at=device.last_seen_at,
            revoked_at=device.revoked_at,
            version=device.version,
            free_bytes=device.free_bytes,
            owed=device.owed,
            catching_up=_catching_up(device),
            elsewhere=_elsewhere(device),
        )
        for device in found
    ]


def _catching_up(device: Device) -> CatchingUp | None:
    """Say how far the first lap has come; the second only makes sure."""
    lap = device.lap
    if lap is None or lap.what != "owe" or lap.number != 1:
        return None
    return CatchingUp(lap.since, lap.changed)


def _elsewhere(device: Device) -> Elsewhere | None:
    return Elsewhere(device.elsewhere["files"], device.elsewhere["countedAt"]) if device.elsewhere else None
