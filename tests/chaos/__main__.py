"""`python -m tests.chaos`: everything at once, and what came of it."""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import NoReturn

from chalicelib import log
from tests.chaos.story import SENT, Asked, run

FILES, SEED, SHARE = 200, 1, 0.04
PATIENCE_SECONDS = 1200


def main() -> int:
    """Run, tell, and return whether the promises were kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--share", type=float, default=SHARE, help="of all requests, how many fail")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no more waves begin")
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    log.logger.addHandler(logging.NullHandler())
    _tell(f"seed {told.seed}, {told.files} files, {told.share:.0%} of all requests fail")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backhaul-chaos-", ignore_cleanup_errors=True) as folder:
        try:
            with redirect_stdout(io.StringIO()):  # the cloud's own metrics are printed lines
                deadline = began + PATIENCE_SECONDS + 2 * told.files
                asked = Asked(told.files, told.seed, told.share, deadline, began + 60 * told.minutes)
                counts, found = run(
                    asked, Path(folder), lambda line: _tell(f"{time.monotonic() - began:>6.0f} s  {line}")
                )
        finally:
            if keep := os.environ.get("CHAOS_KEEP"):
                subprocess.run(["cp", "-r", folder, keep], check=False)
    _tell("\n".join(["", "what happened", *(f"{count:>8}  {what}" for what, count in sorted(counts.items()))]))
    _tell("\n".join(["", "verdict", *found.lines(), ""]))
    outcome = "All promises were kept" if found.is_good else "PROMISES WERE BROKEN"
    _tell(f"{outcome}: seed {told.seed}, {counts[SENT]} of {told.files} files, {_since(began)} s")
    return 0 if found.is_good else 1


def _since(began: float) -> int:
    return round(time.monotonic() - began)


def _tell(line: str) -> None:
    print(line, file=sys.__stdout__, flush=True)


def _end(*_: object) -> NoReturn:
    raise SystemExit("ended by a signal")


if __name__ == "__main__":
    sys.exit(main())
