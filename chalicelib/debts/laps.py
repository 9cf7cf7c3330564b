"""What follows when an owner's PCs change: a new one is owed all there is, a revoked one's debts are cleared.

Both take two laps through all files of the owner, page by page, in the background. Two, because an arrival may have
read the owner's PCs just before the change, and may commit just after the first lap has passed its file. The second
begins when every such arrival is over.

How far a lap has come is in the table (metadata/laps.py); a message only says that there is one to run. So a message
that is lost, or comes twice, or finds another run at work, does no harm, and a sweep rings for what stands still.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib import log, moments
from chalicelib.bodies import Request
from chalicelib.cloud import Cloud
from chalicelib.debts import catch_up, clearing, pc_queues
from chalicelib.metadata import devices, laps, recalls
from chalicelib.metadata.devices import Device
from chalicelib.metadata.laps import Lap

# Within the time of the function (300 s), with room for the page in hand.
RUN = timedelta(seconds=200)
# Longer than whatever takes arrivals in, or anything else that owes, may run. SQS waits at most 900 s.
SECOND_LAP = timedelta(seconds=360)
# Who stands still for so long has died; longer than one run takes, and longer than the second lap waits.
STANDS_STILL = timedelta(minutes=10)
# AWS stops a function that has set itself off some sixteen times in a row; a sweep begins a row of its own.
MOST_HOPS = 10
_MOST_RUNG = 100


class PcChanged(Request, frozen=True):
    """A message: this PC may have a lap to run. `hops` counts the messages that a run has sent to the next."""

    owner_id: str
    device_id: str
    hops: int = 0


def pcs_changed(world: Cloud, event: Mapping[str, Any]) -> dict[str, Any]:
    """Work off a batch of messages; those that failed, and they alone, come again."""
    until = world.now() + RUN
    failures = []
    for record in event["Records"]:
        try:
            _run(world, msgspec.json.decode(record["body"], type=PcChanged), until)
        except Exception:  # noqa: BLE001 (the outermost ring: a poison message must not take its neighbours along)
            log.logger.warning("a lap failed", exc_info=True, extra={"message_id": record["messageId"]})
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def ring(world: Cloud, owner_id: str, device_id: str, *, hops: int = 0, delay: timedelta = timedelta()) -> None:
    """Say that a PC has a lap to run. Who cannot be reached is rung by the sweep, so nobody is kept waiting."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (the client below imports it anyway)

    body = json.dumps({"ownerId": owner_id, "deviceId": device_id, "hops": hops})
    try:
        queue_url = pc_queues.address_of(world, world.settings.paired_queue)
        world.sqs.send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=int(delay.total_seconds()))
    except (BotoCoreError, ClientError) as error:
        log.logger.warning("lap not rung", extra={"device_id": device_id, "why": str(error)})


def ring_for_the_silent(world: Cloud) -> None:
    """Ring for laps that nobody has moved on for too long: their message was lost, or its function killed for good.

    Who was rung for goes behind the others: a hundred that never move on must not keep the rest from being rung for.
    """
    now = world.now_text()
    for at in laps.due(world.table, now, limit=_MOST_RUNG):
        ring(world, *at)
        laps.put_off(world.table, at, now, due_at(world))


def due_at(world: Cloud) -> str:
    """Return when somebody shall look after a lap that is not moved on before."""
    return moments.to_text(world.now() + STANDS_STILL)


def _run(world: Cloud, told: PcChanged, until: datetime) -> None:
    """Run page after page; when the time is up, leave the rest to a message of its own."""
    device = devices.find(world.table, told.owner_id, told.device_id)
    lap = device.lap if device else None
    if device and lap:
        _prepare(world, device, lap)
    while device and lap:
        wait = _wait(world, lap)
        if wait:
            return _leave(world, told, wait)
        moved, lap = _move(world, told.owner_id, device, lap)
        if not moved:
            return None
        if lap and world.now() >= until:
            return _leave(world, told)
    log.logger.info("nothing left to do", extra={"device_id": told.device_id})
    return None


def _prepare(world: Cloud, device: Device, lap: Lap) -> None:
    """Remove the queue of a PC that was revoked, and what it was asked for: who revoked it may have died before."""
    if lap.what == laps.CLEAR:
        recalls.forget(world.table, device.device_id)
    if lap.what == laps.CLEAR and device.queue_url:
        pc_queues.remove(world, device.queue_url)


def _wait(world: Cloud, lap: Lap) -> timedelta:
    """Return how long a lap has to wait for arrivals that have not heard of the change."""
    begins = moments.from_text(lap.since) + SECOND_LAP
    return max(begins - world.now(), timedelta()) if lap.number == 2 else timedelta()  # noqa: PLR2004 (the second)


def _move(world: Cloud, owner_id: str, device: Device, lap: Lap) -> tuple[bool, Lap | None]:
    """Work off a page; say whether the lap is still ours, and what is left of it."""
    page = catch_up.owe_page if lap.what == laps.OWE else clearing.clear_page
    done = page(world, owner_id, device, lap.after)
    if done is None:
        return False, lap
    left, found = lap.on(done.last, done.changed, done.elsewhere), None
    if done.last is None and lap.what == laps.OWE:
        found = {"files": lap.elsewhere + done.elsewhere, "countedAt": world.now_text()}
    return laps.move(world.table, (owner_id, device.device_id), lap, left, due_at(world), found), left


def _leave(world: Cloud, told: PcChanged, delay: timedelta = timedelta()) -> None:
    if told.hops < MOST_HOPS:
        ring(world, told.owner_id, told.device_id, hops=told.hops + 1, delay=delay)
