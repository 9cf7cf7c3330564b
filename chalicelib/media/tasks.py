"""Media work that waits: how it is asked for, asked for again when its message was lost, and given up in the end.

A message costs nothing to lose: the table holds the debt (metadata/media.py), and the sweep looks after it.
"""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from chalicelib import keys, log, metrics, moments
from chalicelib.bodies import Request
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming.s3_events import Arrival
from chalicelib.library import indexing
from chalicelib.metadata import files
from chalicelib.metadata import media as kept
from chalicelib.metadata.files import File
from chalicelib.metadata.media import Debt
from chalicelib.metadata.table import Operation
from chalicelib.upkeep import trouble

# A message is seen three times, an hour apart, before it is set aside; this is when it should be over.
FIRST_LOOK = timedelta(hours=4)
MOST_TRIES = 4
_MOST_IN_ONE_SHARD = 100
_MOST_IN_ONE_CALL = 10


class Look(Request, frozen=True, tag_field="what", tag="look"):
    """Look into what a file holds."""

    owner_id: str
    file_id: str


class Hash(Request, frozen=True, tag_field="what", tag="hash"):
    """Take in an object that is too large to be hashed where arrivals are."""

    key: str
    version_id: str | None = None

    def arrival(self) -> Arrival | None:
        """Return the arrival that waits for its hash; a key that is not ours names none."""
        original = keys.parse(self.key)
        return Arrival(original, self.version_id) if original else None


Task = Look | Hash


def parse(body: str) -> Task:
    """Read a message."""
    task: Task = msgspec.json.decode(body, type=Task)
    return task


def debt(file: File, world: Cloud) -> Operation:
    """Return what is written with an arrival, so that its media work cannot be forgotten."""
    return kept.owed(file, moments.to_text(world.now() + FIRST_LOOK))


def ask(world: Cloud, tasks: Iterable[Task]) -> None:
    """Put tasks into the queue. One that cannot be put there is told to the log: the debt stays."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (the client below imports it anyway)

    bodies = [msgspec.json.encode(task).decode() for task in tasks]
    for start in range(0, len(bodies), _MOST_IN_ONE_CALL):
        some = bodies[start : start + _MOST_IN_ONE_CALL]
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(some)]
        try:
            reply = world.sqs.send_message_batch(QueueUrl=world.media_queue_url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            log.logger.warning("media work not asked for", extra={"why": str(error), "count": len(some)})
            return
        if reply.get("Failed"):
            log.logger.warning("media work not asked for", extra={"count": len(reply["Failed"])})


def sweep(world: Cloud) -> None:
    """Ask again for media work that should long be done; report what nobody gets done."""
    now, asked, left = world.now(), 0, 0
    for shard in range(files.DUE_SHARDS):
        due = kept.due(world.table, shard, moments.to_text(now), limit=_MOST_IN_ONE_SHARD)
        again = [debt for debt in due if debt.tries < MOST_TRIES and _put_off(world, debt)]
        ask(world, [Look(debt.owner_id, debt.file_id) for debt in again])
        asked += len(again)
        left += sum(_give_up(world, debt) for debt in due if debt.tries >= MOST_TRIES)
    metrics.tell(world.settings.stage, now, {"MediaAskedAgain": asked, "MediaGivenUp": left})


def _put_off(world: Cloud, debt: Debt) -> bool:
    return _changed(world, kept.put_off(debt, moments.to_text(world.now() + FIRST_LOOK * 2**debt.tries)))


def _give_up(world: Cloud, debt: Debt) -> bool:
    given_up = _changed(world, kept.given_up(debt))
    if given_up:
        indexing.index(world, debt.owner_id, debt.file_id)
        trouble.report(world, "media work given up", tries=debt.tries, **log.about(debt.owner_id, debt.file_id))
    return given_up


def _changed(world: Cloud, operation: Operation) -> bool:
    try:
        world.table.put(operation)
    except ConditionFailedError:
        return False
    return True
