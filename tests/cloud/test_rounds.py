"""A scheduled function does all its parts, whatever becomes of one of them."""

import pytest

from chalicelib.cloud import Cloud
from chalicelib.upkeep import rounds
from tests.builders import Account


def fails(_world: Cloud) -> None:
    raise TimeoutError("the table did not answer")


def fails_later(_world: Cloud) -> None:
    raise OSError("nor did this")


def test_a_part_that_fails_keeps_no_other_from_running(account: Account) -> None:
    ran: list[Cloud] = []

    with pytest.raises(TimeoutError):
        rounds.run(account.world, "sweep_pending", fails, ran.append, fails_later, ran.append)

    assert ran == [account.world, account.world]


def test_only_a_round_that_went_well_leaves_its_mark(account: Account) -> None:
    with pytest.raises(TimeoutError):
        rounds.run(account.world, "sweep_home", fails)
    assert account.item("watch", "sweep#sweep_home") is None

    rounds.run(account.world, "sweep_home", lambda _: None)

    mark = account.item("watch", "sweep#sweep_home")
    assert mark is not None
    assert mark["ranAt"] == account.world.now_text()
