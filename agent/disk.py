"""Bytes on the home drive: partials, flushing, and making a file visible at once. Knows nothing of networks.

A file has its final name only when it is complete, verified and flushed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import DiskFullError, UnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agent.home import Home
    from agent.notices import Notice

CHUNK = 256 * 1024
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
COARSEST_SECONDS = 2.0
"""FAT keeps modification times in steps of two seconds."""
FORGOTTEN_SECONDS = 30 * 86_400
PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""How long to wait, in seconds, for antivirus or an indexer to let go of a file: about three seconds in all."""


def place(home: Home, path: str) -> Path:
    """Turn a path below home into a full one, and make sure that it stays inside, links included."""
    target = home.folder.joinpath(*path.split("/"))
    inside = os.path.realpath(target).startswith(os.path.join(os.path.realpath(home.folder), ""))  # noqa: PTH118
    if not inside or ".." in path.split("/"):
        raise UnwritableError(path, "it would lie outside the home folder")
    return target


def sha256_of(path: Path) -> str:
    """Hash a whole file."""
    with path.open("rb", buffering=0) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def free_bytes(home: Home) -> int:
    """Return what is free on the home drive."""
    return shutil.disk_usage(home.folder).free


def require_room(home: Home, size: int, reserve: int) -> None:
    """Raise unless a file fits and leaves the reserve free."""
    free = free_bytes(home)
    if free < size + reserve:
        raise DiskFullError(size, free, reserve)


class Partial:
    """The bytes so far of one file, named after its contents so that other contents never continue it.

    The entity tag of the object lies beside it: without one a partial is not resumed.
    """

    def __init__(self, home: Home, notice: Notice) -> None:
        """Take the place; nothing is touched."""
        self.path = home.partials / f"{notice.file_id}.{notice.contents}.partial"
        self._etag = self.path.with_suffix(".etag")
        self._home = home
        self._notice = notice

    def resumable_bytes(self) -> int:
        """Return how many bytes may be continued."""
        return self.path.stat().st_size if self.path.exists() and self.etag() else 0

    def etag(self) -> str | None:
        """Return the entity tag the partial was begun with."""
        try:
            return self._etag.read_text(encoding="utf-8") or None
        except OSError:
            return None

    def remember(self, etag: str | None) -> None:
        """Keep the entity tag of the object whose bytes follow."""
        if etag:
            self._etag.write_text(etag, encoding="utf-8")

    def drop(self) -> None:
        """Throw the bytes away."""
        for path in (self.path, self._etag):
            path.unlink(missing_ok=True)

    def drop_others(self) -> None:
        """Throw away partials of the same file with other contents."""
        for name in os.listdir(self._home.partials):  # noqa: PTH208 - many times faster than glob, once a file
            if name.startswith(self._notice.file_id) and name not in (self.path.name, self._etag.name):
                (self._home.partials / name).unlink(missing_ok=True)


def sweep_partials(home: Home, now: float) -> None:
    """Throw away partials that nobody continued for a month: their files are not owed any more."""
    home.partials.mkdir(exist_ok=True)
    for path in home.partials.iterdir():
        if now - path.stat().st_mtime > FORGOTTEN_SECONDS:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def disk_errors(path: object, size: int = 0, reserve: int = 0) -> Iterator[None]:
    """Turn the operating system's refusals into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(size, 0, reserve) from error
        raise UnwritableError(path, error.strerror or error) from error


def write_flushed(path: Path, body: bytes | memoryview) -> None:
    """Write a body that is in memory, and flush it to the drive."""
    with path.open("wb", buffering=0) as opened:
        _write_all(opened.write, memoryview(body))
        os.fsync(opened.fileno())


def flush(path: Path) -> None:
    """Flush a file that another run or program wrote. Windows flushes none that may only be read."""
    with contextlib.suppress(PermissionError), path.open("r+b" if os.name == "nt" else "rb", buffering=0) as opened:
        os.fsync(opened.fileno())


def write_from(path: Path, start: int, chunks: Iterable[bytes], seen: Callable[[bytes], None]) -> int:
    """Write chunks from an offset on, flush, and return how long the file is now."""
    with path.open("r+b" if start else "wb", buffering=0) as opened:
        opened.seek(start)
        opened.truncate()
        for chunk in chunks:
            seen(chunk)
            _write_all(opened.write, memoryview(chunk))
        os.fsync(opened.fileno())
        return opened.tell()


def publish(
    partial: Path,
    target: Path,
    *,
    rename: Callable[[Path, Path], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Give a flushed file its final name, waiting a while for whoever has it open.

    Raises FileExistsError if somebody took the name: nothing that is there is ever replaced.
    """
    move = rename or rename_unless_taken
    target.parent.mkdir(parents=True, exist_ok=True)
    for pause in PATIENCE:
        try:
            return move(partial, target)
        except PermissionError:
            sleep(pause)
    return move(partial, target)


def rename_unless_taken(partial: Path, target: Path) -> None:
    """Move a file to a free name in one step, or raise FileExistsError.

    Windows refuses a taken name by itself. Elsewhere a second name for the same file does: a death before the first
    name goes leaves a whole file at home, and a partial that the next start drops.
    """
    if os.name == "nt":
        os.rename(partial, target)  # noqa: PTH104 - Path.rename is no other call, and this one is what Windows documents
        return
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # exFAT and some shares know no second name. Whoever calls has looked; only that moment is left open.
        os.replace(partial, target)  # noqa: PTH105 - as above
    else:
        partial.unlink()


def set_time(path: Path, modified: float | None) -> None:
    """Set the modification time if the file system can hold it; a photo is worth more than its date."""
    if modified is not None:
        with contextlib.suppress(OSError, OverflowError, ValueError):
            os.utime(path, (modified, modified))


def flush_folders(home: Home, targets: Iterable[Path]) -> None:
    """Flush the folders that got new names, up to home, so that the names survive a power cut too."""
    folders = {folder for target in targets for folder in target.parents if folder.is_relative_to(home.folder)}
    for folder in sorted(folders, reverse=True):
        _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    """Flush one folder where the operating system can (Windows cannot, and journals names itself)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(write: Callable[[memoryview], int | None], body: memoryview) -> None:
    """Write everything: an unbuffered write may take less than it was given."""
    while body:
        body = body[write(body) or 0 :]
