"""Worker threads that take tasks and report what came of them.

They are daemons: whatever a worker is doing when the program ends is safe to be cut off, as by a power cut.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Task = TypeVar("Task")
Result = TypeVar("Result")


class Crew(Generic[Task, Result]):
    """Workers on one queue of tasks, as many as were ever wanted at once."""

    def __init__(self, work: Callable[[Task], Result], report: Callable[[Task, Result | Exception], None]) -> None:
        """Take what a worker does; `report` is called in its thread. Nobody works yet."""
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._work, self._report = work, report
        self._threads: list[threading.Thread] = []

    def grow(self, size: int) -> None:
        """Have so many workers at least."""
        while len(self._threads) < size:
            thread = threading.Thread(target=self._toil, name=f"fetcher-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def give(self, task: Task) -> None:
        """Give the crew a task."""
        self._tasks.put(task)

    def dismiss(self, seconds: float) -> None:
        """Let the workers go home, waiting for them a little while in all."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(seconds / len(self._threads))

    def _toil(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                result: Result | Exception = self._work(task)
            except Exception as error:  # noqa: BLE001 - whatever a task raises is its result; the loop judges it
                result = error
            self._report(task, result)
