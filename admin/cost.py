"""What files cost for some months, service by service, next to a simple design: `python -m admin.cost --files 10000`.

One table of prices (`chalicelib/library/prices.py`), and counted operations (`operations.json`, which `make
count-operations` writes). What could not be counted off AWS is below by name, with how it was arrived at: docs/COST.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.library.prices import AS_OF, PRICES, RATES, REGION

PROJECT = Path(__file__).resolve().parents[1]
OPERATIONS = Path(__file__).with_name("operations.json")
LEGS = ("begin", "arrive", "media", "home", "grace")
_GIB = 2**30
_MIB = 2**20
_PICO = 10**12
# A month in the middle of the year.
_DAYS = 30.4
_MINUTES = 30.4 * 24 * 60

# Not counted, for no emulator has AWS's clock: MiB of memory times seconds that a warm call takes.
_MIB_SECONDS = {
    "call": 512 * 0.1,
    "authorizer": 1024 * 0.01,
    "api": 1024 * 0.06,
    "look": 2048 * 0.8,
    "sweep": 512 * 0.5,
}
_LOG_BYTES_PER_CALL = 1024
_PREVIEW_BYTES = 200 * 1024
# Seven days of grace, a day until the lifecycle runs, thirty more as a noncurrent version.
_KEPT_DAYS = 38
# Lambda asks each queue with five long polls at a time; a PC asks with one, of twenty seconds.
_LAMBDA_QUEUES, _LAMBDA_POLLERS, _POLLS_A_MINUTE = 2, 5, 3
# What a PC asks: what it is owed every 15 minutes, a heartbeat every 5, credentials every 50.
_PC_REQUESTS_A_MINUTE = 1 / 15 + 1 / 5 + 1 / 50
_RUNS_A_MINUTE = {"sweep_pending": 1 / 15, "sweep_home": 1 / 60, "watch": 1 / 60}
# A metric is charged for the hours in which it is told. Not counted: somebody sends something in so many hours a day.
_BUSY_HOURS = 8
# What never costs anything, in dollars a month: 1M messages, 1M calls and 400,000 GiB seconds, 10 metrics of ours, 10
# that alarms look at, 3 dashboards, 5 GiB of logs, 100 GiB sent, 25 GiB of the table.
_FREE = {
    "SQS": 0.4,
    "Lambda": 5.53,
    "CloudWatch metrics": 3.0,
    "CloudWatch alarms": 1.0,
    "CloudWatch dashboards": 9.0,
    "CloudWatch logs": 2.5,
    "transfer to PCs": 9.0,
    "DynamoDB storage": 6.25,
}

Dollars = defaultdict[str, float]


@dataclass(frozen=True)
class Asked:
    """So many files of so many MiB, taken home by so many PCs, and looked at for so many months."""

    files: int = 10_000
    mb: int = 3
    pcs: int = 1
    months: int = 1
    region: str = REGION


@dataclass(frozen=True)
class Standing:
    """What a stage has whether it is used or not; alarms are counted by the metrics they look at, as AWS does."""

    alarms: int
    dashboards: int


def ours(asked: Asked, counted: Mapping[str, Any], standing: Standing) -> Dollars:
    """Estimate what Backhaul costs."""
    total: Dollars = defaultdict(float)
    _add(total, asked, per_file(counted, asked.pcs), asked.files)
    size, rates = asked.files * asked.mb * _MIB, RATES[asked.region]
    kept = min(asked.months, _KEPT_DAYS / _DAYS)
    stored = size * kept + asked.files * _PREVIEW_BYTES * asked.months
    total["S3 storage"] += stored / _GIB * rates.stored_gib / _PICO
    table = counted["pcs"]["1"]["kept"]["tableBytes"] / counted["files"] * asked.files
    total["DynamoDB storage"] += table / _GIB * rates.table_gib / _PICO * asked.months
    total["transfer to PCs"] += size * asked.pcs / _GIB * rates.sent_gib / _PICO
    _add_idle(total, asked, counted)
    total["CloudWatch metrics"] += _metrics(counted["pcs"]["1"]["told"]) * rates.metric * asked.months / _PICO
    total["CloudWatch alarms"] += standing.alarms * rates.alarm * asked.months / _PICO
    total["CloudWatch dashboards"] += standing.dashboards * rates.dashboard * asked.months / _PICO
    return total


def simple(asked: Asked) -> Dollars:
    """Estimate a simple design: a request and a write for each step of each file, everything in S3 for ever."""
    total: Dollars = defaultdict(float)
    _add(total, asked, simple_per_file(asked.pcs), asked.files)
    size, rates = asked.files * asked.mb * _MIB, RATES[asked.region]
    total["S3 storage"] += size * asked.months / _GIB * rates.stored_gib / _PICO
    total["transfer to PCs"] += size * asked.pcs / _GIB * rates.sent_gib / _PICO
    _add(total, asked, {"sqs": _POLLS_A_MINUTE * _MINUTES * asked.pcs}, asked.months)
    return total


def simple_per_file(pcs: int) -> dict[str, float]:
    """Return what one file asks in a simple design."""
    return {
        "api": 1 + pcs,
        "functions": 2 * (1 + pcs) + 1,
        "writes": 2 + pcs,
        "halfReads": 2 * pcs,
        "s3Dear": 1,
        "s3Cheap": pcs,
        "sqs": 3 * pcs,
        "call": 1,
    }


def charged(total: Dollars, months: int) -> Dollars:
    """Take off what is free every month; what is sent home is sent in one of them."""
    free = {name: much * (1 if name == "transfer to PCs" else months) for name, much in _FREE.items()}
    return defaultdict(float, {name: max(0.0, much - free.get(name, 0)) for name, much in total.items()})


def standing(project: Path = PROJECT, *, alarms: bool = True, dashboard: bool = True) -> Standing:
    """Count what alarms look at and dashboards in the template, as far as the stage is to have them."""
    template = (project / "infra" / "template.yaml").read_text(encoding="utf-8")
    return Standing(
        alarms=template.count("MetricName: ") * alarms,
        dashboards=template.count("Type: AWS::CloudWatch::Dashboard") * dashboard,
    )


def table(asked: Asked, counted: Mapping[str, Any], here: Standing) -> str:
    """Lay both estimates out side by side, the dearest first, by list price and as AWS charges them."""
    full = ours(asked, counted, here), simple(asked)
    shown = *full, *(charged(one, asked.months) for one in full)
    names = sorted({*full[0], *full[1]}, key=lambda name: -max(one[name] for one in full))
    rows = [_row(name, *(one[name] for one in shown)) for name in names]
    sums = [sum(one.values()) for one in shown]
    head = (
        f"{asked.files} files of {asked.mb} MiB, {asked.pcs} PC{'s' * (asked.pcs != 1)}, "
        f"{asked.months} month{'s' * (asked.months != 1)}, {asked.region}, prices of {AS_OF}, US dollars"
    )
    columns = f"{'':<22} {'Backhaul':>9} {'simple':>9} {'free tier off:':>15} {'simple':>8}"
    most = f"Most of it is {_most(full[0])}; with the free tier off, {_most(shown[2])}"
    return "\n".join([head, columns, *rows, _row("all of it", *sums), most])


def _row(name: str, *dollars: float) -> str:
    mine, theirs, charged_mine, charged_theirs = dollars
    return f"{name:<22} {mine:>9.2f} {theirs:>9.2f} {charged_mine:>15.2f} {charged_theirs:>8.2f}"


def _most(total: Dollars) -> str:
    name, much = max(total.items(), key=lambda one: one[1])
    return f"{name}: {100 * much / sum(total.values()):.0f} %" if much else "nothing"


def per_file(counted: Mapping[str, Any], pcs: int) -> dict[str, float]:
    """Return what one file asks; each PC beyond the first adds what the second of the counted two added."""
    one, two = (_all_legs(counted["pcs"][number]) for number in ("1", "2"))
    names, files = {*one, *two}, counted["files"]
    first = _all_legs(counted["pcs"]["1"], without="home") if pcs == 0 else one
    told = {name: (first[name] + max(pcs - 1, 0) * (two[name] - one[name])) / files for name in names}
    return {**told, "call": 1, "look": 1}


def _metrics(told: Mapping[str, int]) -> float:
    """Return for how many metrics a month is paid."""
    return told["atRest"] + (told["atWork"] - told["atRest"]) * _BUSY_HOURS / 24


def _all_legs(legs: Mapping[str, Mapping[str, int]], without: str = "") -> Counter[str]:
    total: Counter[str] = Counter()
    for leg in LEGS:
        total.update(legs[leg] if leg != without else {})
    return total


def _add(total: Dollars, asked: Asked, counts: Mapping[str, float], times: float) -> None:
    """Add what counted operations cost."""
    price, api = PRICES[asked.region], counts.get("api", 0)
    mib_seconds = sum(counts.get(name, 0) * _MIB_SECONDS[name] for name in ("call", "look", "sweep"))
    mib_seconds += api * (_MIB_SECONDS["api"] + _MIB_SECONDS["authorizer"])
    calls = counts.get("functions", 0)
    picos = {
        "API Gateway": api * price.api_requests,
        "Lambda": calls * price.function_calls + mib_seconds * price.function_mib_seconds,
        "DynamoDB": counts.get("writes", 0) * price.writes + counts.get("halfReads", 0) / 2 * price.reads,
        "S3 requests": counts.get("s3Dear", 0) * price.puts + counts.get("s3Cheap", 0) * price.gets,
        "SQS": counts.get("sqs", 0) * price.messages,
        "CloudWatch logs": calls * _LOG_BYTES_PER_CALL / _GIB * RATES[asked.region].log_gib,
    }
    for name, pico in picos.items():
        total[name] += pico * times / _PICO


def _add_idle(total: Dollars, asked: Asked, counted: Mapping[str, Any]) -> None:
    """Add what a stage does by itself: sweeps, Lambda's polls, and the PCs' own."""
    legs = counted["pcs"]["1"]
    for name, runs in _RUNS_A_MINUTE.items():
        _add(total, asked, {**legs[f"idle {name}"], "functions": 1, "sweep": 1}, runs * _MINUTES * asked.months)
    polls = _POLLS_A_MINUTE * (_LAMBDA_QUEUES * _LAMBDA_POLLERS + asked.pcs)
    requests = _PC_REQUESTS_A_MINUTE * asked.pcs
    idle = {"sqs": polls, "api": requests, "functions": 2 * requests, "halfReads": 4 * requests, "writes": requests}
    _add(total, asked, idle, _MINUTES * asked.months)


def read(file: Path = OPERATIONS) -> dict[str, Any]:
    """Read the counted operations."""
    counted: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return counted


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m admin.cost", description="Estimate what files cost.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--mb", type=int, default=3, help="MiB of each")
    parser.add_argument("--pcs", type=int, default=1)
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--region", choices=sorted(PRICES), default=REGION)
    parser.add_argument("--no-alarms", action="store_true", help="as a stage nobody is told of")
    parser.add_argument("--no-dashboard", action="store_true", help="as with DASHBOARD=off")
    told = parser.parse_args(arguments)
    asked = Asked(told.files, told.mb, told.pcs, told.months, told.region)
    print(table(asked, read(), standing(alarms=not told.no_alarms, dashboard=not told.no_dashboard)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
