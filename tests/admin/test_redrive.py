"""Dead letters go back where they belong: none is lost, and none is sent to whom it does not concern."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from admin.errors import MoveFailedError, UnknownQueueError
from admin.redrive import Done, redrive
from admin.stage import Stage
from tests.builders import OWNER, Account, messages, s3_event, s3_record

EVENT = s3_event(s3_record(f"originals/{OWNER}/{'0' * 32}-a.jpg"))


class Functions:
    """Lambda, as far as it takes events."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert InvocationType == "Event"
        self.heard.append((FunctionName, json.loads(Payload)))
        return {"StatusCode": 202, "Payload": io.BytesIO(b"")}


class Mover:
    """SQS with or without the moving of whole queues."""

    def __init__(self, sqs: Any, statuses: list[str]) -> None:
        self.sqs, self.statuses = sqs, statuses
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sqs, name)

    def start_message_move_task(self, **asked: Any) -> None:
        self.asked.append(asked)
        if not self.statuses:
            raise ClientError({"Error": {"Code": "InvalidAction", "Message": ""}}, "StartMessageMoveTask")

    def list_message_move_tasks(self, **_: Any) -> Any:
        return {"Results": [{"Status": self.statuses.pop(0)}]}


class Desk:
    """Somebody who sends letters back."""

    def __init__(self, account: Account, statuses: list[str] | None = None) -> None:
        self.account, self.functions = account, Functions()
        self.mover = Mover(account.sqs, statuses or [])
        clients = {"sqs": self.mover, "lambda": self.functions}
        self.stage = Stage(account.world, lambda service: clients[service])

    def url(self, queue: str) -> str:
        url: str = self.account.sqs.get_queue_url(QueueName=f"backhaul-test-{queue}")["QueueUrl"]
        return url

    def lay(self, queue: str, *bodies: Any) -> None:
        for body in bodies:
            told = body if isinstance(body, str) else json.dumps(body)
            self.account.sqs.send_message(QueueUrl=self.url(queue), MessageBody=told)

    def send_back(self, queue: str | None = None) -> list[Done]:
        return list(redrive(self.stage, queue, sleep=lambda _: None))


@pytest.fixture
def desk(account: Account) -> Desk:
    return Desk(account)


def failed(event: Any) -> dict[str, Any]:
    """What Lambda writes about an event that a function failed on for good."""
    about = {"condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return {"version": "1.0", "requestContext": about, "requestPayload": event, "responsePayload": {"errorType": "X"}}


def test_arrivals_are_unwrapped_and_heard_again(desk: Desk) -> None:
    desk.lay("arrivals-dead", *[failed(EVENT)] * 12)

    (done,) = desk.send_back("arrivals-dead")

    assert (done.before, done.after) == (12, 0)
    assert desk.functions.heard == [("backhaul-test-object_arrived", EVENT)] * 12


@pytest.mark.parametrize("letter", ["no json", "[]", {}, {"requestPayload": "x"}, {"requestPayload": {"Records": []}}])
def test_a_letter_that_holds_no_event_stays_for_a_person(desk: Desk, letter: Any) -> None:
    desk.lay("arrivals-dead", letter, failed(EVENT))

    (done,) = desk.send_back("arrivals-dead")

    assert (len(desk.functions.heard), done.after) == (1, 1)
    assert done.deed == "1 events sent to object_arrived, 1 left that hold no event"


def test_what_fails_again_meanwhile_is_not_taken_round_and_round(desk: Desk) -> None:
    desk.lay("arrivals-dead", failed(EVENT))
    hear = desk.functions.invoke

    def fails_again(**asked: Any) -> Any:
        desk.lay("arrivals-dead", failed(EVENT))
        return hear(**asked)

    desk.functions.invoke = fails_again  # type: ignore[method-assign]
    (done,) = desk.send_back("arrivals-dead")

    assert (done.after, len(desk.functions.heard)) == (1, 1)


@pytest.mark.parametrize("queue", ["paired", "media"])
def test_where_sqs_moves_whole_queues_it_is_asked_to(account: Account, queue: str) -> None:
    desk = Desk(account, ["RUNNING", "COMPLETED"])
    desk.lay(f"{queue}-dead", {"a": 1})

    (done,) = desk.send_back(f"{queue}-dead")

    beside = "arn:aws:sqs:eu-west-1:123456789012:backhaul-test-"
    assert desk.mover.asked == [{"SourceArn": f"{beside}{queue}-dead", "DestinationArn": f"{beside}{queue}"}]
    assert done.deed == f"moved to {queue}"


def test_a_move_that_stops_half_way_is_said_to(account: Account) -> None:
    desk = Desk(account, ["FAILED"])
    desk.lay("paired-dead", {"a": 1})

    with pytest.raises(MoveFailedError, match="ended as FAILED"):
        desk.send_back("paired-dead")


@pytest.mark.parametrize("queue", ["paired", "media"])
def test_where_it_does_not_each_letter_is_carried(desk: Desk, queue: str) -> None:
    desk.lay(f"{queue}-dead", {"a": 1}, {"a": 2})

    (done,) = desk.send_back(f"{queue}-dead")

    assert (done.before, done.after) == (2, 0)
    assert sorted(one["a"] for one in messages(desk.account.sqs, desk.url(queue))) == [1, 2]


def test_notices_are_deleted_for_the_ledger_tells_it_all(desk: Desk) -> None:
    desk.lay("notices-dead", {"v": 1})

    (done,) = desk.send_back("notices-dead")

    assert (done.before, done.after) == (1, 0)


def test_all_queues_are_gone_through_and_empty_ones_left(desk: Desk) -> None:
    done = desk.send_back()

    assert [one.queue for one in done] == ["arrivals-dead", "media-dead", "notices-dead", "paired-dead"]
    assert {one.deed for one in done} == {"empty"}


def test_a_queue_that_is_none_is_refused(desk: Desk) -> None:
    with pytest.raises(UnknownQueueError, match="there is no queue of dead letters 'originals'"):
        desk.send_back("originals")
