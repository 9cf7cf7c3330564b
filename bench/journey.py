"""What files ask of AWS on their way: begun, arrived, looked into, taken home, let go. On moto, call by call.

Each leg is counted for itself. Who calls is played as the agent and the page do it: files begun together, messages
taken ten at a time, receipts handed in together.
"""

from __future__ import annotations

import io
import itertools
import json
import os
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from moto import mock_aws

from bench.capacity import item_bytes
from bench.meter import INDEXES, Meter
from chalicelib import log
from chalicelib.auth import closures
from chalicelib.keeping import home_sweep
from chalicelib.media import tasks, work
from chalicelib.media.sandbox import About, Ended, Seen
from chalicelib.metadata import files, watches
from chalicelib.upkeep import lookout, sweeps
from tests.builders import BUCKET, OWNER, Account, Pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chalicelib.cloud import Cloud

FILES = 20
_MESSAGES = 10
# As `media_queued` is told in app.py.
_MEDIA_BATCH = 4
_SEEN = Seen(
    Ended("done"),
    About(4000, 3000, {"DateTimeOriginal": "2024:01:31 12:34:56", "Make": "Camera", "Model": "One"}),
    {"256": b"RIFF....WEBP small", "1600": b"RIFF....WEBP large"},
)

Counts = dict[str, int]


def count(pcs: int, number: int = FILES) -> dict[str, Counts]:
    """Take some files all the way with some PCs, and count each leg."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    log.set_up()
    with mock_aws(), io.StringIO() as printed, redirect_stdout(printed), log.only_errors():
        return dict(_legs(_Journey(pcs, number), printed))


def _legs(journey: _Journey, printed: io.StringIO) -> Iterator[tuple[str, Counts]]:
    idle = {name: journey.counted(run) for name, run in journey.rounds().items()}
    yield from ((f"idle {name}", _told(counts)) for name, counts in idle.items())
    alone = journey.counted(journey.sweep)
    at_rest = _metrics(printed.getvalue())
    empty = journey.table_bytes()
    yield "begin", _told(journey.counted(journey.begin))
    yield "arrive", _told(journey.counted(journey.arrive))
    yield "media", _told(journey.counted(journey.media))
    yield "home", _told(journey.counted(journey.home))
    grace = journey.counted(journey.grace)
    grace.subtract({name: times * journey.sweeps for name, times in alone.items()})
    yield "grace", _told(grace)
    yield "kept", {"tableBytes": journey.table_bytes() - empty}
    yield "told", {"atRest": len(at_rest), "atWork": len(_metrics(printed.getvalue()))}


def _metrics(printed: str) -> set[str]:
    """Name the metrics that were printed: each is charged for every hour in which it is told."""
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith('{"_aws"')]
    return {metric["Name"] for line in lines for one in line["_aws"]["CloudWatchMetrics"] for metric in one["Metrics"]}


def _told(counts: Counter[str]) -> Counts:
    return {name: counts[name] for name in sorted(counts) if counts[name]}


class _Journey:
    """An account with a phone and PCs that are paired, and what they do."""

    def __init__(self, pcs: int, number: int) -> None:
        self.account = Account()
        numbered(self.account.world)
        self.pcs = [self.account.pc() for _ in range(pcs)]
        for pc in self.pcs:
            pc.run_lap()
        self.account.clock.wind(days=1)
        for pc in self.pcs:
            pc.run_lap()
        for name in lookout.SWEEPS:
            watches.ran(self.account.world.table, name, self.account.world.now_text())
        self.phone = self.account.phone()
        self.bodies = [b"\xff\xd8\xff" + f"photo {n:06}".encode() for n in range(number)]
        self.begun: list[Any] = []
        self.sweeps = 0
        self.meter = Meter(self.account.dynamodb, self.account.s3, self.account.sqs, self.account.sns)

    def counted(self, leg: Callable[[], object]) -> Counter[str]:
        with self.meter.counting() as counts:
            leg()
        return Counter(counts)

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Do what is no part of the journey."""
        before = Counter(self.meter.counts)
        yield
        self.meter.counts.clear()
        self.meter.counts.update(before)

    def called(self, *, api: int = 0, functions: int = 0, sqs: int = 0) -> None:
        """Add what no client of ours asks for: requests, functions that run, Lambda's own polls."""
        # Who asks is found out once a minute; so often that it is counted with each request.
        self.meter.counts.update({"api": api, "functions": functions + 2 * api, "sqs": sqs})

    def begin(self) -> None:
        self.called(api=1)
        self.begun = self.phone.begin(*self.bodies)

    def arrive(self) -> None:
        for begun, body in zip(self.begun, self.bodies, strict=True):
            self.account.put(begun.key, body)
            self.called(functions=1)
            self.account.hear(begun.key)

    def media(self) -> None:
        batches = -(-len(self.bodies) // _MEDIA_BATCH)
        with self.uncounted():
            told = list(_take(self.account.sqs, self.account.world.media_queue_url))
        # Lambda takes them by itself, four at a time: a receive and a delete for each batch.
        self.called(functions=batches, sqs=2 * batches)
        for body in told:
            work.run(self.account.world, tasks.parse(body), lambda *_: _SEEN)

    def home(self) -> None:
        for pc in self.pcs:
            self._take_home(pc)

    def _take_home(self, pc: Pc) -> None:
        notices = [json.loads(body) for body in _take(self.account.sqs, pc.queue_url)]
        for notice in notices:
            self.account.s3.get_object(Bucket=BUCKET, Key=notice["key"], VersionId=notice["versionId"])
        self.called(api=1)
        told = pc.receipt(*notices)
        assert all(outcome == "taken" for outcome, _ in told), told

    def rounds(self) -> dict[str, Callable[[], object]]:
        """What runs by itself, as app.py tells it; the parts that matter to what it costs."""
        world = self.account.world
        return {
            "sweep_home": lambda: (lookout.sweeps(world), self.sweep()),
            "sweep_pending": lambda: _each(world, sweeps.sweep_pending, tasks.sweep, closures.remove_closed),
            "watch": lambda: _each(world, lookout.devices, lookout.dead_letters, lookout.sweeps),
        }

    def sweep(self) -> None:
        self.sweeps += 1
        self.called(functions=1)
        home_sweep.sweep_home(self.account.world)

    def grace(self) -> None:
        """Sweep when the grace begins, when it is over, and when S3 has let the copies go."""
        self.sweeps = 0
        self.sweep()
        self.account.clock.wind(days=7, minutes=1)
        self.sweep()
        for begun in self.begun:
            self._expire(begun.key)
        self.account.clock.wind(days=2, minutes=1)
        self.sweep()
        left = [begun.file_id for begun in self.begun if not self._gone(begun.file_id)]
        assert not left, f"{len(left)} of {len(self.begun)} copies have not gone"

    def _expire(self, key: str) -> None:
        """Do as S3's lifecycle does; nobody pays for that."""
        with self.uncounted():
            self.account.s3.delete_object(Bucket=BUCKET, Key=key)

    def _gone(self, file_id: str) -> bool:
        with self.uncounted():
            file = files.find(self.account.world.table, OWNER, file_id)
        return file is not None and file.gone_at is not None

    def table_bytes(self) -> int:
        """Weigh the table and its indexes, with what DynamoDB adds to each item."""
        items = self.account.dynamodb.scan(TableName=BUCKET)["Items"]
        entries = [entry for item in items for index in INDEXES.values() if (entry := index.entry(item))]
        return sum(item_bytes(one) + 100 for one in (*items, *entries))


def _take(sqs: Any, url: str) -> Iterator[str]:
    """Take all messages out of a queue, as the agent does: ten at a time, deleted together."""
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_MESSAGES).get("Messages", []):
        gone = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=gone)
        yield from (one["Body"] for one in messages)


def numbered(world: Cloud) -> None:
    """Have ids end in turn, not by chance: what is due lies in parts of an index that their last digit chooses."""
    numbers, new_id = itertools.count(), world.new_id
    world.new_id = lambda: f"{new_id()[:-1]}{next(numbers) % 16:x}"  # type: ignore[method-assign]


def _each(world: Cloud, *parts: Callable[[Cloud], None]) -> None:
    for part in parts:
        part(world)
