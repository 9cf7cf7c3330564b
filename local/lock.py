"""One system a state folder: a lock file that the operating system lets go when its holder dies."""

import os
import sys
from pathlib import Path
from typing import IO

from local.errors import AlreadyRunningError

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(1_000_000)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """Held from `take` until `release`, or until the process is gone."""

    def __init__(self, file: Path) -> None:
        self._path = file
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Hold the lock, or say which process does."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            _take(file)
        except OSError as error:
            file.close()
            raise AlreadyRunningError(self._path.parent, holder(self._path)) from error
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go; the file stays, so that nobody locks one that was just removed."""
        if self._file is not None:
            self._file.close()
            self._file = None


def held(file: Path) -> bool:
    """Whether a process holds the lock now."""
    if not file.exists():
        return False
    lock = Lock(file)
    try:
        lock.take()
    except AlreadyRunningError:
        return True
    lock.release()
    return False


def holder(file: Path) -> int | None:
    """Read which process wrote its id into the lock file."""
    try:
        return int(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
