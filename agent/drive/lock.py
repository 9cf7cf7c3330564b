"""One agent a home folder: a lock that the operating system drops when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from agent.errors import AlreadyRunningError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agent.drive.home import Home


PAUSES = (0.05, 0.2)
"""`status` looks whether the lock is held by taking it for a moment: an agent that starts just then looks again."""


@contextlib.contextmanager
def only_one(
    home: Home, pauses: Sequence[float] = PAUSES, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the home folder's lock, or raise when another process keeps it."""
    handle = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        for pause in (*pauses, None):
            if _try_lock(handle):
                break
            if pause is None:
                raise AlreadyRunningError(home)
            sleep(pause)
        yield
    finally:
        os.close(handle)


def is_held(home: Home) -> bool:
    """Tell whether an agent is running for the home folder."""
    try:
        with only_one(home, pauses=()):
            return False
    except AlreadyRunningError:
        return True
    except OSError:
        return False


def _try_lock(handle: int) -> bool:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows alone

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415 - does not exist on Windows

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
