"""The queue of each PC, which rings when a file is ready for it: made when it is paired, gone when it is revoked."""

import json

from chalicelib.cloud import Cloud
from chalicelib.config import Settings

_KEPT_SECONDS = 14 * 86_400
_SEEN_ONCE_SECONDS = 300
_MOST_TRIES = 10


def name(stage: str, device_id: str) -> str:
    """Return what the queue of a PC is called."""
    return f"backhaul-{stage}-pc-{device_id}"


def arn(here: Settings, device_id: str) -> str:
    """Return how policies name the queue of a PC: beside our own queues."""
    beside = here.dead_notices.rpartition(":")[0]
    return f"{beside}:{name(here.stage, device_id)}"


def make(world: Cloud, device_id: str) -> str:
    """Make a PC's queue, or find it made, and return its address."""
    here = world.settings
    redrive = {"deadLetterTargetArn": here.dead_notices, "maxReceiveCount": _MOST_TRIES}
    attributes = {
        "MessageRetentionPeriod": str(_KEPT_SECONDS),
        "VisibilityTimeout": str(_SEEN_ONCE_SECONDS),
        "ReceiveMessageWaitTimeSeconds": "20",
        "SqsManagedSseEnabled": "true",
        "RedrivePolicy": json.dumps(redrive),
    }
    made = world.sqs.create_queue(QueueName=name(here.stage, device_id), Attributes=attributes)
    address: str = made["QueueUrl"]
    return address


def remove(world: Cloud, queue_url: str) -> None:
    """Remove a PC's queue with all it holds; one that is gone stays gone."""
    try:
        world.sqs.delete_queue(QueueUrl=queue_url)
    except world.sqs.exceptions.QueueDoesNotExist:
        return


def address_of(world: Cloud, queue_arn: str) -> str:
    """Return the address of a queue of ours."""
    address: str = world.sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    return address
