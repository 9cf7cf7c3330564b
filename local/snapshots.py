"""Write the emulator's state to disk while it runs, so that a kill costs seconds, not everything.

MiniStack saves only on a clean stop. This asks it for the state of what changed (on its event loop, so
nothing moves meanwhile), writes the files in a thread, and waits long enough between two snapshots that
they never take more than a twentieth of the time.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.disk import read_json, write_json

logger = logging.getLogger(__name__)

SHORTEST_PAUSE = 1.0
SHARE_OF_TIME = 20
UNKEPT = frozenset({"cloudwatch_logs", "cloudwatch"})

GetState = Callable[[], Any]


@dataclass(frozen=True)
class LastSnapshot:
    """When the state on disk was current (seconds since the epoch), and whether the emulator stopped cleanly then."""

    taken: float
    clean: bool


def read_last(file: Path) -> LastSnapshot | None:
    """Read when the last snapshot was taken; `None` when there never was one."""
    if not file.exists():
        return None
    found = read_json(file)
    return LastSnapshot(float(found.get("taken", 0)), bool(found.get("clean", False)))


def write_last(file: Path, last: LastSnapshot) -> None:
    """Record a snapshot, or that the emulator is running and so is not clean."""
    write_json(file, {"taken": last.taken, "clean": last.clean})


def pause_after(cost: float) -> float:
    """How long to leave the emulator alone after a snapshot that took this many seconds."""
    return max(SHORTEST_PAUSE, cost * SHARE_OF_TIME)


def wanted(changed: frozenset[str], kept: Mapping[str, GetState]) -> dict[str, GetState]:
    """Choose what to save: what changed, or everything, but never the logs."""
    if "*" in changed:
        return {key: state for key, state in kept.items() if key not in UNKEPT}
    return {key: state for key, state in kept.items() if key in changed}


class Snapshots:
    """Collects what changed, and saves it once in a while."""

    def __init__(
        self, file: Path, kept: Callable[[], Mapping[str, GetState]], save: Callable[[str, Any], None]
    ) -> None:
        self._file = file
        self._kept = kept
        self._save = save
        self._changed: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()

    def note(self, changed: frozenset[str]) -> None:
        """Remember that this part of the state may differ from what is on disk."""
        self._changed |= changed

    async def keep_taking(self) -> None:
        """Take snapshots for as long as the emulator runs; cancelled at its end."""
        pause = SHORTEST_PAUSE
        while True:
            await asyncio.sleep(pause)
            if self._changed:
                pause = pause_after(await self.take())

    async def take(self) -> float:
        """Save what changed, and say how many seconds that kept the event loop from answering.

        A part that could not be saved counts as changed still, and the time of the snapshot stays the old one.
        """
        async with self._lock:
            changed, self._changed = self._changed, frozenset()
            taken, began = time.time(), time.perf_counter()
            states, missed = collect(wanted(changed, self._kept()))
            cost = time.perf_counter() - began
            self._changed |= missed | await asyncio.to_thread(self._write, states, taken, whole=not missed)
            return cost

    def _write(self, states: Mapping[str, Any], taken: float, *, whole: bool) -> frozenset[str]:
        """Save, and name what could not be: a full disk costs this snapshot, not all that follow."""
        unsaved = frozenset(states)
        try:
            for key, state in states.items():
                self._save(key, state)
                unsaved -= {key}
            if whole:
                write_last(self._file, LastSnapshot(taken, clean=False))
        except OSError:
            logger.exception("the snapshot could not be written; it is tried again")
            return unsaved or frozenset(states)
        return unsaved


def saving(folder: Path, save: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """Make the emulator's way of saving tell the truth: it logs what it could not write, and returns all the same."""

    def save_or_raise(key: str, state: Any) -> None:
        file = folder / f"{key}.json"
        before = _identity(file)
        save(key, state)
        if _identity(file) == before:
            raise OSError(f"{file} was not written; the log of the cloud says why")

    return save_or_raise


def _identity(file: Path) -> tuple[int, int] | None:
    if not file.exists():
        return None
    found = file.stat()
    return found.st_ino, found.st_mtime_ns


def collect(kept: Mapping[str, GetState]) -> tuple[dict[str, Any], frozenset[str]]:
    """Ask each part for its state; a part that was moving while it was read is named, to be asked again."""
    states: dict[str, Any] = {}
    missed = set()
    for key, get_state in kept.items():
        try:
            states[key] = get_state()
        except RuntimeError:
            logger.warning("the state of %s moved while it was read; it is read again", key)
            missed.add(key)
    return {key: state for key, state in states.items() if state is not None}, frozenset(missed)


def broken_file(folder: Path) -> tuple[Path, str] | None:
    """Find the first file of saved state that cannot be read back.

    The emulator would start without that service and save the emptiness over it.
    """
    for file in sorted(folder.glob("*.json")):
        try:
            with file.open(encoding="utf-8") as text:
                json.load(text)
        except (OSError, ValueError) as error:
            return file, str(error)
    return None
