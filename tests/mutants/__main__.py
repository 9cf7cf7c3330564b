"""Seeds one fault at a time into a copy of the project, and asks the tests named with it whether they notice.

    python -m tests.mutants [WORD ...]     all faults, those of a table (`debts.toml`), or with a word in file or tests
    python -m tests.mutants --one-in 5     a fifth, another with each commit; that all of them fit is always checked

Each line tells how long a trial kept a core busy, which does not depend on what else the machine is at.
Ends with 1 unless every fault is caught. README.md beside this file says how to add one.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.faults import Fault, UnsoundFaultError, chosen, read_all, require_seedable, share
from tests.mutants.trial import Trial, preload

PROJECT = Path(__file__).resolve().parents[2]
SOUND, NOTICED = 0, 1
"""pytest's exit codes: all passed; some failed. Any other says that nothing was tested."""


def main(words: list[str], one_in: int = 1) -> int:
    """Try the faults, print a line for each and a verdict, and return the exit code."""
    began = time.monotonic()
    try:
        faults = chosen(read_all(Path(__file__).parent), words)
        require_seedable(faults, PROJECT)
        faults = share(faults, one_in, _commit())
    except UnsoundFaultError as error:
        _say(f"mutants: {error}")
        return 1
    preload()
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as work:
        base = Path(work) / "base"
        _copy(base)
        wrong = _try_all(faults, base)
    _say(f"mutants: {len(faults) - wrong} of {len(faults)} caught in {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def _failing(faults: list[Fault], base: Path) -> list[str]:
    """Run every named test on the sources as they are; name those that fail: they would say nothing about a fault."""
    named = sorted({test for fault in faults for test in fault.tests})
    shares = [share for share in (named[first :: _at_once()] for first in range(_at_once())) if share]
    trials = [Trial(base, share, Path(f"{base}-{number}.log")) for number, share in enumerate(shares)]
    failing: list[str] = []
    for trial, code, _ in _run_all(iter(trials), seconds=1200):
        if code != SOUND:
            _say(f"mutants: not all named tests pass without a fault\n{trial.said()}")
            failing += trial.failed() if code == NOTICED else named
    return failing


def _try_all(faults: list[Fault], base: Path) -> int:
    """Seed each fault into a copy of its own; return how many were not caught."""
    failing = _failing(faults, base)
    tried = {f"{number}": fault for number, fault in enumerate(faults) if not fault.needs(failing)}
    caught = 0
    for trial, code, used in _run_all(_seeded(tried, base), seconds=240):
        shutil.rmtree(trial.folder)
        caught += code == NOTICED
        _say(f"{_verdict(code):8} {used:5.1f} s  {tried[trial.folder.name]}")
        if code not in (SOUND, NOTICED):
            _say(trial.said())
    for fault in faults:
        if fault.needs(failing):
            _say(f"UNTRIED  {fault}")
    return len(faults) - caught


def _verdict(code: int) -> str:
    if code == NOTICED:
        return "caught"
    return "SURVIVED" if code == SOUND else "BROKEN"


def _seeded(faults: dict[str, Fault], base: Path) -> Iterator[Trial]:
    for name, fault in faults.items():
        folder = base.parent / name
        shutil.copytree(base, folder)
        fault.seed(folder)
        yield Trial(folder, fault.tests, base.parent / f"{name}.log", ("--exitfirst",))


def _run_all(trials: Iterator[Trial], seconds: int) -> Iterator[tuple[Trial, int, float]]:
    """Run trials, as many at once as there are cores; yield each with its exit code and the seconds of CPU it took."""
    running: dict[int, Trial] = {}
    for trial in trials:
        running[trial.start(seconds)] = trial
        if len(running) == _at_once():
            yield _ended(running)
    while running:
        yield _ended(running)


def _ended(running: dict[int, Trial]) -> tuple[Trial, int, float]:
    process, status, used = os.wait3(0)
    return running.pop(process), os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def _at_once() -> int:
    return os.cpu_count() or 1


def _copy(target: Path) -> None:
    """Copy what the tests need. The caches made by the first run come along into each copy; links stay links."""
    passed_over = shutil.ignore_patterns(".git", ".venv", ".local", "build", "home", "__pycache__", ".*_cache")
    shutil.copytree(PROJECT, target, ignore=passed_over, symlinks=True)


def _commit() -> int:
    """Read the commit as a number; 0 where there is none."""
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=False)
    return int(told.stdout.strip() or "0", 16)


def _say(line: str) -> None:
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="mutants")
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--one-in", type=int, default=1)
    asked = parser.parse_args()
    sys.exit(main(asked.words, asked.one_in))
