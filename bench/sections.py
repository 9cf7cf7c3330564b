"""`make bench` beyond who fetches fastest: what starts, routes, files and questions take, each section as Markdown."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.needed import ENVIRONMENT

WHERE = Path("build/bench")
SCALES = {"tiny": 0.01, "small": 0.2, "full": 1.0}


@dataclass(frozen=True)
class Section:
    """A section: what it is called, and how it is measured at a scale of 1 or less."""

    title: str
    measure: Callable[[float], str]


def _cold(scale: float) -> str:
    from bench import cold  # noqa: PLC0415 (a section pays for its own imports only)

    return cold.section(max(1, round(7 * scale)), WHERE.resolve() / "lambda")


def _routes(scale: float) -> str:
    from bench import routes  # noqa: PLC0415 - as above

    return routes.section(max(5, round(300 * scale)))


def _cost(_scale: float) -> str:
    from bench import asked  # noqa: PLC0415 - as above

    return asked.section()


def _homeward(scale: float) -> str:
    from bench import homeward  # noqa: PLC0415 - as above

    return homeward.section(max(2, round(30 * scale)))


def _known(scale: float) -> str:
    from bench import known  # noqa: PLC0415 - as above

    return known.section(scale)


def _push(scale: float) -> str:
    from bench import tools, uploads  # noqa: PLC0415 - as above

    return uploads.section(tools.find(WHERE / "tools", aws=True), WHERE, scale, 3 if scale == 1 else 1)


SECTIONS = {
    "cold": Section("Cold starts", _cold),
    "routes": Section("What a request takes, without AWS", _routes),
    "cost": Section("Calls and cost of 10,000 photos", _cost),
    "homeward": Section("From the last byte in S3 to home", _homeward),
    "known": Section("Which contents are missing", _known),
    "push": Section("Sending many small files", _push),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.sections", description=__doc__)
    parser.add_argument("--size", choices=SCALES, default="small")
    parser.add_argument("--only", help=f"only these, of {', '.join(SECTIONS)}")
    told = parser.parse_args(arguments)
    os.environ.update(ENVIRONMENT)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    for name in wanted(told.only):
        begun, load = time.monotonic(), os.getloadavg()[0]
        print(f"\n## {SECTIONS[name].title}\n", flush=True)
        print(SECTIONS[name].measure(SCALES[told.size]), flush=True)
        print(f"\n{os.cpu_count()} cores, {platform.platform()}, load {load:.1f}, {time.monotonic() - begun:.0f} s")
    return 0


def wanted(only: str | None) -> list[str]:
    """Return the sections to measure; names that are none of ours are rolls of files, which `bench` knows."""
    return [name for name in SECTIONS if not only or name in only.split(",")]


if __name__ == "__main__":
    sys.exit(main())
