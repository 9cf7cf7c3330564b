"""`python -m bench`: who brings the same files home in which time. The agent keeps all its promises meanwhile."""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import aws, rolls, servers, tools
from bench.contestants import Contestant, Run, Task, contestants, empty, far_apart, prepare, require_all
from bench.figures import table

WHERE = Path("build/bench")
SCALES = {"tiny": 0.01, "small": 0.25, "full": 1.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    chosen = _parser().parse_args(arguments)
    found = tools.find(WHERE / "tools", aws=chosen.aws)
    machine = f"{os.cpu_count()} cores, {platform.platform()}, load {os.getloadavg()[0]:.1f}"
    print(f"machine: {machine}; {', '.join(found.versions())}", flush=True)
    known = contestants(found) | aws.contestants(found)
    if chosen.who:
        known = {name: run for name, run in known.items() if name in chosen.who.split(",")}
    shutil.rmtree(WHERE / "fetched", ignore_errors=True)
    fetched = far_apart(WHERE.resolve() / "fetched" / str(os.getpid()))
    for roll in rolls.rolls(SCALES[chosen.size]):
        if not chosen.only or roll.name in chosen.only.split(","):
            print(table(roll, _measured(roll, known, found, chosen, fetched)), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--size", choices=SCALES, default="small")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each fetches everything (default: %(default)s)"
    )
    parser.add_argument("--only", help="only these rolls, as in small,photos")
    parser.add_argument("--who", help="only these contestants, as in agent,s5cmd")
    parser.add_argument("--aws", action="store_true", help="measure AWS's own ways as well, and one file at a time")
    return parser


def _measured(
    roll: rolls.Roll, known: dict[str, Contestant], found: tools.Tools, chosen: argparse.Namespace, fetched: Path
) -> dict[str, list[Run]]:
    """Let all fetch by turns, so that whatever else the machine does meets everyone alike."""
    folder = (WHERE / f"served-{chosen.size}").resolve()
    made = rolls.make(folder, roll)
    runs: dict[str, list[Run]] = {name: [] for name in known}
    with servers.served(found.rclone, folder) as near, servers.far(near, roll.delay) as address:
        for number in range(chosen.rounds):
            for name in random.sample(list(known), len(known)):
                into = prepare(fetched / f"{roll.name}-{number}-{name}" / "into")
                runs[name].append(known[name](Task(roll, made, address, into)))
                require_all(roll, into, name)
                empty(into)
    return runs


if __name__ == "__main__":
    sys.exit(main())
