"""Who the caller is: what every client asks first."""

from chalicelib import devices, scopes
from chalicelib.auth import Caller
from chalicelib.bodies import Id, Reply
from chalicelib.cloud import Cloud
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners


class Me(Reply, frozen=True):
    """A caller in its own eyes: a person sees all devices and the usage, a device itself alone."""

    owner_id: str
    scopes: list[scopes.Scope]
    devices: list[devices.ShownDevice]
    device_id: Id | None = None
    usage: dict[str, int] | None = None


def show(world: Cloud, caller: Caller) -> Me:
    """Tell the caller who it is."""
    if caller.device_id:
        own = devices.get(world, caller.owner_id, caller.device_id)
        return Me(caller.owner_id, sorted(caller.scopes), devices.show([own]), caller.device_id)
    caller.must_have(scopes.OWNER)
    owners.ensure(world.table, caller.owner_id, world.now_text())
    usage = owners.usage(world.table, [caller.owner_id])[caller.owner_id]
    every = devices.show(kept_devices.every(world.table, caller.owner_id))
    return Me(caller.owner_id, sorted(caller.scopes), every, None, usage)
