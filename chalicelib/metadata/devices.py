"""Devices and the keys they call with.

owner#<ownerId>    device#<deviceId>  what an owner sees of a device; stays after it was revoked; a PC's lap: see `laps`
device#<deviceId>  key                what the authorizer reads; gone once the device was revoked
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.auth.scopes import Kind
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import laps, owners, watches
from chalicelib.metadata.items import Item
from chalicelib.metadata.laps import Lap
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

_FIRST = "device#"
_THERE = "attribute_exists(pk) AND attribute_not_exists(#revokedAt)"
_DEVICES_IN_ONE_READ = 200


@dataclass(frozen=True)
class Device:
    """A phone or a PC as its owner sees it."""

    device_id: str
    name: str
    kind: Kind
    platform: str
    scopes: frozenset[str]
    created_at: str
    last_seen_at: str | None = None
    revoked_at: str | None = None
    queue_url: str | None = None
    version: str | None = None
    free_bytes: int | None = None
    owed: int | None = None
    lap: Lap | None = None
    elsewhere: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class KeptKey:
    """What the table knows of a device's key: never the key."""

    owner_id: str
    key_hash: str
    scopes: frozenset[str]
    name: str


def find_key(table: Table, device_id: str) -> KeptKey | None:
    """Read the key of a device; a revoked device has none."""
    item = table.find(_key(device_id))
    return KeptKey(item["ownerId"], item["keyHash"], item["scopes"], item["name"]) if item else None


def find(table: Table, owner_id: str, device_id: str) -> Device | None:
    """Read one device of this owner."""
    item = table.find(_device(owner_id, device_id))
    return _read(item) if item else None


def find_many(table: Table, named: Iterable[tuple[str, str]]) -> dict[str, Device]:
    """Read devices by owner and id, a hundred a call."""
    found = table.find_many(_device(owner_id, device_id) for owner_id, device_id in named)
    return {device.device_id: device for device in map(_read, found.values())}


def every(table: Table, owner_id: str) -> list[Device]:
    """Read an owner's devices, the revoked ones too, oldest first."""
    found: list[Device] = []
    after = None
    while True:
        page = table.page(owners.partition(owner_id), _FIRST, limit=_DEVICES_IN_ONE_READ, after=after)
        found += map(_read, page.items)
        after = page.last
        if after is None:
            return found


def added(owner_id: str, device: Device, key_hash: str, lap_due_at: str = "") -> list[Operation]:
    """Return the writes that make a device and let it call; each fails if the device is already there.

    A PC begins with a lap, which owes it all there is. Each device is watched from now on.
    """
    shown: Item = {
        **_device(owner_id, device.device_id)._asdict(),
        "name": device.name,
        "kind": device.kind,
        "platform": device.platform,
        "scopes": device.scopes,
        "createdAt": device.created_at,
        "queueUrl": device.queue_url,
        **(laps.begun(laps.OWE, device.created_at, lap_due_at) if lap_due_at else {}),
    }
    kept: Item = {
        **_key(device.device_id)._asdict(),
        "ownerId": owner_id,
        "keyHash": key_hash,
        "kind": device.kind,
        "scopes": device.scopes,
        "name": device.name,
    }
    watched = watches.begun(owner_id, device.device_id, device.created_at)
    return [Put(shown, "attribute_not_exists(pk)"), Put(kept, "attribute_not_exists(pk)"), watched]


def change(table: Table, owner_id: str, device_id: str, told: Mapping[str, Any]) -> Device | None:
    """Set what is told of a device that is there and not revoked, in one call; return it, if it was."""
    known = {name: value for name, value in told.items() if value is not None}
    does = "SET " + ", ".join(f"#{name} = :{name}" for name in known)
    try:
        return _read(table.add(_device(owner_id, device_id), does, known, _THERE))
    except ConditionFailedError:
        return None


def rename(table: Table, owner_id: str, device_id: str, name: str) -> bool:
    """Call a device otherwise, also where the authorizer reads who calls; say whether it was there and not revoked."""
    does, values = "SET #name = :name", {"name": name}
    try:
        table.write(
            Update(_device(owner_id, device_id), does, _THERE, values),
            Update(_key(device_id), does, "attribute_exists(pk)", values),
        )
    except ConditionFailedError:
        return False
    return True


def revoke(table: Table, owner_id: str, device: Device, now: str, lap_due_at: str, *told: Operation) -> bool:
    """Take a device's key away, and for a PC the claim to new files, in one write; say whether that was news.

    A PC's lap begins in the same write: it clears what the PC was owed, and ends one that was owing it more.
    """
    does, values = "SET #revokedAt = :now", {"now": now}
    gone: list[Operation] = []
    if device.kind == "pc":
        lap = laps.begun(laps.CLEAR, now, lap_due_at)
        does, values = f"{does}, " + ", ".join(f"#{name} = :{name}" for name in lap), values | lap
        gone = [owners.pc_removed(owner_id, device.device_id)]
    try:
        stopped = Update(_device(owner_id, device.device_id), does, _THERE, values)
        table.write(stopped, Delete(_key(device.device_id)), *gone, *told)
    except ConditionFailedError:
        return False
    return True


def _read(item: Mapping[str, Any]) -> Device:
    return Device(
        device_id=item["sk"].removeprefix(_FIRST),
        name=item["name"],
        kind=item["kind"],
        platform=item["platform"],
        scopes=item["scopes"],
        created_at=item["createdAt"],
        last_seen_at=item.get("lastSeenAt"),
        revoked_at=item.get("revokedAt"),
        queue_url=item.get("queueUrl"),
        version=item.get("version"),
        free_bytes=item.get("freeBytes"),
        owed=item.get("owed"),
        lap=laps.read(item),
        elsewhere=item.get("elsewhere"),
    )


def _device(owner_id: str, device_id: str) -> Key:
    return Key(owners.partition(owner_id), f"{_FIRST}{device_id}")


def _key(device_id: str) -> Key:
    return Key(f"{_FIRST}{device_id}", "key")
