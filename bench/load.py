"""`make load`: what requests and rounds ask of the table, for an owner with few files and one with many.

It must be the same. Counted are the calls, DynamoDB's units, and the items that reads look at; on the simulator's table
in memory, since moto takes minutes for a partition as large. No clock plays a part.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import random
import sys
from collections import Counter
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from moto import mock_aws

from bench.capacity import item_bytes, query_units, read_units, write_units
from bench.journey import numbered
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
from tests.simulation.memory_table import Change, MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.builders import Pc, Phone

SIZES = (1_000, 10_000, 100_000)
PAGE = 500
_TEMPLATE = b"the one that all others are made after"

Counts = dict[str, int]


class Owner:
    """An owner with so many files that a PC is owed, and what they and what runs by itself ask for."""

    def __init__(self, files: int) -> None:
        self.account = Account()
        numbered(self.account.world)
        self.counts: Counter[str] = Counter()
        self._operation = ""
        self.memory = MemoryTable(self._wire)
        self.memory.committed = self._committed
        self.account.world.table = Table(self.memory, TABLE, sleep=lambda _: None)
        self.pc: Pc = self.account.pc()
        self.pc.finish_laps()
        self.phone: Phone = self.account.phone()
        self._stock(files)
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
        return {name: self._counted(deed) for name, deed in deeds.items()}

    def _counted(self, deed: Callable[[], Any]) -> Counts:
        self.counts.clear()
        deed()
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
        patterns = [json.dumps(item) for item in made if (item["pk"]["S"], item["sk"]["S"]) not in before]
        for n in range(1, files):
            self._write_like(patterns, {file_id: f"{file_id[:24]}{n:07x}{n % 16:x}", sha256(_TEMPLATE): f"{n:064x}"})

    def _write_like(self, patterns: Sequence[str], other: dict[str, str]) -> None:
        for text in patterns:
            for old, new in other.items():
                text = text.replace(old, new)  # noqa: PLW2901 (one replacement after the other)
            item = json.loads(text)
            self.memory._commit([Change((item["pk"]["S"], item["sk"]["S"]), None, item)])  # noqa: SLF001

    def _wire(self, operation: str, call: Callable[[], Any]) -> Any:
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


def measure(size: int) -> dict[str, Counts]:
    """Count all of it for an owner with so many files."""
    # Which of an owner's eight counters a write moves is left to chance; here it is the same chance for all.
    random.seed(8)
    with mock_aws(), redirect_stdout(io.StringIO()), log.only_errors():
        return Owner(size).ask()


def table(found: dict[int, dict[str, Counts]]) -> str:
    """Lay calls, units read and written, and items read side by side, as Markdown."""
    sizes = sorted(found)
    head = f"| what | {' | '.join(f'{size:,} files' for size in sizes)} |\n|---|{'---|' * len(sizes)}"
    rows = [f"| {what} | {' | '.join(_cell(found[size][what]) for size in sizes)} |" for what in found[sizes[0]]]
    return "\n".join([head, *rows])


def _cell(counts: Counts) -> str:
    reads = counts.get("halfReads", 0) / 2
    return f"{counts.get('calls', 0)} · {reads:g} · {counts.get('writes', 0)} · {counts.get('itemsRead', 0)}"


def main() -> int:
    """Print the table: calls, units read, units written, items read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=SIZES)
    found = {size: measure(size) for size in parser.parse_args().files}
    print("Calls · units read · units written · items read\n")
    print(table(found))
    first, *others = found.values()
    return 0 if all(other == first for other in others) else 1


if __name__ == "__main__":
    sys.exit(main())
