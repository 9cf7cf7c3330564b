"""Every week whoever wants it is told what came home and what is stuck: once, from where the last report ended."""

from typing import Any

import pytest

from chalicelib.auth import me
from chalicelib.auth.callers import Caller
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import owners, weekly
from chalicelib.upkeep import reports
from chalicelib.upkeep.reports import Report, told
from tests.builders import OWNER, STRANGER, Account

PERSON = Caller(OWNER, None, frozenset({"owner"}))
QUIET = Report("2026-11-14T10:00:00.000Z", "2026-11-21T10:00:00.000Z", (0, 0), (0, 0), 0, 0, 0)


def switch(account: Account, *, on: bool, caller: Caller = PERSON) -> me.Me:
    return me.change(account.world, caller, me.OwnerSettings(weekly_report=on))


def mailed(account: Account) -> list[str]:
    """Read what the topic was told as text; trouble is told as JSON there."""
    found = []
    while some := account.sqs.receive_message(QueueUrl=account.trouble_url).get("Messages", []):
        for one in some:
            account.sqs.delete_message(QueueUrl=account.trouble_url, ReceiptHandle=one["ReceiptHandle"])
            found.append(one["Body"])
    return found


def a_week_on(account: Account) -> list[str]:
    account.clock.wind(days=7)
    reports.send(account.world)
    return mailed(account)


def test_nobody_gets_reports_without_asking(account: Account) -> None:
    account.owner()

    assert me.show(account.world, PERSON).weekly_report is False
    assert a_week_on(account) == []


def test_a_week_later_what_came_home_and_what_did_not_is_told(account: Account) -> None:
    pc, phone = account.pc(), account.phone()
    phone.bring(b"before")
    pc.receipt(*pc.owed())
    assert switch(account, on=True).weekly_report is True
    for body in (b"one", b"two", b"three"):
        phone.bring(body)
    pc.receipt(next(owed for owed in pc.owed() if owed["size"] == len(b"one")))
    phone.begin(b"begun")

    (report,) = a_week_on(account)

    assert report.splitlines() == [
        "From 2026-11-21 to 2026-11-28:",
        "  3 files, 11 bytes, came into the cloud",
        "  1 file, 3 bytes, went home, counted once for each PC",
        "",
        "Now:",
        "  2 files in the cloud still to go home",
        "  1 file begun by a phone, not in the cloud yet",
        "  den has not told that a file is home since 2026-11-21",
    ]


def test_the_next_report_begins_where_the_last_ended(account: Account) -> None:
    account.owner()
    switch(account, on=True)
    account.phone().bring(b"one")
    a_week_on(account)
    account.phone().bring(b"more")

    (report,) = a_week_on(account)

    assert "  1 file, 4 bytes, came into the cloud" in report.splitlines()


def test_nothing_is_told_twice_nor_before_its_time(account: Account) -> None:
    account.owner()
    switch(account, on=True)
    a_week_on(account)
    account.clock.wind(days=6, hours=23)

    reports.send(account.world)

    assert mailed(account) == []


def test_two_runs_at_once_tell_once(account: Account) -> None:
    account.owner()
    switch(account, on=True)
    account.clock.wind(days=7)
    (one,) = [one for n in range(4) for one in weekly.due(account.world.table, n, account.world.now_text(), limit=9)]
    reports.send(account.world)

    with pytest.raises(ConditionFailedError):
        account.world.table.put(weekly.reported(one, "9", "9", weekly.Stood()))

    assert len(mailed(account)) == 1


def test_weeks_without_a_run_become_one_report(account: Account) -> None:
    account.owner()
    switch(account, on=True)
    account.clock.wind(days=30)

    reports.send(account.world)
    reports.send(account.world)

    assert len(mailed(account)) == 1


def test_who_wants_them_no_more_gets_none(account: Account) -> None:
    account.owner()
    switch(account, on=True)

    assert switch(account, on=False).weekly_report is False
    assert a_week_on(account) == []


def test_switching_on_once_more_does_not_put_the_next_off(account: Account) -> None:
    account.owner()
    switch(account, on=True)
    account.clock.wind(days=6)
    switch(account, on=True)
    account.clock.wind(days=1)

    reports.send(account.world)

    assert len(mailed(account)) == 1


def test_each_owner_is_told_their_own_and_can_be_filtered_for(account: Account) -> None:
    asked: list[Any] = []
    account.sns.meta.events.register("provide-client-params.sns.Publish", lambda params, **_: asked.append(params))
    for owner_id in (OWNER, STRANGER):
        account.owner(owner_id)
        switch(account, on=True, caller=Caller(owner_id, None, frozenset({"owner"})))
    account.phone(STRANGER).bring(b"theirs")

    a_week_on(account)

    told_of = {one["MessageAttributes"]["ownerId"]["StringValue"]: one["Message"].splitlines()[1] for one in asked}
    assert told_of == {
        OWNER: "  0 files, 0 bytes, came into the cloud",
        STRANGER: "  1 file, 6 bytes, came into the cloud",
    }


def test_a_report_that_fails_keeps_no_other_waiting(account: Account) -> None:
    for owner_id in (OWNER, STRANGER):
        account.owner(owner_id)
        switch(account, on=True, caller=Caller(owner_id, None, frozenset({"owner"})))
    account.world.table.put(owners.pc_added(OWNER, "d", "url"))
    counters = account.world.table.find_many

    def breaks(keys: Any) -> Any:
        keys = list(keys)
        if keys and keys[0].sk.startswith("usage#") and OWNER in keys[0].pk:
            raise ZeroDivisionError
        return counters(keys)

    account.world.table.find_many = breaks  # type: ignore[method-assign]

    with pytest.raises(ZeroDivisionError):
        a_week_on(account)

    assert len(mailed(account)) == 1


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (34_560_000, "34.6 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_for_people(size: int, shown: str) -> None:
    report = Report(QUIET.since, QUIET.until, (2, size), (0, 0), 0, 0, 0)

    assert told(report).splitlines()[1] == f"  2 files, {shown}, came into the cloud"


def test_what_is_lost_is_said_last_and_loud() -> None:
    report = Report(QUIET.since, QUIET.until, (0, 0), (0, 0), 0, 0, 1)

    assert told(report).splitlines()[-1].startswith("  1 file LOST")
    assert "LOST" not in told(QUIET)
