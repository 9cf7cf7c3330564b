"""Activity: who did what when, as an owner sees it."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from chalicelib import cursors
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.library.files import read_cursor
from chalicelib.metadata import devices, history
from chalicelib.metadata.devices import Device
from chalicelib.metadata.history import Remembered

What = Literal[
    "uploaded",
    "receipted",
    "trashed",
    "restored",
    "purged",
    "recalled",
    "cameBack",
    "lossReported",
    "lost",
    "paired",
    "revoked",
    "signedIn",
    "passwordChanged",
    "mfaTurnedOn",
    "mfaTurnedOff",
    "pcBehind",
    "pcCaughtUp",
    "phoneSilent",
    "phoneHeard",
]
Kind = Literal["files", "home", "devices", "account"]
By = Literal["owner", "device", "backhaul"]
KINDS: dict[Kind, tuple[What, ...]] = {
    "files": ("uploaded", "trashed", "restored", "purged", "recalled", "cameBack"),
    "home": ("receipted", "lossReported", "lost"),
    "devices": ("paired", "revoked", "pcBehind", "pcCaughtUp", "phoneSilent", "phoneHeard"),
    "account": ("signedIn", "passwordChanged", "mfaTurnedOn", "mfaTurnedOff"),
}
# Of these the device is what it was done to, or what it is about; of any other, who did it.
_BY_OWNER: frozenset[str] = frozenset(("paired", "revoked", *KINDS["account"]))
_BY_ITSELF: frozenset[str] = frozenset(("lost", "pcBehind", "pcCaughtUp", "phoneSilent", "phoneHeard"))


class Asked(Request, frozen=True):
    """Which page of what happened, and of which kind. A page may be short, even empty, and still have a `next`."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    next: str | None = None
    kind: Kind | None = None


class Deed(Reply, frozen=True, kw_only=True):
    """One thing that happened. The device did it if `by` says so; otherwise it was done to it, or is about it."""

    activity_id: Id
    what: What
    at: Moment
    by: By
    device_id: Id | None = None
    device_name: str | None = None
    file_id: Id | None = None
    count: Annotated[int, Meta(ge=1, description="How many files at once.")] | None = None
    since: Moment | None = None
    address: Annotated[str, Meta(description="Where from.")] | None = None


class Deeds(Reply, frozen=True):
    """What happened, the latest first."""

    activity: list[Deed]
    next: str | None = None


def page(world: Cloud, caller: Caller, asked: Asked) -> Deeds:
    """Show what happened in the last 90 days: one query, and the names of the devices in it."""
    caller.must_have(scopes.OWNER)
    found, last = history.page(
        world.table,
        caller.owner_id,
        now=int(world.now().timestamp()),
        limit=asked.limit,
        after=read_cursor(asked.next),
        what=KINDS[asked.kind] if asked.kind else (),
    )
    named = sorted({one.device_id for one in found if one.device_id})
    known = devices.find_many(world.table, [(caller.owner_id, device_id) for device_id in named])
    return Deeds([_show(one, known) for one in found if is_told(one)], cursors.encode(last) if last else None)


def is_told(one: Remembered) -> bool:
    """Whether it is of a kind that clients are promised; what is written down but not promised is left out."""
    return one.what in get_args(What)


def done_by(one: Remembered) -> By:
    """Say who did it: a device, the owner without one, or nobody but time."""
    if one.by == "backhaul" or one.what in _BY_ITSELF:
        return "backhaul"
    return "device" if one.device_id and one.what not in _BY_OWNER else "owner"


def _show(one: Remembered, known: dict[str, Device]) -> Deed:
    device = known.get(one.device_id or "")
    told = {name: getattr(one, name) for name in Deed.__struct_fields__ if name not in ("by", "device_name")}
    return Deed(**told, by=done_by(one), device_name=device.name if device else None)
