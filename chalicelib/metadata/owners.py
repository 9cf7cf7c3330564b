"""Owners: the profile, the list of all of them, and the mark that one has closed the account.

owner#<ownerId>  profile          pcs createdAt closedAt dueKind dueAt graceDays (a number, or "never") keepPlaces
owner#<ownerId>  usage#<0..7>     counters of status, and tallies: moved by the ledger, added up here
owners           owner#<ownerId>  the list that admins page through, so that nobody ever scans
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import tallies
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Check, Delete, Key, Operation, Put, Table, Update

CLOSED = "closed"
USAGE_PARTS = 8
GRACE_DAYS = 7
# An arrival writes a debt for each PC in one transaction, which holds a hundred operations.
MOST_PCS = 20
_NEVER = "never"
_LIST = "owners"
_FIRST = "owner#"


@dataclass(frozen=True)
class Owner:
    """One owner as admins see it."""

    owner_id: str
    created_at: str
    closed_at: str | None
    usage: dict[str, int] = field(default_factory=dict)


def partition(owner_id: str) -> str:
    """Return where all of an owner's items live."""
    return f"owner#{owner_id}"


def profile(owner_id: str) -> Key:
    """Return where the profile lives."""
    return Key(partition(owner_id), "profile")


def ensure(table: Table, owner_id: str, now: str) -> None:
    """Write profile and list entry of an owner seen for the first time; a profile that is there stays as it is."""
    if table.find(profile(owner_id)):
        return
    made: Item = {**profile(owner_id)._asdict(), "pcs": {}, "createdAt": now}
    listed: Item = {**_entry(owner_id)._asdict(), "createdAt": now}
    try:
        table.write(Put(made, "attribute_not_exists(pk)"), Put(listed))
    except ConditionFailedError:
        return


def come_back(table: Table, owner_id: str, now: str) -> None:
    """Write down an owner whose profile is lost: no cloud copy leaves before they say again how long it should stay."""
    ensure(table, owner_id, now)
    table.put(Update(profile(owner_id), "SET #graceDays = if_not_exists(#graceDays, :never)", values={"never": _NEVER}))


def visited(table: Table, owner_id: str, now: str, told: Operation) -> None:
    """Write down that an owner was here, one call; of one seen for the first time, profile and list entry, too."""
    try:
        table.write(still_open(owner_id), told)
    except ConditionFailedError:
        ensure(table, owner_id, now)
        with suppress(ConditionFailedError):  # who has left is no owner any more
            table.write(still_open(owner_id), told)


def is_closed(table: Table, owner_id: str) -> bool:
    """Whether the owner has closed the account; a profile not yet written is no closed one."""
    return "closedAt" in (table.find(profile(owner_id)) or {})


def still_open(owner_id: str) -> Operation:
    """Return what a write on behalf of an owner hangs on."""
    return Check(profile(owner_id), "attribute_exists(pk) AND attribute_not_exists(#closedAt)")


def pc_added(owner_id: str, device_id: str, queue_url: str) -> Operation:
    """Return the write after which new files are owed to the PC; it fails for an owner who left or has too many."""
    when = "attribute_exists(pk) AND attribute_not_exists(#closedAt) AND size(#pcs) < :most"
    values = {"url": queue_url, "most": MOST_PCS}
    return Update(profile(owner_id), f"SET #pcs.#{device_id} = :url", when, values)


def pc_removed(owner_id: str, device_id: str) -> Operation:
    """Return the write after which nothing new is owed to the PC."""
    return Update(profile(owner_id), f"REMOVE #pcs.#{device_id}", "attribute_exists(#pcs)")


def close(table: Table, owner_id: str, now: str) -> None:
    """Mark the account as closed and due for removal, in one write: after it nobody calls for this owner again."""
    does = "SET #closedAt = if_not_exists(#closedAt, :now), #dueKind = :kind, #dueAt = :now"
    table.put(Update(profile(owner_id), does, values={"now": now, "kind": CLOSED}))


def set_grace(table: Table, owner_id: str, days: int | None) -> None:
    """Set for how many days cloud copies stay after the last PC has its file; `None` is for ever."""
    when = "attribute_exists(pk) AND attribute_not_exists(#closedAt)"
    kept = _NEVER if days is None else days
    table.put(Update(profile(owner_id), "SET #graceDays = :days", when, {"days": kept}))


def grace_of(kept: Item) -> int | None:
    """Read the grace from a profile, in days; `None` is for ever."""
    days: int | str = kept.get("graceDays", GRACE_DAYS)
    return None if days == _NEVER else int(days)


def places_chosen(owner_id: str, *, keeps: bool) -> Operation:
    """Return the write that sets whether it is written down where pictures were taken."""
    when = "attribute_exists(pk) AND attribute_not_exists(#closedAt)"
    return Update(profile(owner_id), "SET #keepPlaces = :keeps", when, {"keeps": keeps})


def keeps_places(kept: Item) -> bool:
    """Read from a profile whether places are written down; nobody is asked to opt out."""
    return kept.get("keepPlaces") is True


def closed_due(table: Table, until: str, *, limit: int) -> list[str]:
    """Name owners whose removal is due."""
    return [key.pk.removeprefix(_FIRST) for key in table.due(CLOSED, until, limit=limit)]


def find_closed(table: Table, owner_id: str) -> str | None:
    """Return when the owner closed the account, if removal is still to be done."""
    kept = table.find(profile(owner_id)) or {}
    return kept.get("closedAt") if kept.get("dueKind") == CLOSED else None


def look_again(table: Table, owner_id: str, at: str) -> None:
    """Put the next lap of the removal off."""
    table.put(Update(profile(owner_id), "SET #dueAt = :at", "#dueKind = :kind", {"at": at, "kind": CLOSED}))


def removed(table: Table, owner_id: str, ttl: int) -> None:
    """Finish: only a mark is left, which outlives every token that could still name the owner."""
    mark = Update(profile(owner_id), "SET #ttl = :ttl REMOVE #dueKind, #dueAt, #pcs", "", {"ttl": ttl})
    table.write(mark, Delete(_entry(owner_id)))


def counters(table: Table, owner_id: str) -> dict[str, int]:
    """Add up all that is counted of an owner, tallies too: one read."""
    return add_all_up(table.find_many(usage_keys(owner_id)).values())


def usage(table: Table, owner_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Add up the counters of owners: one read a dozen owners."""
    found = table.find_many(key for owner_id in owner_ids for key in usage_keys(owner_id))
    return {owner_id: add_up(found.get(key, {}) for key in usage_keys(owner_id)) for owner_id in owner_ids}


def usage_keys(owner_id: str) -> list[Key]:
    """Return where the counters live, for those who read them along with something else."""
    return [Key(partition(owner_id), f"usage#{part}") for part in range(USAGE_PARTS)]


def add_up(items: Iterable[Item]) -> dict[str, int]:
    """Add up the counters of status; tallies are left to those who ask for them."""
    return {name: value for name, value in add_all_up(items).items() if not tallies.is_tally(name)}


def add_all_up(items: Iterable[Item]) -> dict[str, int]:
    """Add up counters and tallies; what is no number is neither."""
    total: Counter[str] = Counter()
    for item in items:
        total.update({name: value for name, value in item.items() if isinstance(value, int)})
    return dict(total)


def page(table: Table, *, limit: int, after: str | None) -> tuple[list[Owner], str | None]:
    """Read some owners, and after which the next page begins."""
    found = table.page(_LIST, _FIRST, limit=limit, after=after)
    ids = [item["sk"].removeprefix(_FIRST) for item in found.items]
    profiles = table.find_many(profile(owner_id) for owner_id in ids)
    totals = usage(table, ids)
    owners = [_owner(owner_id, profiles.get(profile(owner_id), {}), totals[owner_id]) for owner_id in ids]
    return owners, found.last


def _owner(owner_id: str, kept: Item, total: dict[str, int]) -> Owner:
    return Owner(owner_id, kept.get("createdAt", ""), kept.get("closedAt"), total)


def _entry(owner_id: str) -> Key:
    return Key(_LIST, f"{_FIRST}{owner_id}")
