"""Who the caller is: what every client asks first. And what an owner has set."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, UnsetType

from chalicelib.auth import devices, mfa, scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError, NotFoundError
from chalicelib.library import places
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import owners, weekly
from chalicelib.upkeep import reports

MOST_GRACE_DAYS = 3650
GraceDays = Annotated[int, Meta(ge=0, le=MOST_GRACE_DAYS)]


class OwnerSettings(Request, frozen=True):
    """What an owner may set; what is left out stays as it is."""

    grace_days: Annotated[
        GraceDays | UnsetType | None,
        Meta(description="Days for which cloud copies stay after the last PC has its file; null: for ever."),
    ] = msgspec.UNSET
    keep_places: Annotated[
        bool | UnsetType,
        Meta(description="Whether where pictures were taken is written down; false: those that were are forgotten."),
    ] = msgspec.UNSET
    weekly_report: Annotated[
        bool | UnsetType,
        Meta(description="Whether the stage's topic is told every week what came home and what is stuck."),
    ] = msgspec.UNSET


class AskedMe(Request, frozen=True, rename={"also": "with"}):
    """What a person wants to know besides: `mfa` costs a question to the user pool. Devices are told no more."""

    also: Literal["mfa"] | None = None


class Me(Reply, frozen=True):
    """A caller in its own eyes: a person sees all devices and the usage, a device itself alone."""

    owner_id: str
    scopes: list[scopes.Scope]
    devices: list[devices.ShownDevice]
    device_id: Id | None = None
    usage: dict[str, int] | None = None
    grace_days: GraceDays | Literal["never"] | None = None
    keep_places: bool | None = None
    weekly_report: bool | None = None
    mfa: Annotated[bool | None, Meta(description="Whether sign-in asks for an app's code, if it was asked for.")] = None


def show_with(world: Cloud, caller: Caller, access_token: str, asked: AskedMe) -> Me:
    """Tell the caller who it is, and a person what was asked for besides."""
    shown = show(world, caller)
    if caller.device_id or asked.also is None:
        return shown
    return msgspec.structs.replace(shown, mfa=mfa.is_on(world, access_token))


def show(world: Cloud, caller: Caller) -> Me:
    """Tell the caller who it is."""
    if caller.device_id:
        own = devices.get(world, caller.owner_id, caller.device_id)
        return Me(caller.owner_id, sorted(caller.scopes), devices.show([own]), caller.device_id)
    caller.must_have(scopes.OWNER)
    owners.ensure(world.table, caller.owner_id, world.now_text())
    usage = owners.usage(world.table, [caller.owner_id])[caller.owner_id]
    every = devices.show(kept_devices.every(world.table, caller.owner_id))
    kept = world.table.find(owners.profile(caller.owner_id)) or {}
    days = owners.grace_of(kept)
    return Me(
        caller.owner_id,
        sorted(caller.scopes),
        every,
        usage=usage,
        grace_days="never" if days is None else days,
        keep_places=owners.keeps_places(kept),
        weekly_report=weekly.is_wanted(world.table, caller.owner_id),
    )


def change(world: Cloud, caller: Caller, asked: OwnerSettings) -> Me:
    """Set what is given; an owner who has left has nothing to set."""
    caller.must_have(scopes.OWNER)
    owners.ensure(world.table, caller.owner_id, world.now_text())
    try:
        if not isinstance(asked.grace_days, UnsetType):
            owners.set_grace(world.table, caller.owner_id, asked.grace_days)
        if not isinstance(asked.keep_places, UnsetType):
            places.choose(world, caller.owner_id, keeps=asked.keep_places)
        if not isinstance(asked.weekly_report, UnsetType):
            reports.choose(world, caller.owner_id, wants=asked.weekly_report)
    except ConditionFailedError as error:
        raise NotFoundError("owner", caller.owner_id) from error
    return show(world, caller)
