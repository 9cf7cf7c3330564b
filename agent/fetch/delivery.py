"""One file's way home, from what is on disk to its final name. In a worker thread; touches neither catalog nor API."""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from agent.drive import dates, disk
from agent.drive.catalog import Receipt
from agent.drive.disk import Partial
from agent.drive.nearby import Presence, Rest, Ways
from agent.errors import ChangedObjectError
from agent.fetch import download
from agent.fetch.memory import Memory
from agent.fetch.plan import Confirm, Fetch, Finish, OnDisk, StepAside, next_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.drive.catalog import Entry
    from agent.drive.home import Home
    from agent.fetch.download import Passing
    from agent.fetch.notices import Notice
    from agent.wire.bucket import Bucket


@dataclass(frozen=True)
class Came:
    """The file is home, whole and verified; unless the catalog vouched for it, its folder is still to be flushed."""

    receipt: Receipt
    target: Path
    fetched: bool
    vouched: bool = False


@dataclass(frozen=True)
class Aside:
    """Another file has the path."""

    path: str


@dataclass(frozen=True)
class Courier:
    """Brings files home, one call a file, from any thread."""

    home: Home
    mark: str
    bucket: Bucket
    reserve: int
    stopping: Callable[[], bool] = lambda: False
    rename: Callable[[Path, Path], None] = disk.rename_unless_taken
    sleep: Callable[[float], None] = time.sleep
    flush: Callable[[Path], None] = disk.flush
    passing: Passing = download.unhurried
    memory: Memory = field(default_factory=Memory)

    def bring(self, notice: Notice, entry: Entry) -> Came | Aside:
        """Bring one file home to the path that the catalog intends for it."""
        self._presence.require_lately()
        target = self._ways.place(entry.path)
        partial = Partial(self.home, notice)
        self._drop_unprovable(notice, partial)
        with disk.disk_errors(target, notice.size, self.reserve):
            here = self._look(notice, entry, target, partial)
        step = next_step(notice, here)
        if isinstance(step, StepAside):
            return Aside(entry.path)
        if isinstance(step, Confirm):
            return self._confirm(notice, entry, target, partial, here)
        return self._publish(notice, entry, target, partial, self._complete(notice, partial, step))

    def _confirm(self, notice: Notice, entry: Entry, target: Path, partial: Partial, here: OnDisk) -> Came:
        """Clean up after an earlier attempt; the file itself is left as it is, but for flushing it.

        Whoever wrote it, an agent that was killed before it could flush or a person's copying: the receipt lets the
        cloud copy go, so the bytes must be on the drive before.
        """
        if not here.known_whole:
            with disk.disk_errors(target, notice.size, self.reserve):
                self.flush(target)
        with disk.disk_errors(partial.path):
            partial.drop()
        sha256 = here.finished_sha256 or notice.sha256 or entry.sha256 or disk.sha256_of(target)
        receipt = Receipt(notice.file_id, sha256, notice.size, entry.path)
        return Came(receipt, target, fetched=False, vouched=here.known_whole)

    def _complete(self, notice: Notice, partial: Partial, step: Fetch | Finish) -> str:
        """Make the partial complete and flushed, and return its SHA-256."""
        if isinstance(step, Finish):
            with disk.disk_errors(partial.path, notice.size, self.reserve):
                disk.set_time(partial.path, dates.timestamp(notice.taken_at, notice.uploaded_at))
                with disk.emptied_unless_flushed(partial.path):
                    self.flush(partial.path)
            return download.require_declared(notice, disk.sha256_of(partial.path), partial)
        with disk.disk_errors(partial.path):
            if notice.file_id in self._begun:
                partial.drop_others()
        self._rest.require(notice.size - step.start)
        try:
            with self.memory.held(download.most_in_memory(notice)):
                return download.fetch(self.bucket, notice, partial, step.start, self.stopping, self.passing)
        except ChangedObjectError:
            partial.drop()
            raise
        finally:
            self._begun.add(notice.file_id)

    def _drop_unprovable(self, notice: Notice, partial: Partial) -> None:
        """Throw away what an earlier run left of a file without a declared hash.

        A power cut may leave a partial of the right length with wrong bytes in it, and nothing would prove them.
        """
        if notice.sha256 is None and notice.file_id in self._left:
            with disk.disk_errors(partial.path):
                partial.drop()
            self._left.discard(notice.file_id)

    @cached_property
    def _left(self) -> set[str]:
        """The files of which an earlier run left bytes."""
        return disk.begun_ids(self.home)

    @cached_property
    def _begun(self) -> set[str]:
        """The files of which there may be bytes from an earlier attempt: those found at the start, and all tried since.

        To look for them before each file would cost more than the file.
        """
        return set(self._left)

    def _publish(self, notice: Notice, entry: Entry, target: Path, partial: Partial, sha256: str) -> Came | Aside:
        """Give the flushed partial its name, unless somebody took it meanwhile or the drive went away."""
        self._presence.require()
        with disk.disk_errors(target, notice.size, self.reserve):
            try:
                disk.publish(partial.path, target, rename=self.rename, sleep=self.sleep)
            except FileExistsError:
                return Aside(entry.path)
            partial.published()
        self._begun.discard(notice.file_id)
        return Came(Receipt(notice.file_id, sha256, notice.size, entry.path), target, fetched=True)

    def _look(self, notice: Notice, entry: Entry, target: Path, partial: Partial) -> OnDisk:
        """See what is on disk. Only a file of the right size that the catalog does not vouch for is hashed."""
        there = disk.find(self.home, target)
        size = there.st_size if there and stat.S_ISREG(there.st_mode) else None
        known = bool(
            there
            and entry.home
            and entry.contents == notice.contents
            and size == notice.size
            and _is_untouched(there.st_mtime, notice)
        )
        begun = partial.bytes_so_far() if notice.file_id in self._begun else None
        return OnDisk(
            taken=there is not None,
            known_whole=known,
            finished_sha256=disk.sha256_of(target) if size == notice.size and not known else None,
            partial_contents=None if begun is None else notice.contents,
            partial_bytes=begun if begun and partial.etag() else 0,
        )

    @cached_property
    def _presence(self) -> Presence:
        return Presence(self.home, self.mark)

    @cached_property
    def _ways(self) -> Ways:
        return Ways(self.home)

    @cached_property
    def _rest(self) -> Rest:
        return Rest(self.home, self.reserve)


def _is_untouched(modified: float, notice: Notice) -> bool:
    """Whether a file still bears the time we gave it: an edit that keeps the size is to be found by its hash."""
    given = dates.timestamp(notice.taken_at, notice.uploaded_at)
    return given is not None and abs(modified - given) <= disk.COARSEST_SECONDS
