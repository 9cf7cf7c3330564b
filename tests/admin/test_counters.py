"""Counters set right: those of status, and the tallies that ride on them."""

from typing import Any

from admin import counters
from chalicelib.metadata.table import Key, Update
from tests.builders import OWNER, Account

MOST_IN_AN_EXPRESSION = 4096


def move(account: Account, **by: int) -> None:
    names = {f"n{n}": name for n, name in enumerate(by)}
    values = dict(zip(names, by.values(), strict=True))
    does = "ADD " + ", ".join(f"#{short} :{short}" for short in names)
    account.world.table.put(Update(Key(f"owner#{OWNER}", "usage#0"), does, values=values, names=names))


def off(account: Account) -> dict[str, int]:
    found = counters.drift(account.world, OWNER)
    assert found
    return found[0]


def mend(account: Account) -> bool:
    found = counters.drift(account.world, OWNER)
    assert found
    return counters.set_right(account.world, OWNER, *found)


def test_a_tally_that_is_off_is_set_right(account: Account) -> None:
    account.phone().bring(b"photo")
    move(account, k_photo_f=2, m_1999_01_b=7)

    assert off(account) == {"k_photo_f": -2, "m_1999_01_b": -7}
    assert mend(account)
    assert off(account) == {}


def test_what_has_come_in_is_nobodys_to_recount(account: Account) -> None:
    phone = account.phone()
    phone.throw_away(phone.bring(b"photo"))
    move(account, i_1999_01_f=5, h_1999_01_f=5)

    assert off(account) == {}


def test_the_condition_does_not_grow_with_the_months(account: Account) -> None:
    account.phone().bring(b"photo")
    for year in range(1900, 2000):
        move(account, **{f"i_{year}_01_f": 1, f"i_{year}_01_b": 1})
    move(account, uploadedFiles=1)
    lengths: list[int] = []

    def measure(params: Any, **_: Any) -> None:
        told = [request for one in params["TransactItems"] for request in one.values()]
        lengths.extend(len(request["ConditionExpression"]) for request in told)

    account.dynamodb.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", measure)

    assert mend(account)
    assert max(lengths) < MOST_IN_AN_EXPRESSION
