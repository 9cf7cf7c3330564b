"""Flushes the folders of files that came home, many files at a time, in a thread of its own.

A drive takes as long for one new name as for a hundred. While it does, workers go on and names gather.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from agent.drive import disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.drive.home import Home

Named = TypeVar("Named")
GATHERING_SECONDS = 0.02
"""Flushing 2,000 names one by one takes a tenth of the processor time that the files themselves take."""


class Folders(Generic[Named]):
    """Takes what got a new name, and reports it when that name would survive a power cut, or why it would not."""

    def __init__(
        self,
        home: Home,
        report: Callable[[Named, Exception | None], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start the thread; `report` is called in it."""
        self._home, self._report, self._pause = home, report, pause
        self._queue: SimpleQueue[tuple[Path, Named] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._toil, name="folders", daemon=True)
        self._thread.start()

    def flush(self, target: Path, named: Named) -> None:
        """Flush the folders of a target soon."""
        self._queue.put((target, named))

    def dismiss(self, seconds: float) -> None:
        """Flush what is there and end, waiting a little while for it."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _toil(self) -> None:
        while (first := self._queue.get()) is not None:
            self._pause(GATHERING_SECONDS)
            batch, last = self._gathered(first)
            trouble = self._flushed([target for target, _ in batch])
            for _, named in batch:
                self._report(named, trouble)
            if last:
                return

    def _gathered(self, first: tuple[Path, Named]) -> tuple[list[tuple[Path, Named]], bool]:
        """Take all that is there, and tell whether it was the last."""
        batch = [first]
        try:
            while (one := self._queue.get_nowait()) is not None:
                batch.append(one)
        except Empty:
            return batch, False
        return batch, True

    def _flushed(self, targets: list[Path]) -> Exception | None:
        try:
            with disk.disk_errors(targets[0].parent):
                disk.flush_folders(self._home, targets)
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop judges it, file by file
            return error
        return None
