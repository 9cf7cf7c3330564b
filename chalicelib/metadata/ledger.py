"""The ledger of debts: which PC is owed which file, and what an owner did lately.

pc#<deviceId>    owed#<fileId>    notice owedSince: one debt, with all the PC needs to settle it
owner#<ownerId>  activity#<id>    what at deviceId fileId count; kept 90 days
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import moments
from chalicelib.metadata import owners
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Check, Delete, Key, Operation, Put, Table

ACTIVITY_DAYS = 90
_OWED = "owed#"


class Debts(NamedTuple):
    """A page of what a PC is owed, and the file id after which the rest begins."""

    notices: list[Item]
    last: str | None


def owed_key(device_id: str, file_id: str) -> Key:
    """Return where a debt is."""
    return Key(f"pc#{device_id}", f"{_OWED}{file_id}")


def owe(device_id: str, notice: Mapping[str, Any], now: str) -> Operation:
    """Write a debt."""
    return Put({**owed_key(device_id, notice["fileId"])._asdict(), "notice": notice, "owedSince": now})


def still_claims(owner_id: str, device_id: str) -> Operation:
    """Refuse the write unless the PC is still one that the owner's files are owed to."""
    return Check(owners.profile(owner_id), f"attribute_exists(#pcs.#{device_id})")


def settle(device_id: str, file_id: str) -> Operation:
    """Strike a debt off."""
    return Delete(owed_key(device_id, file_id))


def owed(table: Table, device_id: str, *, limit: int, after: str | None = None) -> Debts:
    """Read what a PC is owed, oldest first: one strongly consistent query."""
    begin = f"{_OWED}{after}" if after else None
    found = table.page(f"pc#{device_id}", _OWED, limit=limit, after=begin)
    last = found.last.removeprefix(_OWED) if found.last else None
    return Debts([item["notice"] for item in found.items], last)


def remember(owner_id: str, what: str, at: datetime, activity_id: str, **details: Any) -> Operation:
    """Write down what happened, for a while."""
    key = Key(owners.partition(owner_id), f"activity#{activity_id}")
    ttl = int((at + timedelta(days=ACTIVITY_DAYS)).timestamp())
    return Put({**key._asdict(), "what": what, "at": moments.to_text(at), "ttl": ttl, **details})
