"""Analytics: what an owner's files add up to, how far behind each PC is, and what a month costs.

All of it is read off counters that moved with the files, so an answer costs the same for ten files and for a million.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

from msgspec import Meta

from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Id, Moment, Reply
from chalicelib.cloud import Cloud
from chalicelib.library import prices, usage
from chalicelib.library.usage import Amount
from chalicelib.metadata import devices, ledger, owners, tallies
from chalicelib.metadata.devices import Device

Month = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}\Z", description="As 2026-11, of Greenwich.")]
NanoDollars = Annotated[int, Meta(description="Billionths of a US dollar.")]


class OfKind(Amount, frozen=True, kw_only=True):
    """What there is of a kind."""

    kind: tallies.Kind


class OfDevice(Amount, frozen=True, kw_only=True):
    """What a device has sent; without one, what its owner sent signed in."""

    device_id: Id | None = None
    device_name: str | None = None


class OfMonth(Reply, frozen=True, kw_only=True):
    """What arrived in a month and is still in; all that came in then; what was taken home then, once for each PC."""

    month: Month
    kept: Amount
    came_in: Amount
    went_home: Amount


class Behind(Reply, frozen=True, kw_only=True):
    """How far behind a PC is: since when it owes its oldest receipt. Without that, it has everything."""

    device_id: Id
    name: str
    owed_since: Moment | None = None
    last_seen_at: Moment | None = None


class MonthCost(Reply, frozen=True, kw_only=True):
    """What a month costs by list price: storage as if it stayed as it is now, the rest as far as it has happened."""

    month: Month
    storage: NanoDollars
    requests: NanoDollars
    transfer: NanoDollars
    total: NanoDollars
    prices_of: Annotated[str, Meta(description="Of which region the prices are.")]
    prices_as_of: Month


class Overview(Reply, frozen=True, kw_only=True):
    """How things stand. `files` are those that are in: uploaded or downloaded."""

    files: Amount
    by_status: usage.ByStatus
    by_kind: list[OfKind]
    this_month: OfMonth
    pcs: list[Behind]
    cost: MonthCost


class Storage(Reply, frozen=True, kw_only=True):
    """What files add up to. By kind, device and month those count that are in: uploaded or downloaded."""

    by_status: usage.ByStatus
    in_cloud: Amount
    by_kind: list[OfKind]
    by_device: list[OfDevice]
    by_month: list[OfMonth]


def overview(world: Cloud, caller: Caller) -> Overview:
    """Show how things stand: two reads, and one for each PC."""
    caller.must_have(scopes.OWNER)
    counters = owners.counters(world.table, caller.owner_id)
    standing, month = usage.by_status(counters), world.now_text()[:7]
    return Overview(
        files=Amount(
            standing.uploaded.files + standing.downloaded.files, standing.uploaded.bytes + standing.downloaded.bytes
        ),
        by_status=standing,
        by_kind=_by_kind(counters),
        this_month=_of_month(counters, month),
        pcs=_behind(world, devices.every(world.table, caller.owner_id)),
        cost=cost_of(counters, month),
    )


def storage(world: Cloud, caller: Caller) -> Storage:
    """Show what files add up to, the latest month first: two reads."""
    caller.must_have(scopes.OWNER)
    counters = owners.counters(world.table, caller.owner_id)
    names = {device.device_id: device.name for device in devices.every(world.table, caller.owner_id)}
    months = {month for letter in "mih" for month in tallies.read(letter, counters)}
    return Storage(
        by_status=usage.by_status(counters),
        in_cloud=usage.in_cloud(counters),
        by_kind=_by_kind(counters),
        by_device=_by_device(counters, names),
        by_month=[_of_month(counters, month) for month in sorted(months, reverse=True)],
    )


def cost_of(counters: Mapping[str, int], month: str) -> MonthCost:
    """Estimate what a month costs; it is this one, for storage is what it is now."""
    told = _of_month(counters, month)
    cost = prices.estimate(
        stored_bytes=usage.in_cloud(counters).bytes,
        arrived=told.came_in.files,
        taken_home=told.went_home.files,
        sent_bytes=told.went_home.bytes,
    )
    return MonthCost(
        month=month,
        storage=cost.storage,
        requests=cost.requests,
        transfer=cost.transfer,
        total=cost.total,
        prices_of=prices.REGION,
        prices_as_of=prices.AS_OF,
    )


def _behind(world: Cloud, every: Iterable[Device]) -> list[Behind]:
    return [
        Behind(
            device_id=device.device_id,
            name=device.name,
            owed_since=ledger.oldest_since(world.table, device.device_id),
            last_seen_at=device.last_seen_at,
        )
        for device in every
        if device.kind == "pc" and not device.revoked_at
    ]


def _of_month(counters: Mapping[str, int], month: str) -> OfMonth:
    kept, came_in, went_home = (Amount(*tallies.read(letter, counters).get(month, (0, 0))) for letter in "mih")
    return OfMonth(month=month, kept=kept, came_in=came_in, went_home=went_home)


def _by_kind(counters: Mapping[str, int]) -> list[OfKind]:
    return [OfKind(*amount, kind=kind) for kind, amount in tallies.read("k", counters).items()]  # type: ignore[arg-type]


def _by_device(counters: Mapping[str, int], names: Mapping[str, str]) -> list[OfDevice]:
    return [
        OfDevice(*amount, device_id=None if told == tallies.NOBODY else told, device_name=names.get(told))
        for told, amount in tallies.read("d", counters).items()
    ]
