"""One agent a home folder: a lock that the operating system drops when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from agent.errors import AlreadyRunningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.home import Home


@contextlib.contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the home folder's lock, or raise when another process has it."""
    handle = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _try_lock(handle):
            raise AlreadyRunningError(home)
        yield
    finally:
        os.close(handle)


def is_held(home: Home) -> bool:
    """Tell whether an agent is running for the home folder."""
    try:
        with only_one(home):
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
