"""Flushes a large file while more of it is written, so that little is left to flush when it ends.

Only time hangs on it: what counts is the flush by the handle that wrote, which also tells of every error before.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 32 * 1024 * 1024


class Ahead:
    """Flushes one file in a thread beside its writer, never twice at once. Nobody waits for it but the end."""

    def __init__(self, write: Callable[[memoryview], None], flush: Callable[[], None]) -> None:
        """Take how to write, and how to flush by another handle: Windows lets no write pass a flush of the same."""
        self._write, self._flush = write, flush
        self._written = 0
        self._thread: threading.Thread | None = None

    def write(self, chunk: memoryview) -> None:
        """Write bytes; every so often begin to flush them."""
        self._write(chunk)
        self._written += len(chunk)
        if self._written >= EVERY and not (self._thread and self._thread.is_alive()):
            self._written = 0
            self._thread = threading.Thread(target=self._try, name="ahead", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait until nobody has the file open but its writer."""
        if self._thread:
            self._thread.join()

    def _try(self) -> None:
        with contextlib.suppress(OSError):
            self._flush()
