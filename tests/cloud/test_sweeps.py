"""What the sweep of pending files repairs, releases and leaves alone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import NotFoundError
from chalicelib.upkeep import sweeps
from tests.builders import OWNER, Account, sha256

PHOTO = b"photo"
BEGUN = datetime(2026, 11, 21, 10, tzinfo=UTC)


def sweep_after(account: Account, **wait: float) -> None:
    account.clock.wind(**wait)
    sweeps.sweep_pending(account.world)


def test_an_arrival_whose_event_was_lost_is_repaired(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    begun = phone.send(PHOTO)

    sweep_after(account, minutes=31)

    assert phone.see(begun.file_id).status == "uploaded"
    assert [notice["fileId"] for notice in pc.owed()] == [begun.file_id]


def test_what_was_repaired_and_released_is_counted(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    phone = account.phone()
    phone.begin(b"never comes")
    phone.send(PHOTO)

    sweep_after(account, hours=25)

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["PendingRepaired"], told["PendingReleased"]) == (1, 1)


def test_a_link_still_in_use_is_left_alone(account: Account) -> None:
    account.phone().begin(PHOTO)

    with account.counting() as counted:
        sweep_after(account, minutes=29)

    assert set(counted) == {"Query"}


def test_what_never_came_is_released_after_a_day(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)

    for _ in range(100):
        sweep_after(account, minutes=15)

    with pytest.raises(NotFoundError):
        phone.see(begun.file_id)
    assert account.usage() == {}
    lasting = [item for item in account.everything() if "ttl" not in item]
    assert [item for item in lasting if not item["sk"].startswith(("usage#", "was#"))] == []


def test_what_has_not_come_yet_is_waited_for(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)

    for _ in range(95):
        sweep_after(account, minutes=15)

    assert phone.see(begun.file_id).status == "pending"


def test_what_comes_after_it_was_released_is_adopted(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    (begun,) = phone.begin(PHOTO)
    sweep_after(account, hours=25)

    account.put(begun.key, PHOTO)
    account.hear(begun.key)

    assert phone.see(begun.file_id).status == "uploaded"
    assert len(pc.owed()) == 1


def test_a_released_hash_may_be_begun_anew(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)
    sweep_after(account, hours=25)

    (again,) = phone.begin(PHOTO)

    assert again.outcome == "upload"
    assert again.file_id != begun.file_id


def test_an_object_that_comes_while_the_sweep_runs_is_not_released(account: Account) -> None:
    phone, pc = account.phone(), account.pc()
    (begun,) = phone.begin(PHOTO)
    meanwhile: list[None] = []

    def comes_meanwhile(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            account.put(begun.key, PHOTO)
            account.hear(begun.key)

    account.dynamodb.meta.events.register("before-call", comes_meanwhile)
    sweep_after(account, hours=25)

    assert phone.see(begun.file_id).status == "uploaded"
    assert len(pc.owed()) == 1
    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 5}


def test_two_sweeps_at_once_release_once(account: Account) -> None:
    phone = account.phone()
    phone.begin(PHOTO)
    phone.bring(b"another")
    account.clock.wind(hours=25)
    meanwhile: list[None] = []

    def another_sweep(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not meanwhile:
            meanwhile.append(None)
            sweeps.sweep_pending(account.world)

    account.dynamodb.meta.events.register("before-call", another_sweep)
    sweeps.sweep_pending(account.world)

    assert account.usage() == {"uploadedFiles": 1, "uploadedBytes": 7}


def test_a_pointer_that_another_file_took_over_stays(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)
    key = {"pk": {"S": f"owner#{OWNER}"}, "sk": {"S": f"hash#{sha256(PHOTO)}"}}
    account.dynamodb.put_item(TableName="backhaul-test", Item={**key, "fileId": {"S": "f" * 32}})

    sweep_after(account, hours=25)

    with pytest.raises(NotFoundError):
        phone.see(begun.file_id)
    assert account.item(f"owner#{OWNER}", f"hash#{sha256(PHOTO)}") is not None


def test_one_file_that_cannot_be_looked_at_holds_up_no_other(account: Account) -> None:
    phone = account.phone()
    begun = [phone.send(f"photo {n}".encode()) for n in range(3)]
    refused: list[None] = []

    def fails_once(model: Any, **_: Any) -> None:
        if model.name == "HeadObject" and not refused:
            refused.append(None)
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("before-call", fails_once)
    with pytest.raises(TimeoutError):
        sweep_after(account, minutes=31)

    assert sorted(phone.see(one.file_id).status for one in begun) == ["pending", "uploaded", "uploaded"]


def fail_always(account: Account, *keys: str) -> None:
    """Have S3 answer for all but these objects."""

    def fails(params: dict[str, Any], **_: Any) -> None:
        if params["Key"] in keys:
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("provide-client-params.s3.HeadObject", fails)


def in_one_list(monkeypatch: pytest.MonkeyPatch, *, at_once: int) -> None:
    monkeypatch.setattr("chalicelib.metadata.files.DUE_SHARDS", 1)
    monkeypatch.setattr("chalicelib.upkeep.sweeps._MOST_IN_ONE_SHARD", at_once)


def test_files_that_always_fail_hide_no_other_for_good(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_list(monkeypatch, at_once=2)
    phone = account.phone()
    fail_always(account, *(phone.send(body).key for body in (b"one", b"two")))
    account.clock.wind(minutes=1)
    behind = phone.send(PHOTO)

    for wait in (31, 15):
        with pytest.raises(TimeoutError):
            sweep_after(account, minutes=wait)

    assert phone.see(behind.file_id).status == "uploaded"


def test_a_file_that_failed_is_looked_at_again(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_list(monkeypatch, at_once=2)
    begun = account.phone().send(PHOTO)
    fail_always(account, begun.key)

    for wait in (31, 15):
        with pytest.raises(TimeoutError):
            sweep_after(account, minutes=wait)


def test_a_file_that_cannot_even_be_put_off_keeps_no_other_waiting(account: Account) -> None:
    phone = account.phone()
    begun, other = phone.send(PHOTO), phone.send(b"other")
    fail_always(account, begun.key)

    def fails(model: Any, **_: Any) -> None:
        if model.name == "UpdateItem":
            raise ConnectionError("the table did not answer")

    account.dynamodb.meta.events.register("before-call", fails)
    with pytest.raises(TimeoutError):
        sweep_after(account, minutes=31)

    assert phone.see(other.file_id).status == "uploaded"


def test_files_that_are_in_are_not_looked_at(account: Account) -> None:
    account.phone().bring(PHOTO)

    with account.counting() as counted:
        sweep_after(account, hours=25)

    assert set(counted) == {"Query"}


@pytest.mark.parametrize(
    ("age", "next_age"),
    [
        (timedelta(minutes=30), timedelta(hours=1)),
        (timedelta(hours=1), timedelta(hours=2)),
        (timedelta(hours=8), timedelta(hours=16)),
        (timedelta(hours=16), timedelta(hours=24)),
        (timedelta(hours=30), timedelta(hours=30, minutes=15)),
    ],
)
def test_looks_grow_rarer_until_the_file_expires(age: timedelta, next_age: timedelta) -> None:
    assert sweeps.next_look(BEGUN, BEGUN + age, BEGUN + sweeps.EXPIRY) == BEGUN + next_age
