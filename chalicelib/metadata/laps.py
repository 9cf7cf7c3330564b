"""Laps: the way through all files of an owner that follows a PC's pairing or revocation, and how far it has come.

owner#<ownerId>  device#<deviceId>  lap: {what number since after changed elsewhere}, dueKind dueAt; gone when done
owner#<ownerId>  device#<deviceId>  elsewhere: {files countedAt}: what a new PC cannot be owed, as its last lap found

The lap is written in the transaction that pairs or revokes the PC, so there is no moment at which one is true and the
other forgotten. A message only says that there is one to run; what nobody has moved on for a while is due for a sweep.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

import msgspec

from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import owners
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Key, Table, Update

DUE = "laps"
OWE: Literal["owe"] = "owe"
CLEAR: Literal["clear"] = "clear"
_DEVICE = "device#"


class Lap(msgspec.Struct, frozen=True):
    """A lap under way: the first or the second, since when, after which file it goes on, what it has changed so far."""

    what: Literal["owe", "clear"]
    since: str
    number: Literal[1, 2] = 1
    after: str | None = None
    changed: int = 0
    elsewhere: int = 0

    def on(self, last: str | None, changed: int, elsewhere: int = 0) -> "Lap | None":
        """Return what is left once this lap has come to `last`, `None` being its end; the second counts anew."""
        so_far = self.changed + changed
        if last is not None:
            return msgspec.structs.replace(self, after=last, changed=so_far, elsewhere=self.elsewhere + elsewhere)
        if self.number == 1:
            return msgspec.structs.replace(self, number=2, after=None, changed=so_far, elsewhere=0)
        return None


def begun(what: Literal["owe", "clear"], now: str, due_at: str) -> Item:
    """Return what a device's item says of a lap that begins."""
    return {"lap": _told(Lap(what, now)), "dueKind": DUE, "dueAt": due_at}


def read(item: Mapping[str, Any]) -> Lap | None:
    """Return the lap that a device's item tells of."""
    told = item.get("lap")
    return msgspec.convert(told, Lap) if told else None


def move(
    table: Table, at: tuple[str, str], seen: Lap, left: Lap | None, due_at: str, found: Item | None = None
) -> bool:
    """Say how far a lap has come; `False` if somebody else has moved it meanwhile, or the PC was revoked.

    `found` is what it has found to be elsewhere, once it is at its end.
    """
    values: dict[str, Any] = {"seen": _told(seen)}
    does = "REMOVE #lap, #dueKind, #dueAt"
    if left:
        does = "SET #lap = :left, #dueAt = :due"
        values |= {"left": _told(left), "due": due_at}
    if found:
        does = does.replace("SET ", "SET #elsewhere = :found, ") if left else f"SET #elsewhere = :found {does}"
        values["found"] = found
    try:
        table.put(Update(_key(*at), does, "#lap = :seen", values))
    except ConditionFailedError:
        return False
    return True


def due(table: Table, until: str, *, limit: int) -> list[tuple[str, str]]:
    """Name owner and PC of laps that nobody has moved on for too long."""
    keys = table.due(DUE, until, limit=limit)
    return [(key.pk.removeprefix(owners.partition("")), key.sk.removeprefix(_DEVICE)) for key in keys]


def put_off(table: Table, at: tuple[str, str], seen_at: str, due_at: str) -> None:
    """Let a lap that was rung for wait behind the others; one that was moved on since then is not due any more."""
    with suppress(ConditionFailedError):
        values = {"kind": DUE, "seen": seen_at, "due": due_at}
        table.put(Update(_key(*at), "SET #dueAt = :due", "#dueKind = :kind AND #dueAt <= :seen", values))


def _told(lap: Lap) -> Item:
    return {name: value for name, value in msgspec.structs.asdict(lap).items() if value is not None}


def _key(owner_id: str, device_id: str) -> Key:
    return Key(owners.partition(owner_id), f"{_DEVICE}{device_id}")
