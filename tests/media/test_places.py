"""Where pictures were taken is kept only as long as their owner wants that, and then forgotten."""

from typing import Any

import pytest

from chalicelib.auth import me
from chalicelib.auth.callers import Caller
from chalicelib.library import places
from chalicelib.metadata import files, owners
from chalicelib.metadata.table import Update
from tests.builders import OWNER, Account

PARIS = {"lat": 48_857_700, "lon": 2_295_000}


def keep(account: Account, *, keeps: bool) -> None:
    me.change(account.world, Caller(OWNER, None, frozenset({"owner"})), me.OwnerSettings(keep_places=keeps))


def taken_in_paris(account: Account, body: bytes) -> str:
    file_id = account.phone().bring(body)
    find_place(account, file_id)
    return file_id


def find_place(account: Account, file_id: str) -> None:
    """Write a place down, as media work does that began before its owner said no."""
    at = files.file_key(OWNER, file_id)
    account.world.table.put(Update(at, "SET #place = :place", values={"place": PARIS}))


def kept_places(account: Account) -> list[Any]:
    return [item["place"] for item in account.items(f"owner#{OWNER}", "file#") if "place" in item]


def test_a_place_is_not_shown_from_the_moment_its_owner_says_so(account: Account) -> None:
    keep(account, keeps=True)
    file_id = taken_in_paris(account, b"one")
    assert account.phone().see(file_id).place

    keep(account, keeps=False)

    assert account.phone().see(file_id).place is None


def test_places_are_forgotten_page_by_page(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_FILES_IN_ONE_PAGE", 2)
    keep(account, keeps=True)
    for n in range(5):
        taken_in_paris(account, f"{n}".encode())

    keep(account, keeps=False)
    places.forget(account.world)

    assert kept_places(account) == []


def test_what_was_being_looked_into_is_forgotten_an_hour_later(account: Account) -> None:
    file_id = account.phone().bring(b"one")
    keep(account, keeps=False)
    places.forget(account.world)
    find_place(account, file_id)

    account.clock.wind(hours=1)
    places.forget(account.world)

    assert kept_places(account) == []
    assert account.item(f"owner#{OWNER}", "places") is None


def test_who_wants_places_kept_again_keeps_what_is_left(account: Account) -> None:
    keep(account, keeps=True)
    taken_in_paris(account, b"one")
    keep(account, keeps=False)
    keep(account, keeps=True)

    places.forget(account.world)

    assert kept_places(account) == [PARIS]


def test_nobody_elses_places_are_touched(account: Account) -> None:
    keep(account, keeps=True)
    taken_in_paris(account, b"one")
    me.change(account.world, Caller("x" * 36, None, frozenset({"owner"})), me.OwnerSettings(keep_places=False))

    places.forget(account.world)

    assert kept_places(account) == [PARIS]


def test_an_account_that_was_closed_meanwhile_is_left_to_its_removal(account: Account) -> None:
    keep(account, keeps=False)
    owners.close(account.world.table, OWNER, account.world.now_text())

    places.forget(account.world)

    assert owners.is_closed(account.world.table, OWNER)
