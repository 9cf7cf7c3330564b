"""What a push tells: a line a file, or progress in a terminal and the failures, and the sum at the end."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TextIO

from agent.push import progress
from agent.push.local import Fate

if TYPE_CHECKING:
    from agent.push.local import Outcome
    from agent.push.progress import Meter

DRAW_SECONDS = 0.5
ERASE = "\r\x1b[K"
WORTH_A_LINE = {Fate.FAILED, Fate.SKIPPED, Fate.WOULD_SEND}
WORDS = {
    Fate.SAFE: "sent and safe",
    Fate.KNOWN: "known already",
    Fate.SKIPPED: "skipped",
    Fate.FAILED: "failed",
    Fate.WOULD_SEND: "would be sent",
}


@dataclass(frozen=True)
class Manner:
    """How to tell it."""

    out: TextIO
    as_json: bool = False
    terminal: bool = False


class Report:
    """Tells outcomes as they come, and sums them up."""

    def __init__(self, manner: Manner, meter: Meter) -> None:
        """Begin with nothing told."""
        self._manner, self._meter = manner, meter
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._files: Counter[Fate] = Counter()
        self._bytes: Counter[Fate] = Counter()
        self._drawer = threading.Thread(target=self._draw, name="progress", daemon=True)

    def __enter__(self) -> Self:
        """Begin to draw progress, in a terminal."""
        if self._manner.terminal and not self._manner.as_json:
            self._drawer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End drawing."""
        self._ended.set()
        if self._drawer.is_alive():
            self._drawer.join()
            self._print(ERASE, end="")

    def tell(self, outcome: Outcome) -> None:
        """Tell what became of a file."""
        self._files[outcome.fate] += 1
        self._bytes[outcome.fate] += outcome.size
        self._meter.settled(outcome)
        if self._manner.as_json:
            self._print(json.dumps(_as_json(outcome)))
        elif not self._manner.terminal:
            self._print(_as_text(outcome))
        elif outcome.fate in WORTH_A_LINE:
            self._print(ERASE + _as_text(outcome))

    def sum_up(self) -> None:
        """Tell how it went in all."""
        if self._manner.as_json:
            told = {fate.value: {"files": self._files[fate], "bytes": self._bytes[fate]} for fate in Fate}
            self._print(json.dumps({"summary": told, "allSafe": self.exit_code() == 0}))
            return
        parts = [
            f"{count:,} {WORDS[fate]} ({progress.amount(self._bytes[fate])})" for fate, count in self._files.items()
        ]
        self._print(", ".join(parts) or "nothing to push")

    def exit_code(self) -> int:
        """Return 0 only if every file is safe, 1 if some failed, 6 if a dry run found some to send."""
        if self._files[Fate.FAILED]:
            return 1
        return 6 if self._files[Fate.WOULD_SEND] else 0

    def _draw(self) -> None:
        while not self._ended.wait(DRAW_SECONDS):
            now = self._meter.now()
            self._print(ERASE + progress.line(now, self._meter.pace()), end="")

    def _print(self, text: str, end: str = "\n") -> None:
        with self._lock:
            print(text, end=end, file=self._manner.out, flush=True)


def _as_json(outcome: Outcome) -> dict[str, object]:
    told: dict[str, object] = {"file": outcome.local_id, "outcome": outcome.fate.value, "size": outcome.size}
    more = {"fileId": outcome.file_id, "reason": outcome.reason}
    return told | {name: value for name, value in more.items() if value}


def _as_text(outcome: Outcome) -> str:
    size = f"  ({progress.amount(outcome.size)})" if outcome.size else ""
    return f"{WORDS[outcome.fate]:13}  {outcome.local_id}{size}" + (f": {outcome.reason}" if outcome.reason else "")
