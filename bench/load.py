"""`make load`: what requests and rounds ask of the table, for an owner with few files and one with many.

It must be the same. Counted are the calls, DynamoDB's units, and the items that reads look at; on the simulator's table
in memory, kept in order, since moto takes minutes for a partition as large. Beside that stands what they keep our own
processor busy, with whatever AWS would do apart. That is told, not compared: it is a machine's, not the program's.
"""

from __future__ import annotations

import argparse
import gc
import io
import itertools
import json
import random
import sys
import time
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from moto import mock_aws

from bench.capacity import item_bytes, query_units, read_units, write_units
from bench.journey import numbered
from bench.large_table import LargeTable
from bench.meter import INDEXES
from chalicelib import log
from chalicelib.auth import me
from chalicelib.auth.callers import Caller
from chalicelib.auth.scopes import OWNER as PERSON
from chalicelib.incoming import missing
from chalicelib.keeping import home_sweep
from chalicelib.library import analytics, usage
from chalicelib.media import tasks, work
from chalicelib.media.sandbox import Ended, Seen
from chalicelib.metadata.table import Table
from chalicelib.upkeep import lookout, reports, sweeps
from tests.builders import OWNER, TABLE, Account, sha256
from tests.simulation.memory_table import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.builders import Pc, Phone

SIZES = (1_000, 10_000, 100_000)
PAGE = 500
_TEMPLATE = b"the one that all others are made after"

Counts = dict[str, int]


class Stopwatch:
    """The processor's time that is ours: what passes in `apart` is AWS's."""

    def __init__(self) -> None:
        self.spent = self._apart = 0.0

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Measure what is done meanwhile."""
        self._apart, began = 0.0, time.thread_time()
        yield
        self.spent = time.thread_time() - began - self._apart

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Leave out what is done meanwhile."""
        began = time.thread_time()
        try:
            yield
        finally:
            self._apart += time.thread_time() - began


class Apart:
    """A client whose calls are no time of ours."""

    def __init__(self, client: Any, watch: Stopwatch) -> None:
        self._client, self._watch = client, watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found) or name == "exceptions":
            return found

        def call(*told: Any, **asked: Any) -> Any:
            with self._watch.apart():
                return found(*told, **asked)

        return call


class Owner:
    """An owner with so many files that a PC is owed, and what they and what runs by itself ask for."""

    def __init__(self, files: int) -> None:
        self.account = Account()
        numbered(self.account.world)
        self.counts: Counter[str] = Counter()
        self._operation = ""
        self.watch, self.milliseconds = Stopwatch(), dict[str, float]()
        self.memory = LargeTable(self._wire)
        self.memory.committed = self._committed
        world = self.account.world
        world.table = Table(self.memory, TABLE, sleep=lambda _: None)  # type: ignore[arg-type] # it is no client
        world.s3, world.sqs, world.sns = (Apart(one, self.watch) for one in (world.s3, world.sqs, world.sns))
        self.pc: Pc = self.account.pc()
        self.pc.finish_laps()
        self.phone: Phone = self.account.phone()
        # Millions of items that stay are not to be looked through for rubbish, least of all in time of ours.
        gc.disable()
        self._stock(files)
        gc.freeze()
        gc.enable()
        self.account.clock.wind(days=1)
        self._names = itertools.count()

    def ask(self) -> dict[str, Counts]:
        """Do all there is to do once, and count each."""
        world, person = self.account.world, Caller(OWNER, None, frozenset({PERSON, "read"}))
        hashes = missing.Hashes([sha256(f"unknown {n}".encode()) for n in range(1000)])
        me.change(world, person, me.OwnerSettings(weekly_report=True))
        deeds: dict[str, Callable[[], Any]] = {
            "POST /uploads, 1 file": lambda: self.phone.begin(self._new()),
            "POST /uploads, 100 files": lambda: self.phone.begin(*[self._new() for _ in range(100)]),
            "POST /files/missing, 1,000 hashes": lambda: missing.find(world, self.phone.caller, hashes),
            "a file arrives": self._arrive(),
            f"GET owed, {PAGE} files": lambda: self.pc.owed(PAGE),
            "POST receipts, 100 files": self._receipts(),
            "GET /usage": lambda: usage.show(world, person),
            "GET /analytics/overview": lambda: analytics.overview(world, person),
            "GET /analytics/storage": lambda: analytics.storage(world, person),
            "sweep_pending, nothing due": lambda: sweeps.sweep_pending(world),
            "sweep_home, 100 graces begin": lambda: home_sweep.sweep_home(world),
            "watch, one PC": lambda: lookout.devices(world),
            "a weekly report": self._report,
        }
        return {name: self._counted(name, deed) for name, deed in deeds.items()}

    def _counted(self, name: str, deed: Callable[[], Any]) -> Counts:
        self.counts.clear()
        with self.watch.ours():
            deed()
        self.milliseconds[name] = 1000 * self.watch.spent
        return {name: times for name, times in sorted(self.counts.items()) if times}

    def _new(self) -> bytes:
        return f"new {next(self._names)}".encode()

    def _arrive(self) -> Callable[[], None]:
        body = b"arrives"
        (begun,) = self.phone.begin(body)
        self.account.put(begun.key, body)
        return lambda: self.account.hear(begun.key)

    def _receipts(self) -> Callable[[], None]:
        owed = self.pc.owed(100)
        return lambda: self.pc.receipt(*owed) and None

    def _report(self) -> None:
        self.account.clock.wind(days=reports.WEEK.days)
        self.counts.clear()
        reports.send(self.account.world)

    def _stock(self, files: int) -> None:
        """Bring one file in, then write down as many that differ from it by id and contents alone."""
        before = {(item["pk"]["S"], item["sk"]["S"]) for item in self.memory.everything()}
        file_id = self.phone.bring(_TEMPLATE)
        work.run(self.account.world, tasks.Look(OWNER, file_id), lambda *_: Seen(Ended("unreadable")))
        made = [item for item in self.memory.everything() if file_id in json.dumps(item)]
        patterns = [item for item in made if (item["pk"]["S"], item["sk"]["S"]) not in before]
        olds = (file_id, sha256(_TEMPLATE))
        for n in range(1, files):
            news = (f"{file_id[:24]}{n:07x}{n % 16:x}", f"{n:064x}")
            items = [_like(one, olds, news) for one in patterns]
            self.memory._commit([Change((i["pk"]["S"], i["sk"]["S"]), None, i) for i in items])  # noqa: SLF001

    def _wire(self, operation: str, call: Callable[[], Any]) -> Any:
        with self.watch.apart():
            return self._told(operation, call)

    def _told(self, operation: str, call: Callable[[], Any]) -> Any:
        self._operation = operation
        self.counts["calls"] += 1
        reply = call()
        if operation == "Query":
            self.counts["itemsRead"] += len(reply["Items"])
            self.counts["halfReads"] += round(2 * query_units(sum(map(item_bytes, reply["Items"])), lags=False))
        elif operation in ("GetItem", "BatchGetItem"):
            found = (
                [reply["Item"]]
                if reply.get("Item")
                else [one for s in reply.get("Responses", {}).values() for one in s]
            )
            self.counts["itemsRead"] += len(found)
            self.counts["halfReads"] += round(2 * read_units(map(item_bytes, found)))
        return reply

    def _committed(self, changes: Sequence[Change]) -> None:
        times = 2 if self._operation == "TransactWriteItems" else 1
        for one in changes:
            self.counts["writes"] += write_units(one.before, one.after, INDEXES.values(), times=times)


def _like(item: Any, olds: Sequence[str], news: Sequence[str]) -> Any:
    """Copy an item for another file; what names neither the file nor its contents is shared, or memory would not do."""
    return {name: _replaced(one, olds, news) if _names(one, olds) else one for name, one in item.items()}


def _names(attribute: Any, olds: Sequence[str]) -> bool:
    text = attribute["S"] if "S" in attribute else json.dumps(attribute)
    return any(old in text for old in olds)


def _replaced(attribute: Any, olds: Sequence[str], news: Sequence[str]) -> Any:
    text = json.dumps(attribute)
    for old, new in zip(olds, news, strict=True):
        text = text.replace(old, new)
    return json.loads(text)


def measure(size: int) -> dict[str, Counts]:
    """Count all of it for an owner with so many files."""
    return measured(size)[0]


def measured(size: int) -> tuple[dict[str, Counts], dict[str, float]]:
    """Count all of it, and tell how many milliseconds of our own each took."""
    # Which of an owner's eight counters a write moves is left to chance; here it is the same chance for all.
    random.seed(8)
    with mock_aws(), redirect_stdout(io.StringIO()), log.only_errors():
        owner = Owner(size)
        return owner.ask(), owner.milliseconds


def table(found: dict[int, tuple[dict[str, Counts], dict[str, float]]]) -> str:
    """Lay calls, units read and written, items read, and our own milliseconds side by side, as Markdown."""
    sizes = sorted(found)
    head = f"| what | {' | '.join(f'{size:,} files' for size in sizes)} |\n|---|{'---|' * len(sizes)}"
    rows = [f"| {what} | {' | '.join(_cell(found[size], what) for size in sizes)} |" for what in found[sizes[0]][0]]
    return "\n".join([head, *rows])


def _cell(found: tuple[dict[str, Counts], dict[str, float]], what: str) -> str:
    counts, reads = found[0][what], found[0][what].get("halfReads", 0) / 2
    asked = f"{counts.get('calls', 0)} · {reads:g} · {counts.get('writes', 0)} · {counts.get('itemsRead', 0)}"
    return f"{asked} · {found[1][what]:.1f} ms"


def main() -> int:
    """Print the table; it is an error if what is counted differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=SIZES)
    found = {size: measured(size) for size in parser.parse_args().files}
    print("Calls · units read · units written · items read · our own processor's time\n")
    print(table(found))
    first, *others = [counts for counts, _ in found.values()]
    return 0 if all(other == first for other in others) else 1


if __name__ == "__main__":
    sys.exit(main())
