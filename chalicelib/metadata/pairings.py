"""Pairings under way: what a device asked for, and what its owner said. The device code itself is never kept.

pairing#<sha256 of the device code>  pairing  all of it
usercode#<user code>                 pairing  which pairing the code stands for
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.auth.scopes import Kind
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata.items import Item
from chalicelib.metadata.table import Key, Operation, Put, Table, Update

ASKED, APPROVED, DENIED, CLAIMED = "asked", "approved", "denied", "claimed"
_KEPT_SECONDS = 86_400


@dataclass(frozen=True)
class Pairing:
    """What a device asks for."""

    code_hash: str
    user_code: str
    device_id: str
    name: str
    kind: Kind
    platform: str
    address: str
    expires: int
    state: str = ASKED
    owner_id: str | None = None


def add(table: Table, pairing: Pairing, now: int) -> bool:
    """Write a new pairing; say whether its user code was free."""
    item: Item = {
        **_pairing(pairing.code_hash)._asdict(),
        "userCode": pairing.user_code,
        "deviceId": pairing.device_id,
        "name": pairing.name,
        "kind": pairing.kind,
        "platform": pairing.platform,
        "address": pairing.address,
        "expires": pairing.expires,
        "state": ASKED,
        "polled": 0,
        "ttl": pairing.expires + _KEPT_SECONDS,
    }
    pointer: Item = {
        **_user_code(pairing.user_code)._asdict(),
        "codeHash": pairing.code_hash,
        "expires": pairing.expires,
        "ttl": pairing.expires + _KEPT_SECONDS,
    }
    free = "attribute_not_exists(pk) OR #expires < :now"
    try:
        table.write(Put(item, "attribute_not_exists(pk)"), Put(pointer, free, {"now": now}))
    except ConditionFailedError:
        return False
    return True


def find(table: Table, user_code: str) -> Pairing | None:
    """Read the pairing that a user code stands for."""
    pointer = table.find(_user_code(user_code))
    item = table.find(_pairing(pointer["codeHash"])) if pointer else None
    return _read(item) if item else None


def decide(table: Table, pairing: Pairing, owner_id: str, state: str) -> bool:
    """Write the owner's word on a pairing nobody decided before; the same word twice is one. Say whether it holds."""
    when = "#state = :asked OR (#state = :state AND #ownerId = :owner)"
    values = {"asked": ASKED, "state": state, "owner": owner_id}
    try:
        does = "SET #state = :state, #ownerId = :owner"
        table.put(Update(_pairing(pairing.code_hash), does, when, values))
    except ConditionFailedError:
        return False
    return True


def poll(table: Table, code_hash: str, *, now: int, interval: int) -> tuple[Pairing | None, bool]:
    """Note that the device asks, and return the pairing with whether it asked in time: one call."""
    when = "attribute_exists(pk) AND #polled <= :earliest"
    values = {"now": now, "earliest": now - interval}
    try:
        return _read(table.add(_pairing(code_hash), "SET #polled = :now", values, when)), True
    except ConditionFailedError as error:
        found = error.found[0]
        return (_read(found) if found else None), False


def claimed(pairing: Pairing) -> Operation:
    """Return the write that uses an approval up."""
    values = {"approved": APPROVED, "claimed": CLAIMED}
    return Update(_pairing(pairing.code_hash), "SET #state = :claimed", "#state = :approved", values)


def _read(item: Mapping[str, Any]) -> Pairing:
    return Pairing(
        code_hash=item["pk"].removeprefix("pairing#"),
        user_code=item["userCode"],
        device_id=item["deviceId"],
        name=item["name"],
        kind=item["kind"],
        platform=item["platform"],
        address=item["address"],
        expires=item["expires"],
        state=item["state"],
        owner_id=item.get("ownerId"),
    )


def _pairing(code_hash: str) -> Key:
    return Key(f"pairing#{code_hash}", "pairing")


def _user_code(user_code: str) -> Key:
    return Key(f"usercode#{user_code}", "pairing")
