"""Laps through an owner's files: resumed wherever they died, run once however often they are rung for."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.auth import devices, scopes
from chalicelib.auth.callers import Caller
from chalicelib.auth.devices import CatchingUp
from chalicelib.debts import laps, pc_queues
from chalicelib.metadata import devices as kept_devices
from chalicelib.metadata.laps import Lap
from tests.builders import OWNER, SETTINGS, Account, Pc, messages, sqs_event


def rung(account: Account) -> list[dict[str, Any]]:
    """Take what was rung for out of the queue, delayed or not."""
    url = pc_queues.address_of(account.world, SETTINGS.paired_queue)
    return messages(account.sqs, url)


def lap_of(account: Account, pc: Pc) -> Lap | None:
    device = kept_devices.find(account.world.table, OWNER, pc.device_id)
    return device.lap if device else None


def slow(account: Account, **by: float) -> None:
    """Let time pass with every call to the table."""
    account.dynamodb.meta.events.register("before-call", lambda **_: account.clock.wind(**by))


def test_when_the_time_is_up_the_rest_is_left_to_a_message(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.debts.catch_up._FILES_IN_ONE_PAGE", 10)
    account.stock(25)
    pc = account.pc()
    slow(account, minutes=2)

    pc.run_lap()

    assert len(pc.owed()) == 10
    (rest,) = rung(account)
    assert rest == {"ownerId": OWNER, "deviceId": pc.device_id, "hops": 1}
    laps.pcs_changed(account.world, sqs_event(json.dumps(rest)))
    laps.pcs_changed(account.world, sqs_event(json.dumps(rest)))
    assert len(pc.owed()) == 25


def test_a_row_of_messages_ends_before_aws_ends_it(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.debts.catch_up._FILES_IN_ONE_PAGE", 1)
    account.stock(2)
    pc = account.pc()
    slow(account, minutes=2)

    pc.run_lap(hops=laps.MOST_HOPS)

    assert rung(account) == []
    assert laps.MOST_HOPS < 15


def test_a_lap_that_stands_still_is_rung_for_by_the_sweep(account: Account) -> None:
    pc = account.pc()
    account.clock.wind(minutes=11)

    laps.ring_for_the_silent(account.world)

    assert rung(account) == [{"ownerId": OWNER, "deviceId": pc.device_id, "hops": 0}]


def test_laps_that_never_move_hide_no_other_from_the_sweep(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.debts.laps._MOST_RUNG", 1)
    account.pc()
    account.clock.wind(minutes=1)
    behind = account.pc()
    account.clock.wind(minutes=11)
    laps.ring_for_the_silent(account.world)
    rung(account)

    laps.ring_for_the_silent(account.world)

    assert [one["deviceId"] for one in rung(account)] == [behind.device_id]


def test_a_lap_that_moves_is_left_alone_by_the_sweep(account: Account) -> None:
    account.pc()
    account.clock.wind(minutes=9)

    laps.ring_for_the_silent(account.world)

    assert rung(account) == []


def test_a_lap_that_is_over_is_never_rung_for_again(account: Account) -> None:
    pc = account.pc()
    pc.finish_laps()
    rung(account)
    account.clock.wind(days=1)

    laps.ring_for_the_silent(account.world)

    assert rung(account) == []
    assert lap_of(account, pc) is None


def test_the_second_lap_waits_until_every_arrival_has_heard(account: Account) -> None:
    pc = account.pc()

    pc.run_lap()
    first = lap_of(account, pc)
    pc.run_lap()

    assert first == Lap("owe", "2026-11-21T10:00:00.000Z", number=2)
    assert lap_of(account, pc) == first
    account.clock.wind(seconds=361)
    pc.run_lap()
    assert lap_of(account, pc) is None


def test_a_message_for_a_lap_that_is_over_does_nothing(account: Account) -> None:
    pc = account.pc()
    pc.finish_laps()

    with account.counting() as counted:
        pc.run_lap()

    assert counted == ["GetItem"]


def test_of_two_runs_at_once_one_goes_on(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.debts.catch_up._FILES_IN_ONE_PAGE", 10)
    account.stock(25)
    pc = account.pc()
    meanwhile: list[None] = []

    def the_other_is_quicker(model: Any, **_: Any) -> None:
        if model.name == "UpdateItem" and not meanwhile:
            meanwhile.append(None)
            pc.run_lap()

    account.dynamodb.meta.events.register("before-call", the_other_is_quicker)
    with account.counting() as counted:
        pc.run_lap()

    assert counted.count("Query") == 4
    assert len(pc.owed()) == 25
    assert len(account.items(f"pc#{pc.device_id}", "owed#")) == 25
    assert account.usage() == {}
    lap = lap_of(account, pc)
    assert lap is not None
    assert (lap.number, lap.after) == (2, None)


def test_one_who_lags_behind_takes_no_lap_back(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the first lap that wakes up late must not make the second begin in the middle."""
    monkeypatch.setattr("chalicelib.debts.catch_up._FILES_IN_ONE_PAGE", 10)
    account.stock(15)
    pc = account.pc()
    meanwhile: list[None] = []

    def the_others_finish_the_first(model: Any, **_: Any) -> None:
        if model.name == "UpdateItem" and not meanwhile:
            meanwhile.append(None)
            pc.run_lap()

    account.dynamodb.meta.events.register("before-call", the_others_finish_the_first)
    pc.run_lap()

    second = lap_of(account, pc)
    assert second is not None
    assert (second.number, second.after) == (2, None)


def test_one_who_lags_behind_does_not_undo_a_revocation(account: Account) -> None:
    pc = account.pc()
    revoked: list[None] = []

    def revoked_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "UpdateItem" and not revoked:
            revoked.append(None)
            pc.revoke()

    account.dynamodb.meta.events.register("before-call", revoked_meanwhile)
    pc.run_lap()

    lap = lap_of(account, pc)
    assert lap is not None
    assert (lap.what, lap.number) == ("clear", 1)


def test_a_poison_message_fails_alone(account: Account) -> None:
    account.stock(1)
    pc = account.pc()
    good = json.dumps({"ownerId": OWNER, "deviceId": pc.device_id})

    answer = laps.pcs_changed(account.world, sqs_event("{", "[]", '{"ownerId": 5}', good, ""))

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "1", "2", "4"]
    assert len(pc.owed()) == 1


def test_a_pc_that_never_was_is_owed_nothing(account: Account) -> None:
    account.stock(1)

    answer = laps.pcs_changed(account.world, sqs_event(json.dumps({"ownerId": OWNER, "deviceId": "d" * 32})))

    assert answer == {"batchItemFailures": []}
    assert account.items("pc#" + "d" * 32, "owed#") == []


def test_a_queue_that_cannot_be_reached_keeps_no_owner_waiting(account: Account) -> None:
    pc = account.pc()
    account.sqs.delete_queue(QueueUrl=pc_queues.address_of(account.world, SETTINGS.paired_queue))

    pc.revoke()

    lap = lap_of(account, pc)
    assert lap is not None
    assert lap.what == "clear"


def catching_up(account: Account) -> list[CatchingUp | None]:
    owner = Caller(OWNER, None, frozenset({scopes.OWNER}))
    return [device.catching_up for device in devices.every(account.world, owner).devices]


def test_an_owner_sees_how_far_a_new_pc_has_caught_up(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.debts.catch_up._FILES_IN_ONE_PAGE", 10)
    account.stock(15)
    pc = account.pc()
    slow(account, minutes=2)
    before = catching_up(account)
    pc.run_lap()
    half = catching_up(account)

    pc.run_lap()

    assert before == [CatchingUp("2026-11-21T10:00:00.000Z", 0)]
    assert half == [CatchingUp("2026-11-21T10:00:00.000Z", 10)]
    assert catching_up(account) == [None]


def test_a_revoked_pc_catches_up_with_nothing(account: Account) -> None:
    account.pc().revoke()

    assert catching_up(account) == [None]


LAP = Lap("owe", "2026")


@pytest.mark.parametrize(
    ("lap", "last", "left"),
    [
        (LAP, "a", Lap("owe", "2026", after="a", changed=3)),
        (Lap("owe", "2026", after="a", changed=3), "b", Lap("owe", "2026", after="b", changed=6)),
        (Lap("owe", "2026", after="b", changed=6), None, Lap("owe", "2026", number=2, changed=9)),
        (Lap("owe", "2026", number=2), "a", Lap("owe", "2026", number=2, after="a", changed=3)),
        (Lap("owe", "2026", number=2, after="a"), None, None),
    ],
)
def test_a_lap_goes_on_where_it_came_to_and_the_second_is_the_last(lap: Lap, last: str | None, left: Lap) -> None:
    assert lap.on(last, 3) == left


def functions() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(".chalice/config.json").read_text(encoding="utf-8"))["lambda_functions"]
    return told


def test_whatever_owes_is_over_when_the_second_lap_begins() -> None:
    owing = functions().keys() - {"pcs_changed", "media_queued"}
    longest = max(functions()[name]["lambda_timeout"] for name in owing)

    assert longest < laps.SECOND_LAP.total_seconds() <= 900


def test_a_run_ends_within_the_time_of_its_function() -> None:
    assert laps.RUN.total_seconds() + 60 <= functions()["pcs_changed"]["lambda_timeout"]
    assert functions()["pcs_changed"]["lambda_timeout"] < laps.STANDS_STILL.total_seconds()
