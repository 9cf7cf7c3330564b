"""Dead letters go back where they belong. Each way may run twice: whoever reads them takes them twice without harm."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from admin.errors import MoveFailedError, UnknownQueueError
from admin.stage import Stage

_HIDDEN_SECONDS = 300
# A short poll asks some of SQS's servers and may find nothing in a queue that holds little; a long one asks them all.
_ASK_ALL_SECONDS = 2
_LOOKS = 600
_PAUSE_SECONDS = 2.0
_NOT_TO_BE_HAD = (
    "InvalidAction",
    "UnsupportedOperation",
    "UnknownOperationException",
    "AWS.SimpleQueueService.UnsupportedOperation",
)


class Done(NamedTuple):
    """One queue: how many letters lay there before, how many after, and what was done."""

    queue: str
    before: int
    after: int
    deed: str


def redrive(stage: Stage, name: str | None = None, sleep: Callable[[float], object] = time.sleep) -> Iterator[Done]:
    """Redrive one queue, or all of them."""
    if name and name not in _WAYS:
        raise UnknownQueueError(name, list(_WAYS))
    for queue in [name] if name else _WAYS:
        before = _depth(stage, _url(stage, queue))
        deed = _WAYS[queue](stage, queue, sleep) if before else "empty"
        yield Done(queue, before, _depth(stage, _url(stage, queue)), deed)


def _invoke(stage: Stage, queue: str, _sleep: Callable[[float], object]) -> str:
    """Have `object_arrived` do again what it failed on: the event lies within what Lambda wrote about the failure."""
    functions, done, kept = stage.client("lambda"), 0, 0
    for letter in _letters(stage, queue):
        event = _event_of(letter["Body"])
        if event is None:
            kept += 1
            continue
        name = f"backhaul-{stage.name}-object_arrived"
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())
        _delete(stage, queue, letter)
        done += 1
    return f"{done} events sent to object_arrived" + (f", {kept} left that hold no event" if kept else "")


def _move(stage: Stage, queue: str, sleep: Callable[[float], object]) -> str:
    """Have SQS move them to where they came from; the embedded cloud cannot, so there it is done letter by letter."""
    sqs, source = stage.client("sqs"), _arn(stage, queue)
    target = queue.removesuffix("-dead")
    try:
        sqs.start_message_move_task(SourceArn=source, DestinationArn=_arn(stage, target))
    except (ClientError, NotImplementedError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] not in _NOT_TO_BE_HAD:
            raise
        return _carry(stage, queue, target)
    for _ in range(_LOOKS):
        task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
        if task["Status"] != "RUNNING":
            break
        sleep(_PAUSE_SECONDS)
    if task["Status"] != "COMPLETED":
        raise MoveFailedError(queue, task["Status"])
    return f"moved to {target}"


def _carry(stage: Stage, queue: str, target: str) -> str:
    """Put each letter into the other queue before it is deleted from this one."""
    moved = 0
    for letter in _letters(stage, queue):
        stage.client("sqs").send_message(QueueUrl=_url(stage, target), MessageBody=letter["Body"])
        _delete(stage, queue, letter)
        moved += 1
    return f"{moved} carried to {target}"


def _purge(stage: Stage, queue: str, _sleep: Callable[[float], object]) -> str:
    """Delete notices: the ledger tells PCs all that they told."""
    stage.client("sqs").purge_queue(QueueUrl=_url(stage, queue))
    return "deleted, the ledger tells it all"


def _letters(stage: Stage, queue: str) -> Iterator[dict[str, Any]]:
    """Take letters out, no more than lay there at the start: what fails again comes back while we read."""
    sqs, url = stage.client("sqs"), _url(stage, queue)
    left = _depth(stage, url)
    while left > 0:
        wanted = {"MaxNumberOfMessages": min(10, left), "VisibilityTimeout": _HIDDEN_SECONDS}
        reply = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=_ASK_ALL_SECONDS, **wanted)
        letters = reply.get("Messages", [])
        if not letters:
            return
        left -= len(letters)
        yield from letters


def _event_of(body: str) -> dict[str, Any] | None:
    try:
        event = json.loads(body)["requestPayload"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event if isinstance(event, dict) and event.get("Records") else None


def _delete(stage: Stage, queue: str, letter: dict[str, Any]) -> None:
    stage.client("sqs").delete_message(QueueUrl=_url(stage, queue), ReceiptHandle=letter["ReceiptHandle"])


def _depth(stage: Stage, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stage.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


def _url(stage: Stage, queue: str) -> str:
    url: str = stage.client("sqs").get_queue_url(QueueName=f"backhaul-{stage.name}-{queue}")["QueueUrl"]
    return url


def _arn(stage: Stage, queue: str) -> str:
    beside = stage.world.settings.dead_notices.rpartition(":")[0]
    return f"{beside}:backhaul-{stage.name}-{queue}"


_WAYS: dict[str, Callable[[Stage, str, Callable[[float], object]], str]] = {
    "arrivals-dead": _invoke,
    "media-dead": _move,
    "notices-dead": _purge,
    "paired-dead": _move,
}
