"""What a PC is owed, page by page, oldest first."""

from typing import Annotated, cast

from msgspec import Meta

from chalicelib import cursors, keys
from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.debts.notices import Notice
from chalicelib.errors import NotFoundError
from chalicelib.library.files import read_cursor
from chalicelib.metadata import devices, ledger


class Asked(Request, frozen=True):
    """Which page of the list."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    next: str | None = None


class Owed(Reply, frozen=True):
    """A page of notices."""

    files: list[Notice]
    next: str | None = None


def page(world: Cloud, caller: Caller, device_id: str, asked: Asked) -> Owed:
    """Show a PC what it is owed, or an owner what a PC of theirs is owed."""
    after = read_cursor(asked.next)
    _may_ask(world, caller, device_id)
    debts = ledger.owed(world.table, device_id, limit=asked.limit, after=after)
    return Owed(cast("list[Notice]", debts.notices), cursors.encode(debts.last) if debts.last else None)


def _may_ask(world: Cloud, caller: Caller, device_id: str) -> None:
    if caller.device_id:
        caller.must_have(scopes.PC)
        caller.must_be(device_id)
        return
    caller.must_have(scopes.OWNER)
    if not keys.is_id(device_id) or not devices.find(world.table, caller.owner_id, device_id):
        raise NotFoundError("device", device_id)
