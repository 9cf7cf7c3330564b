"""What `make chaos` does to a system is planned from its seed, and really done."""

import asyncio
import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import album, events, homes, weather
from tests.chaos.storm import kind_of, stormy
from tests.chaos.weather import FAULTS, Fault, Weather, planned

SHARE = 0.04
API_PORT = 8700


class Told(Weather):
    """Weather that is told which fault comes next."""

    def __init__(self, *faults: Fault | None) -> None:
        super().__init__(1, SHARE)
        self._told: Iterator[Fault | None] = iter(faults)

    def next(self, _kind: str) -> Fault | None:
        return next(self._told, None)


def fault(kind: str, name: str) -> Fault:
    return next(one for one in FAULTS[kind] if one.name == name)


def a_scope(path: str = "/bucket/originals/x", method: str = "GET", port: int = 4510, **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    server = ("127.0.0.1", port)
    return {
        "type": "http",
        "path": path,
        "method": method,
        "server": server,
        "headers": named,
        "query_string": b"",
    }


class Cloud:
    """What answers behind the weather; it remembers what it was asked."""

    def __init__(self, folder: Path, *faults: Fault | None) -> None:
        self.asked: list[bytes] = []
        self.weather = Told(*faults)
        self.raging = folder / "raging"
        self.raging.touch()
        self._app = stormy(self._answer, self.weather, API_PORT, self.raging)

    async def _answer(self, _: Any, receive: Any, send: Any) -> None:
        self.asked.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    def ask(self, scope: dict[str, Any], body: bytes = b"") -> tuple[int, bytes]:
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        asyncio.run(self._app(scope, receive, send))  # type: ignore[arg-type]
        return told[0]["status"], told[1]["body"]


@pytest.mark.parametrize("kind", FAULTS)
def test_the_same_seed_plans_the_same_faults(kind: str) -> None:
    assert list(islice(planned(7, kind, SHARE), 2000)) == list(islice(planned(7, kind, SHARE), 2000))
    assert list(islice(planned(7, kind, SHARE), 2000)) != list(islice(planned(8, kind, SHARE), 2000))


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("seed", range(20))
def test_each_fault_comes_soon_so_a_short_run_meets_all(kind: str, seed: int) -> None:
    soon = islice(planned(seed, kind, SHARE), 2 * weather.SOON * len(FAULTS[kind]))

    assert {one.name for one in soon if one} == {one.name for one in FAULTS[kind]}


def test_of_many_requests_the_share_asked_for_fails() -> None:
    failed = sum(one is not None for one in islice(planned(1, "dynamodb", SHARE), 20_000))

    assert failed / 20_000 == pytest.approx(SHARE, rel=0.1)


def test_homes_meet_each_trouble_once_a_round_in_an_order_of_the_seed() -> None:
    first = list(islice(homes.planned(3, 2), len(homes.TROUBLES)))

    assert Counter(trouble for _, trouble, _ in first) == Counter(homes.TROUBLES)
    assert first == list(islice(homes.planned(3, 2), len(homes.TROUBLES)))
    assert first != list(islice(homes.planned(4, 2), len(homes.TROUBLES)))


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    for name in ("once", "again"):
        (tmp_path / name).mkdir()

    once, again = (album.rolls(tmp_path / name, 2, 9, 5) for name in ("once", "again"))

    assert [[one.sha256 for one in roll] for roll in once] == [[one.sha256 for one in roll] for roll in again]
    assert {one.sha256 for one in once[0]} & {one.sha256 for one in once[1]}, "some of it is on two phones"


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        (a_scope(port=API_PORT), "api"),
        (a_scope("/", "POST", x_amz_target="DynamoDB_20120810.PutItem"), "dynamodb"),
        (a_scope("/", "POST", x_amz_target="AmazonSQS.SendMessageBatch"), "notice"),
        (a_scope("/", "POST", x_amz_target="AmazonSQS.ReceiveMessage"), "sqs"),
        (a_scope("/", "POST", x_amz_target="AWSCognitoIdentityProviderService.SignUp"), "other"),
        (a_scope() | {"query_string": b"X-Amz-Signature=1"}, "s3 link"),
        (a_scope(), "s3 get"),
        (a_scope(method="HEAD"), "s3"),
        (a_scope("/bucket"), "other"),
    ],
)
def test_requests_are_told_apart(scope: dict[str, Any], kind: str) -> None:
    assert kind_of(scope, API_PORT) == kind


def test_in_the_calm_nothing_fails(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, fault("s3", "S3 says SlowDown"))
    cloud.raging.unlink()

    assert cloud.ask(a_scope()) == (200, b"done")
    assert not cloud.weather.counts


def test_a_refused_request_reaches_nobody(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, fault("s3", "S3 says SlowDown"))

    assert cloud.ask(a_scope()) == (503, weather.RETRY_LATER)
    assert cloud.asked == []
    assert cloud.weather.counts == {"S3 says SlowDown": 1}


def test_an_answer_is_lost_only_after_the_deed(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, fault("api", weather.LOST_ANSWER))

    status, _ = cloud.ask(a_scope(port=API_PORT), b"a deed")

    assert (status, cloud.asked) == (504, [b"a deed"])


@pytest.mark.parametrize(("name", "times"), [("a notice is lost", 0), ("a notice comes twice", 2)])
def test_whoever_sends_a_notice_hears_nothing_of_its_fate(tmp_path: Path, name: str, times: int) -> None:
    cloud = Cloud(tmp_path, fault("notice", name))
    scope = a_scope("/", "POST", x_amz_target="AmazonSQS.SendMessageBatch")
    body = json.dumps({"Entries": [{"Id": "1"}]}).encode()

    status, _ = cloud.ask(scope, body)

    assert (status, cloud.asked) == (200, [body] * times)


def test_an_agents_expired_credentials_stay_expired_and_new_ones_work(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, fault("s3 get", "credentials have expired"))
    old, new = (
        {"authorization": f"AWS4-HMAC-SHA256 Credential={key}/x", "user_agent": "object_store/1"} for key in "AB"
    )

    answers = [cloud.ask(a_scope(**old))[0], cloud.ask(a_scope(**old))[0], cloud.ask(a_scope(**new))[0]]

    assert answers == [400, 400, 200]


def test_what_fails_for_a_function_fails_once(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, fault("s3 get", "credentials have expired"))
    scope = a_scope(authorization="AWS4-HMAC-SHA256 Credential=A/x", user_agent="Botocore/1")

    assert [cloud.ask(scope)[0], cloud.ask(scope)[0]] == [400, 200]


@pytest.mark.parametrize(("name", "times"), [("an event of S3 is lost", 0), ("an event of S3 comes twice", 2)])
def test_an_event_is_lost_or_comes_twice(tmp_path: Path, name: str, times: int) -> None:
    (tmp_path / "raging").touch()
    heard = threading.Semaphore(0)
    tell = events.unreliable(
        lambda _function, _event: heard.release() or None, Told(fault("event", name)), tmp_path / "raging"
    )

    tell({"FunctionName": "backhaul-local-object_arrived"}, {})

    assert all(heard.acquire(timeout=60) for _ in range(times))
    assert not heard.acquire(blocking=False)


def test_a_function_that_calls_itself_takes_one_turn() -> None:
    function = {"FunctionName": "backhaul-local-object_arrived"}

    def execute(function: dict[str, Any], depth: dict[str, Any]) -> dict[str, Any]:
        return executed(function, {"left": depth["left"] - 1}) if depth["left"] else {"done": True}

    executed = events.in_turn(execute)

    assert executed(function, {"left": 5 * events.MOST_AT_ONCE[events.FUNCTION]}) == {"done": True}


def test_a_wound_clock_is_off_by_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("86400")
    (tmp_path / "asked.py").write_text(
        "import time; from datetime import UTC, datetime; a = datetime.now(UTC); "
        "print(time.time(), a.timestamp(), isinstance(a, datetime), isinstance(a - a + a, datetime))"
    )
    words = [sys.executable, "-m", "tests.chaos.wound", str(tmp_path / "clock"), "asked"]
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(tmp_path)])
    before = dt.datetime.now(dt.UTC).timestamp()

    said = subprocess.run(words, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True)

    counted, dated, *kinds = said.stdout.split()
    assert kinds == ["True", "True"]
    assert all(before + 86_400 <= float(one) <= before + 90_000 for one in (counted, dated))
