"""One owner's world: the account in memory, what is on its way, and how anything is done in it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from chalicelib import moments
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.debts import receipts
from chalicelib.errors import Refusal
from chalicelib.metadata.table import Table
from tests.builders import OWNER, SETTINGS, TABLE, HandClock
from tests.simulation.memory_bucket import MemoryBucket, MemoryQueues, MemoryTopic
from tests.simulation.memory_table import MemoryTable
from tests.simulation.promises import Promises
from tests.simulation.stage import BrokenPromiseError, Deed, Fate, Stage

FATES = ["dies before", "dies after", "dies during", "is refused", "loses its answer and asks again"]
PAIRED_QUEUE, MEDIA_QUEUE = (arn.rpartition(":")[2] for arn in (SETTINGS.paired_queue, SETTINGS.media_queue))
PERSON = Caller(OWNER, None, frozenset({"owner", "upload", "read"}))


@dataclass(frozen=True)
class Link:
    """What a phone may put, and until when; without a body, whatever it likes, as often as it likes."""

    file_id: str
    key: str
    body: bytes | None
    until: datetime


@dataclass
class Pc:
    """A PC: its disk is with the promises, its receipts wait here to be sent."""

    caller: Caller
    unsent: list[list[receipts.Receipt]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    @property
    def device_id(self) -> str:
        assert self.caller.device_id
        return self.caller.device_id


class SimulatedCloud(Cloud):
    """The account, with ids that a seed decides."""

    def new_id(self) -> str:
        return moments.new_id(self.now(), random.getrandbits)


class World:
    """Everything there is."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        random.seed(seed)
        self.clock = HandClock()
        self.stage = Stage(self.tick, self.ended)
        self.table = MemoryTable(self.stage.wire)
        self.bucket = MemoryBucket(self.clock, self.stage.wire)
        self.queues, self.topic = MemoryQueues(self.clock, self.stage.wire), MemoryTopic(self.stage.wire)
        clients = {"dynamodb": self.table, "s3": self.bucket, "sqs": self.queues, "sns": self.topic}
        credentials = ReadOnlyCredentials("AKIDEXAMPLE", "secret", None)
        self.cloud = SimulatedCloud(SETTINGS, clients.__getitem__, self.clock, get_credentials=lambda: credentials)
        self.cloud.table = Table(self.table, TABLE, sleep=self.stage.sleep, jitter=random.random)
        self.cloud.media_queue_url = MEDIA_QUEUE
        self.promises = Promises(self.table, self.bucket, OWNER)
        self.queues.queues |= {PAIRED_QUEUE: [], MEDIA_QUEUE: []}
        self.phone = Caller(OWNER, self.cloud.new_id(), frozenset({"upload", "read"}))
        self.pcs: list[Pc] = []
        self.codes: list[str] = []
        self.links: list[Link] = []
        self.events: list[dict[str, Any]] = []
        self.called_off: set[str] = set()
        self._deeds = 0
        self.restless = False
        self._be_unruly()

    def _be_unruly(self) -> None:
        """Let DynamoDB do what it may, and mostly does not."""
        self.table.while_under_way = self.stage.under_way
        self.table.index_lag = lambda most: self.chance.choice([0, 0, most]) if self.restless else 0
        self.table.left_unread = lambda count: self.chance.choice([0] * 9 + [count // 2]) if self.restless else 0
        self.table.read_the_past = lambda: self.restless and self.chance.random() < 0.5

    def act(self, name: str, do: Callable[[], Any]) -> None:
        """Have something done, now or bit by bit, all of it or as far as fate lets it come."""
        self._deeds += 1
        fated = self.restless and self.chance.random() < 0.3
        fate = Fate(self.chance.choice(FATES), self.chance.choice([1, 2, 3, 4, 5, 7, 9])) if fated else Fate()
        deed = Deed(f"{name} {self._deeds}", do, fate)
        self.stage.tell(f"    {deed.name} begins")
        slow = self.restless and len(self.stage.parked) < 3 and self.chance.random() < 0.45
        self.stage.run(deed, *([self.chance.choice([1, 1, 2, 2, 3, 4, 6])] if slow else []))

    def ended(self, deed: Deed) -> None:
        """Judge how a deed ended: what it may be refused with, it must be ready to be asked again for."""
        error = deed.error
        known = isinstance(error, Refusal) or (
            isinstance(error, ClientError) and error.response["Error"]["Code"] == "ThrottlingException"
        )
        if error is not None and not known:
            raise BrokenPromiseError(f"{deed.name} ended with {type(error).__name__}: {error}") from error

    def tick(self) -> None:
        self.clock.wind(milliseconds=self.chance.choice([1, 3, 20]))
