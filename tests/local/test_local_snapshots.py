import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from local.changes import DATA, EVERYTHING, NOTHING, changed_by
from local.snapshots import (
    LastSnapshot,
    Snapshots,
    broken_file,
    pause_after,
    read_last,
    saving,
    wanted,
    write_last,
)


def a_request(method: str = "POST", target: str = "", path: str = "/") -> dict[str, Any]:
    return {"method": method, "path": path, "headers": [(b"x-amz-target", target.encode())]}


@pytest.mark.parametrize(
    ("request_", "service", "changed"),
    [
        (a_request("GET"), "s3", NOTHING),
        (a_request("HEAD"), "s3", NOTHING),
        (a_request("OPTIONS"), "s3", NOTHING),
        (a_request("PUT", path="/bucket/key"), "s3", DATA),
        (a_request(target="DynamoDB_20120810.PutItem"), "dynamodb", DATA),
        (a_request(target="DynamoDB_20120810.TransactWriteItems"), "dynamodb", DATA),
        (a_request(target="DynamoDB_20120810.GetItem"), "dynamodb", NOTHING),
        (a_request(target="DynamoDB_20120810.BatchGetItem"), "dynamodb", NOTHING),
        (a_request(target="DynamoDB_20120810.TransactGetItems"), "dynamodb", NOTHING),
        (a_request(target="DynamoDB_20120810.Query"), "dynamodb", NOTHING),
        (a_request(target="AmazonSQS.ReceiveMessage"), "sqs", NOTHING),
        (a_request(target="AmazonSQS.DeleteMessage"), "sqs", DATA),
        (a_request(target="AWSCognitoIdentityProviderService.SignUp"), "cognito-idp", DATA),
        (a_request(target="AWSCognitoIdentityProviderService.GetUser"), "cognito-idp", NOTHING),
        (a_request(path="/_aws/execute-api/abc/api/uploads"), "apigateway", NOTHING),
        (a_request(), "sts", NOTHING),
        (a_request(target="Logs_20140328.PutLogEvents"), "logs", NOTHING),
        (a_request(path="/2015-03-31/functions"), "lambda", EVERYTHING),
        (a_request(), "cloudformation", EVERYTHING),
        (a_request(), "iam", EVERYTHING),
    ],
)
def test_what_a_request_may_have_changed(request_: dict[str, Any], service: str, changed: frozenset[str]) -> None:
    assert changed_by(request_, service) == changed


@pytest.mark.parametrize(("cost", "pause"), [(0.0, 1.0), (0.01, 1.0), (0.1, 2.0), (1.5, 30.0)])
def test_snapshots_take_at_most_a_twentieth_of_the_time(cost: float, pause: float) -> None:
    assert pause_after(cost) == pytest.approx(pause)


KEPT = {"s3": dict, "dynamodb": dict, "lambda": dict, "cloudwatch_logs": dict}


def test_only_what_changed_is_saved() -> None:
    assert set(wanted(DATA, KEPT)) == {"s3", "dynamodb"}


def test_after_any_other_change_all_but_the_logs_is_saved() -> None:
    assert set(wanted(EVERYTHING, KEPT)) == {"s3", "dynamodb", "lambda"}


class Emulator:
    """Services with a state, and the disk they are saved to."""

    def __init__(self, tmp_path: Path) -> None:
        self.file = tmp_path / "snapshot.json"
        self.saved: dict[str, Any] = {}
        self.states: dict[str, Any] = {"s3": {"objects": 1}, "dynamodb": {"items": 2}, "lambda": {"functions": 5}}
        self.snapshots = Snapshots(self.file, self.kept, self.saved.__setitem__)

    def kept(self) -> dict[str, Any]:
        return {name: lambda name=name: self.state_of(name) for name in self.states}

    def state_of(self, name: str) -> Any:
        if isinstance(self.states[name], Exception):
            raise self.states[name]
        return self.states[name]


@pytest.fixture
def emulator(tmp_path: Path) -> Emulator:
    return Emulator(tmp_path)


def test_a_snapshot_saves_what_was_noted(emulator: Emulator) -> None:
    emulator.snapshots.note(DATA)

    asyncio.run(emulator.snapshots.take())

    assert emulator.saved == {"s3": {"objects": 1}, "dynamodb": {"items": 2}}


def test_what_was_saved_once_is_not_saved_again(emulator: Emulator) -> None:
    emulator.snapshots.note(DATA)
    asyncio.run(emulator.snapshots.take())
    emulator.saved.clear()

    asyncio.run(emulator.snapshots.take())

    assert emulator.saved == {}


def test_a_snapshot_records_when_it_was_taken(emulator: Emulator) -> None:
    asyncio.run(emulator.snapshots.take())

    last = read_last(emulator.file)

    assert last is not None
    assert (last.taken > 0, last.clean) == (True, False)


def test_a_state_that_moved_while_it_was_read_does_not_count_as_saved(emulator: Emulator) -> None:
    write_last(emulator.file, LastSnapshot(100, clean=False))
    emulator.states["dynamodb"] = RuntimeError("dictionary changed size during iteration")
    emulator.snapshots.note(DATA)

    asyncio.run(emulator.snapshots.take())

    assert read_last(emulator.file) == LastSnapshot(100, clean=False)


def test_and_is_read_again_the_next_time(emulator: Emulator) -> None:
    emulator.states["dynamodb"] = RuntimeError("dictionary changed size during iteration")
    emulator.snapshots.note(DATA)
    asyncio.run(emulator.snapshots.take())
    emulator.states["dynamodb"] = {"items": 3}

    asyncio.run(emulator.snapshots.take())

    assert emulator.saved["dynamodb"] == {"items": 3}


def test_a_full_disk_costs_one_snapshot_and_not_those_that_follow(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    full = [OSError("No space left on device")]

    def save(name: str, state: Any) -> None:
        if full:
            raise full.pop()
        emulator.saved[name] = state

    write_last(emulator.file, LastSnapshot(100, clean=False))
    emulator.snapshots = Snapshots(emulator.file, emulator.kept, save)
    emulator.snapshots.note(DATA)

    asyncio.run(emulator.snapshots.take())
    at_first = read_last(emulator.file)
    asyncio.run(emulator.snapshots.take())

    assert at_first == LastSnapshot(100, clean=False)
    assert emulator.saved == {"s3": {"objects": 1}, "dynamodb": {"items": 2}}
    assert read_last(emulator.file) != at_first


def test_an_emulator_that_only_logs_what_it_could_not_write_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"s3\.json was not written"):
        saving(tmp_path, lambda _name, _state: None)("s3", {})


def test_what_was_written_is_taken_for_saved(tmp_path: Path) -> None:
    def save(name: str, state: Any) -> None:
        (tmp_path / "draft").write_text(json.dumps(state))
        (tmp_path / "draft").replace(tmp_path / f"{name}.json")

    save_or_raise = saving(tmp_path, save)

    save_or_raise("s3", {"objects": 1})
    save_or_raise("s3", {"objects": 1})

    assert json.loads((tmp_path / "s3.json").read_text()) == {"objects": 1}


def test_a_service_that_never_loaded_is_not_saved_over(emulator: Emulator) -> None:
    emulator.states["s3"] = None
    emulator.snapshots.note(DATA)

    asyncio.run(emulator.snapshots.take())

    assert "s3" not in emulator.saved


def test_there_is_no_last_snapshot_before_the_first(tmp_path: Path) -> None:
    assert read_last(tmp_path / "snapshot.json") is None


def test_a_saved_state_that_cannot_be_read_back_is_named(tmp_path: Path) -> None:
    (tmp_path / "s3.json").write_text("{}")
    (tmp_path / "sqs.json").write_text('{"queues": ')

    found = broken_file(tmp_path)

    assert found is not None
    assert found[0].name == "sqs.json"


def test_whole_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "s3.json").write_text("{}")

    assert broken_file(tmp_path) is None
