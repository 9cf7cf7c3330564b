"""Bytes on the home drive: partials, flushing, and making a file visible at once. Knows nothing of networks.

A file has its final name only when it is complete, verified and flushed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agent.drive import birth, straight
from agent.drive.ahead import Ahead
from agent.drive.letting import patiently
from agent.drive.straight import Straight
from agent.errors import DiskFullError, UnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import FileIO

    from agent.drive.home import Home
    from agent.fetch.notices import Notice

CHUNK = 256 * 1024
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
NO_FULL_FLUSH = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL})
BINARY = getattr(os, "O_BINARY", 0)
TIMES_BY_HANDLE = os.utime in os.supports_fd
"""Windows knows times by paths alone, and two of them."""
COARSEST_SECONDS = 2.0
"""FAT keeps modification times in steps of two seconds."""
FORGOTTEN_SECONDS = 30 * 86_400
OUTSIDE = "it would lie outside the home folder"


def place(home: Home, path: str) -> Path:
    """Turn a path below home into a full one, and make sure that it stays inside, links included."""
    parts = path.split("/")
    target = home.folder.joinpath(*parts)
    if ".." in parts or not target.is_relative_to(home.folder) or not _leads_nowhere_else(home.folder, target):
        raise UnwritableError(path, OUTSIDE)
    return target


def _leads_nowhere_else(home: Path, target: Path) -> bool:
    """Whether a path stays inside home. Only where a link lies on the way are all links followed: that is slow."""
    for step in (*reversed(target.parents[: len(target.parts) - len(home.parts) - 1]), target):
        try:
            found = os.lstat(step)
        except (FileNotFoundError, NotADirectoryError):
            return True
        if _is_link(found):
            return _ends_inside(home, target)
    return True


def _is_link(found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_reparse_tag", False))


def _ends_inside(home: Path, target: Path) -> bool:
    return os.path.realpath(target).startswith(os.path.join(os.path.realpath(home), ""))  # noqa: PTH118


def find(home: Home, path: Path) -> os.stat_result | None:
    """Look at what has a path in home, following links that stay inside; one that leads nowhere is looked at itself."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if _is_link(found):
        if not _ends_inside(home.folder, path):
            raise UnwritableError(path, OUTSIDE)
        with contextlib.suppress(OSError):
            return path.stat()
    return found


def sha256_of(path: Path) -> str:
    """Hash a whole file."""
    with path.open("rb", buffering=0) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def free_bytes(home: Home) -> int:
    """Return what is free on the home drive."""
    return shutil.disk_usage(home.folder).free


class Partial:
    """The bytes so far of one file, named after its contents so that other contents never continue it.

    The entity tag of the object lies beside it: without one a partial is not resumed.
    """

    def __init__(self, home: Home, notice: Notice) -> None:
        """Take the place; nothing is touched."""
        self.path = home.partials / f"{notice.file_id}.{notice.contents}.partial"
        self._home = home
        self._notice = notice
        self._tagged = False

    @cached_property
    def _etag(self) -> Path:
        return self.path.with_suffix(".etag")

    def bytes_so_far(self) -> int | None:
        """Return how many bytes are there, or `None` if the partial was never begun."""
        try:
            return os.lstat(self.path).st_size
        except FileNotFoundError:
            return None

    def etag(self) -> str | None:
        """Return the entity tag the partial was begun with."""
        try:
            told = self._etag.read_text(encoding="utf-8") or None
        except OSError:
            return None
        self._tagged = True
        return told

    def remember(self, etag: str | None) -> None:
        """Keep the entity tag of the object whose bytes follow."""
        if etag:
            self._tagged = True
            self._etag.write_text(etag, encoding="utf-8")

    def published(self) -> None:
        """Tidy up when the bytes have their final name: what is left is the entity tag, if one was kept."""
        if self._tagged:
            self._etag.unlink(missing_ok=True)

    def drop(self) -> None:
        """Throw the bytes away."""
        for path in (self.path, self._etag):
            path.unlink(missing_ok=True)

    def drop_others(self) -> None:
        """Throw away partials of the same file with other contents."""
        for name in os.listdir(self._home.partials):  # noqa: PTH208 - many times faster than glob, once a file
            if name.startswith(self._notice.file_id) and name not in (self.path.name, self._etag.name):
                (self._home.partials / name).unlink(missing_ok=True)


def begun_ids(home: Home) -> set[str]:
    """List the files of which an earlier run left bytes."""
    return {name.partition(".")[0] for name in os.listdir(home.partials)}  # noqa: PTH208 - as above


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


def write_flushed(path: Path, body: bytes | memoryview, modified: float | None = None) -> None:
    """Write a body that is in memory, and flush it to the drive with its time."""
    # Through the handle alone: what `open` asks besides costs more than all the rest of a small file.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o666)
    try:
        _write_all(lambda rest: os.write(handle, rest), memoryview(body))
        if TIMES_BY_HANDLE and modified is not None:
            with contextlib.suppress(OSError, OverflowError, ValueError):
                os.utime(handle, (modified, modified))
        os.fsync(handle)
    finally:
        os.close(handle)
    if not TIMES_BY_HANDLE:
        set_time(path, modified)


def flush(path: Path, *, forgetting: bool = False) -> None:
    """Flush a file by a handle of its own. Windows flushes none that may only be read.

    Forgetting it frees memory: a long video is to push nothing out of it that the person works with.
    """
    with contextlib.suppress(PermissionError), path.open("r+b" if os.name == "nt" else "rb", buffering=0) as opened:
        os.fsync(opened.fileno())
        if forgetting and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write_from(
    path: Path,
    start: int,
    chunks: Iterable[bytes | memoryview],
    seen: Callable[[bytes | memoryview], None],
    size: int = 0,
) -> int:
    """Write chunks of a file of some size from an offset on, flush, and return how long the file is now."""
    with path.open("r+b" if start else "wb", buffering=0) as opened:
        opened.seek(start)
        opened.truncate()
        with contextlib.closing(_writer(path, opened, size)) as writer:
            for chunk in chunks:
                seen(chunk)
                writer.write(memoryview(chunk))
        with emptied_unless_flushed(path):
            os.fsync(opened.fileno())
        return opened.tell()


@contextlib.contextmanager
def emptied_unless_flushed(partial: Path) -> Iterator[None]:
    """Empty a partial that cannot be flushed: a drive tells of lost bytes once, and memory may still have them all."""
    try:
        yield
    except OSError:
        with contextlib.suppress(OSError):
            os.truncate(partial, 0)
        raise


def _writer(path: Path, opened: FileIO, size: int) -> Straight | Ahead:
    """Choose how to write a file: a large one straight to the drive, where that can be."""
    if size >= straight.LARGE and straight.is_known() and (writer := Straight(opened)).is_straight:
        return writer
    return Ahead(lambda body: _write_all(opened.write, body), lambda: flush(path, forgetting=True))


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
    try:
        patiently(lambda: move(partial, target), sleep)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        patiently(lambda: move(partial, target), sleep)


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
        # exFAT and some shares know no second name; only the moment after this look is left open.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        os.replace(partial, target)  # noqa: PTH105 - as above
    else:
        partial.unlink()


def set_time(path: Path, modified: float | None) -> None:
    """Set when a file was made and changed, if the file system can hold it; a photo is worth more than its date."""
    if modified is not None:
        for setting in (birth.set_date, _set_modified):
            with contextlib.suppress(OSError, OverflowError, ValueError):
                setting(path, modified)


def _set_modified(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


def flush_folders(home: Home, targets: Iterable[Path]) -> None:
    """Flush the folders that got new names, up to home, so that the names survive a power cut too."""
    nearest = {target.parent for target in targets}
    folders = {folder for one in nearest for folder in (one, *one.parents) if folder.is_relative_to(home.folder)}
    for folder in sorted(folders, reverse=True):
        _flush_folder(folder)
    _flush_drive(home.folder)


def _flush_folder(folder: Path) -> None:
    """Flush one folder where the operating system can (Windows cannot, and journals names itself)."""
    if os.name == "posix":
        with _handle_of(folder) as handle:
            os.fsync(handle)


def _flush_drive(folder: Path) -> None:
    """Have a drive write down what it was given so far, where a flush does not say so by itself: on macOS."""
    if os.name != "posix":
        return
    import fcntl  # noqa: PLC0415 - Windows has none

    if whole := getattr(fcntl, "F_FULLFSYNC", None):
        with _handle_of(folder) as handle:
            try:
                fcntl.fcntl(handle, whole)
            except OSError as error:
                if error.errno not in NO_FULL_FLUSH:
                    raise


@contextlib.contextmanager
def _handle_of(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _write_all(write: Callable[[memoryview], int | None], body: memoryview) -> None:
    """Write everything: an unbuffered write may take less than it was given."""
    while body:
        body = body[write(body) or 0 :]
