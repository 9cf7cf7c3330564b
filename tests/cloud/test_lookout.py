"""The lookout tells what has stopped: to the topic, and to the owner it concerns."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.auth.callers import Caller
from chalicelib.auth.devices import Heartbeat, beat
from chalicelib.auth.scopes import of_device
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata import watches
from chalicelib.metadata.devices import Device
from chalicelib.upkeep import lookout
from tests.builders import OWNER, Account, Pc, Phone, messages

PHOTO = b"photo"
# It runs every hour; a day's runs would teach a test no more than these.
EVERY = timedelta(hours=23)


def look(account: Account, **wait: float) -> list[str]:
    """Let time pass while the lookout runs now and then; return what the topic was told."""
    until = account.clock.moment + timedelta(**wait)
    while account.clock.moment < until:
        account.clock.moment = min(until, account.clock.moment + EVERY)
        lookout.devices(account.world)
    if not wait:
        lookout.devices(account.world)
    return [told["what"] for told in account.troubles()]


def a_phone(account: Account) -> Phone:
    """Pair a phone."""
    account.owner()
    device_id = account.world.new_id()
    device = Device(device_id, "mine", "phone", "", of_device("phone"), account.world.now_text())
    account.world.table.write(*kept_devices.added(OWNER, device, "hash"))
    phone = account.phone()
    phone.caller = Caller(OWNER, device_id, of_device("phone"))
    return phone


def activities(account: Account) -> list[str]:
    return [item["what"] for item in account.items(f"owner#{OWNER}", "activity#")]


def metric(capsys: pytest.CaptureFixture[str], name: str) -> int:
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    found: int = [line[name] for line in lines if name in line][-1]
    return found


@pytest.fixture
def behind(account: Account) -> Pc:
    """A PC that is owed a photo."""
    pc = account.pc()
    account.phone().bring(PHOTO)
    return pc


def test_a_pc_is_given_three_days(account: Account, behind: Pc) -> None:
    assert look(account, days=3) == []
    assert look(account, hours=1) == ["PC behind"]
    assert len(behind.owed()) == 1


@pytest.mark.usefixtures("behind")
def test_patience_is_a_setting(account: Account) -> None:
    account.world.settings = replace(account.world.settings, stale_pc_days=1)

    assert look(account, days=1, hours=1) == ["PC behind"]


@pytest.mark.usefixtures("behind")
def test_what_is_told_names_the_pc_and_since_when_but_no_owner(account: Account) -> None:
    since = account.world.now_text()
    account.clock.wind(days=4)

    lookout.devices(account.world)

    (told,) = account.troubles()
    assert told["since"] == since
    assert OWNER not in json.dumps(told)


@pytest.mark.usefixtures("behind")
def test_trouble_is_told_once_a_day_not_hourly(account: Account) -> None:
    look(account, days=3, hours=1)

    assert look(account, hours=23) == []
    assert look(account, hours=1) == ["PC behind"]
    assert look(account, hours=23) == []


def test_that_a_pc_has_caught_up_is_told_within_the_hour(account: Account, behind: Pc) -> None:
    look(account, days=4)
    behind.receipt(*behind.owed())

    assert look(account, hours=1) == ["PC caught up"]
    assert look(account, days=9) == []


def test_the_owner_sees_it_in_the_activity(account: Account, behind: Pc) -> None:
    look(account, days=3, hours=1)
    behind.receipt(*behind.owed())
    look(account, hours=1)

    assert [what for what in activities(account) if what.startswith("pc")] == ["pcBehind", "pcCaughtUp"]


def test_a_pc_that_is_off_and_owes_nothing_is_no_trouble(account: Account) -> None:
    account.pc()

    assert look(account, days=30) == []


@pytest.mark.usefixtures("behind")
def test_two_runs_at_once_tell_once(account: Account) -> None:
    account.clock.wind(days=4)
    meanwhile: list[None] = []

    def another_run(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            lookout.devices(account.world)

    account.dynamodb.meta.events.register("before-call", another_run)
    lookout.devices(account.world)

    assert len(account.troubles()) == 1
    assert activities(account).count("pcBehind") == 1


def test_a_debt_made_anew_for_an_old_file_hides_no_older_one(account: Account) -> None:
    pc = account.pc()
    first, _ = sorted(account.stock(2, pc))
    account.clock.wind(days=4)
    key = {"pk": {"S": f"pc#{pc.device_id}"}, "sk": {"S": f"owed#{first}"}}
    values = {":now": {"S": account.world.now_text()}}
    account.dynamodb.update_item(
        TableName="backhaul-test", Key=key, UpdateExpression="SET owedSince = :now", ExpressionAttributeValues=values
    )

    assert look(account) == ["PC behind"]


def test_a_revoked_pc_is_watched_no_more(account: Account, behind: Pc) -> None:
    behind.revoke()

    assert look(account, days=9) == []
    assert account.items(f"owner#{OWNER}", "watch#") == []


def test_one_device_that_cannot_be_looked_at_holds_up_no_other(account: Account) -> None:
    account.pc(), account.pc()
    account.phone().bring(PHOTO)
    account.clock.wind(days=4)
    refused: list[None] = []

    def fails_once(model: Any, params: Any, **_: Any) -> None:
        if model.name == "Query" and "pc#" in str(params) and not refused:
            refused.append(None)
            raise TimeoutError("the table did not answer")

    account.dynamodb.meta.events.register("before-call", fails_once)
    with pytest.raises(TimeoutError):
        lookout.devices(account.world)

    assert len(account.troubles()) == 1


def test_a_healthy_pc_costs_one_look_a_day(account: Account) -> None:
    account.pc()
    look(account)

    with account.counting() as counted:
        look(account, hours=23)
    assert set(counted) == {"Query", "ReceiveMessage"}
    with account.counting() as counted:
        look(account, hours=1)
    assert counted.count("PutItem") == 1


@pytest.mark.usefixtures("behind")
def test_how_old_the_oldest_debt_is_becomes_a_metric(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.clock.wind(hours=50)

    lookout.devices(account.world)

    assert metric(capsys, "OldestOwedHours") == 50


def test_where_all_is_well_no_metric_is_told_and_none_is_paid_for(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in (lookout.devices, lookout.dead_letters, lookout.sweeps):
        part(account.world)

    assert "counted" not in capsys.readouterr().out


def test_more_devices_than_one_page_holds_are_all_looked_at(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "_MOST_AT_ONCE", 2)
    for _ in range(9):
        account.pc()

    lookout.devices(account.world)

    now = account.world.now_text()
    assert [watches.due(account.world.table, shard, now, limit=9) for shard in range(4)] == [[]] * 4


def test_a_phone_that_brought_files_in_and_fell_silent_is_told_of(account: Account) -> None:
    a_phone(account).bring(PHOTO)

    assert look(account, days=14) == []
    assert look(account, hours=1) == ["phone silent"]


def test_a_phone_heard_again_is_told_of(account: Account) -> None:
    phone = a_phone(account)
    phone.bring(PHOTO)
    look(account, days=15)
    phone.bring(b"another")

    assert look(account, hours=1) == ["phone heard again"]
    assert [what for what in activities(account) if what.startswith("phone")] == ["phoneSilent", "phoneHeard"]


def test_a_phone_that_says_it_lives_is_not_silent(account: Account) -> None:
    phone = a_phone(account)
    phone.bring(PHOTO)
    account.clock.wind(days=10)
    beat(account.world, phone.caller, phone.caller.device_id or "", Heartbeat())

    assert look(account, days=10) == []


def test_a_phone_that_never_brought_anything_is_nobodys_worry(account: Account) -> None:
    a_phone(account)

    assert look(account, days=30) == []


def test_another_phones_files_are_no_sign_of_this_one(account: Account) -> None:
    quiet, busy = a_phone(account), a_phone(account)
    quiet.bring(PHOTO)
    for day in range(15):
        busy.bring(f"day {day}".encode())
        account.clock.wind(days=1)

    assert look(account, hours=1) == ["phone silent"]
    assert [told["deviceId"] for told in account.items(f"owner#{OWNER}", "activity#") if "Silent" in told["what"]] == [
        quiet.caller.device_id
    ]


def test_nobody_is_called_silent_before_all_files_are_looked_through(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_FILES_IN_ONE_PAGE", 1)
    monkeypatch.setattr(lookout, "_MOST_PAGES", 2)
    phone = a_phone(account)
    phone.bring(PHOTO)
    account.clock.wind(days=10)
    for n in range(3):
        account.phone().bring(f"{n}".encode())
    account.clock.wind(minutes=1)
    phone.bring(b"the last one")
    account.clock.wind(days=5)

    lookout.devices(account.world)
    assert account.troubles() == []

    assert look(account, days=8) == []
    assert look(account, days=2) == ["phone silent"]


def put_aside(account: Account, queue: str) -> str:
    url: str = account.sqs.get_queue_url(QueueName=f"backhaul-test-{queue}")["QueueUrl"]
    account.sqs.send_message(QueueUrl=url, MessageBody="{}")
    return url


@pytest.mark.parametrize("queue", lookout.DEAD_LETTERS)
def test_a_dead_letter_is_told_of_at_once_and_once_a_day(account: Account, queue: str) -> None:
    put_aside(account, queue)

    for wait in (0, 1, 22, 1, 1):
        account.clock.wind(hours=wait)
        lookout.dead_letters(account.world)

    told = account.troubles()
    assert [(one["what"], one["queue"], one["count"]) for one in told] == [("dead letters", queue, 1)] * 2


def test_that_no_dead_letter_is_left_is_told_once(account: Account) -> None:
    url = put_aside(account, "paired-dead")
    lookout.dead_letters(account.world)
    messages(account.sqs, url)
    account.troubles()

    for _ in range(3):
        lookout.dead_letters(account.world)

    assert [told["what"] for told in account.troubles()] == ["no dead letters any more"]


def test_empty_queues_are_no_trouble(account: Account) -> None:
    lookout.dead_letters(account.world)

    assert account.troubles() == []


def watch_sweeps(account: Account, **wait: float) -> list[tuple[str, str]]:
    account.clock.wind(**wait)
    lookout.sweeps(account.world)
    return [(told["what"], told["sweep"]) for told in account.troubles()]


def test_a_sweep_that_has_stopped_is_told_of_and_so_is_its_return(account: Account) -> None:
    watch_sweeps(account)

    assert watch_sweeps(account, minutes=59) == []
    assert watch_sweeps(account, minutes=2) == [("sweep not run", "sweep_pending")]
    assert watch_sweeps(account, minutes=30) == []
    watches.ran(account.world.table, "sweep_pending", account.world.now_text())
    assert watch_sweeps(account) == [("sweep runs again", "sweep_pending")]


@pytest.mark.parametrize("name", ["sweep_home", "watch"])
def test_a_sweep_that_never_ran_is_told_of_too(account: Account, name: str) -> None:
    watch_sweeps(account)

    assert ("sweep not run", name) in watch_sweeps(account, hours=5)


def test_a_sweep_that_has_stopped_is_told_to_its_alarm_as_long_as_it_stands(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    watch_sweeps(account)

    for _ in range(2):
        watch_sweeps(account, hours=3)
        assert metric(capsys, "SweepsNotRun") >= 1


def test_a_sweep_that_runs_is_no_trouble(account: Account) -> None:
    for _ in range(10):
        for name in lookout.SWEEPS:
            watches.ran(account.world.table, name, account.world.now_text())
        assert watch_sweeps(account, minutes=15) == []
