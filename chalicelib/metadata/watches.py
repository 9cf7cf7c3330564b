"""What is watched, so that what stops is told: each device, each queue of dead letters, each sweep.

owner#<ownerId>  watch#<deviceId>  dueKind dueAt: `silent#n`, when it is looked at next; after signAt: which files were
                                   looked through for its uploads, and when it began the last; since toldAt: see Worry
watch            queue#<name>      since toldAt
watch            sweep#<name>      since toldAt; ranAt: when it last ran to its end

A device's watch is an item of its own: its `dueAt` must not meet that of its lap. It begins with the device, and ends
when a look finds that the device was revoked, so neither heartbeats nor receipts have anything to move.
"""

from collections.abc import Iterable

import msgspec

from chalicelib.metadata import files, owners
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Delete, Key, Operation, Put, Table, Update

KIND = "silent"
_WATCH = "watch#"
_UNMOVED = "#dueAt = :was"


class Worry(msgspec.Struct, frozen=True, rename="camel"):
    """Since when something is known to be in trouble, if it is; when that was last told, even if it is well again."""

    since: str | None = None
    told_at: str | None = None


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """One device's watch."""

    owner_id: str
    device_id: str
    due_at: str
    after: str | None = None
    sign_at: str | None = None
    worry: Worry = Worry()


def begun(owner_id: str, device_id: str, now: str) -> Operation:
    """Begin to watch a device; the next run looks at it."""
    return Put(_item(Watch(owner_id=owner_id, device_id=device_id, due_at=now)))


def due(table: Table, shard: int, until: str, *, limit: int) -> list[Watch]:
    """Read the watches that are due, as they are now: the index lags behind the table."""
    items = table.find_many(table.due(f"{KIND}#{shard}", until, limit=limit))
    return [watch for watch in map(_read, items.values()) if watch.due_at <= until]


def looked(before: Watch, after: Watch) -> Operation:
    """Looked at. Fails if another run has looked meanwhile, so nothing is told twice."""
    return Put(_item(after), _UNMOVED, {"was": before.due_at})


def ended(watch: Watch) -> Operation:
    """Watch a device no more."""
    return Delete(_key(watch.owner_id, watch.device_id), _UNMOVED, {"was": watch.due_at})


def queue_key(name: str) -> Key:
    """Return where the worry about a queue of dead letters is."""
    return Key("watch", f"queue#{name}")


def sweep_key(name: str) -> Key:
    """Return where a sweep's mark is."""
    return Key("watch", f"sweep#{name}")


def standing(table: Table, keys: Iterable[Key]) -> dict[Key, Item]:
    """Read what is kept of queues or sweeps."""
    return table.find_many(keys)


def ran(table: Table, name: str, now: str) -> None:
    """Mark that a sweep ran to its end."""
    table.put(Update(sweep_key(name), "SET #ranAt = :now", values={"now": now}))


def worry_of(item: Item) -> Worry:
    """Read the worry that an item holds."""
    return msgspec.convert(item, Worry)


def told(key: Key, before: Worry, after: Worry) -> Operation:
    """Write down what is told of a queue or a sweep. Fails if another run was quicker."""
    same = {"was": before.told_at} if before.told_at else {}
    when = ["#toldAt = :was" if before.told_at else "attribute_not_exists(#toldAt)"]
    when.append("attribute_exists(#since)" if before.since else "attribute_not_exists(#since)")
    known = {name: value for name, value in (("since", after.since), ("toldAt", after.told_at)) if value}
    does = "SET " + ", ".join(f"#{name} = :{name}" for name in known) + (" REMOVE #since" * (after.since is None))
    return Update(key, does, " AND ".join(when), {**known, **same})


def _key(owner_id: str, device_id: str) -> Key:
    return Key(owners.partition(owner_id), f"{_WATCH}{device_id}")


def _item(watch: Watch) -> Item:
    due = {"dueKind": files.due_kind(KIND, watch.device_id), "dueAt": watch.due_at}
    found = {"after": watch.after, "signAt": watch.sign_at}
    return {**_key(watch.owner_id, watch.device_id)._asdict(), **due, **found, **msgspec.to_builtins(watch.worry)}


def _read(item: Item) -> Watch:
    return Watch(
        owner_id=item["pk"].removeprefix(owners.partition("")),
        device_id=item["sk"].removeprefix(_WATCH),
        due_at=item["dueAt"],
        after=item.get("after"),
        sign_at=item.get("signAt"),
        worry=worry_of(item),
    )
