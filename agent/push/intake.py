"""Walks and hashes ahead of the sending, within bounds: hands out hashed files, outcomes, and files to hash again."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.errors import FileTroubleError
from agent.push import families, hashing
from agent.push.descriptions import described
from agent.push.errors import UnreadableError
from agent.push.local import Digest, Fate, Hashed, LocalFile, Outcome, Unsettled
from agent.push.walk import look, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from agent.push.ledger import Ledger

AHEAD = 64
FRESH_STARTS = 3
Family = list[LocalFile]
Result = Digest | FileTroubleError | UnreadableError
Given = Hashed | Unsettled | Outcome


class Intake:
    """The files of a folder, hashed."""

    def __init__(self, root: Path, ledger: Ledger, threads: int, seen: Callable[[int], None]) -> None:
        """Take the folder; nothing is touched before files are asked for."""
        self._root, self._ledger, self._seen = root, ledger, seen
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hash")
        self._found = found(root)
        self._jobs: dict[Future[list[Result]], Unsettled] = {}
        self._walked = False

    @property
    def under_way(self) -> set[Future[list[Result]]]:
        """Return the hashing that goes on."""
        return set(self._jobs)

    @property
    def over(self) -> bool:
        """Tell whether the whole folder was walked and hashed."""
        return self._walked and not self._jobs

    def close(self) -> None:
        """End; hashing that has not begun is dropped."""
        self._pool.shutdown(cancel_futures=True)

    def take(self, most: int) -> Iterator[Given]:
        """Hand out what is hashed by now, about `most` of it, and see to it that hashing goes on."""
        taken = 0
        for job in [job for job in self._jobs if job.done()]:
            wanted = self._jobs.pop(job)
            for one in self._judged(wanted, job.result()):
                taken += 1
                yield one
        while taken < most and not self._walked and len(self._jobs) < AHEAD:
            for one in self._step():
                taken += 1
                yield one

    def again(self, wanted: Unsettled) -> Iterator[Outcome]:
        """Look at files anew and hash them again; what is no file any more is an outcome."""
        there = []
        for file in wanted.files:
            seen = look(self._root, file.path)
            if isinstance(seen, LocalFile):
                there.append(replace(seen, taken_at=file.taken_at))
            else:
                reason = seen.reason if isinstance(seen, Outcome) else "a folder has its name now"
                yield Outcome(file.local_id, Fate.FAILED, file.size, reason)
        if there:
            self._hash(replace(wanted, files=there))

    def _step(self) -> Iterator[Given]:
        """Walk one step; what the ledger knows is ready at once."""
        step = next(self._found, None)
        if step is None:
            self._walked = True
        elif isinstance(step, Outcome):
            yield step
        else:
            known = [digest for file in step if (digest := self._ledger.find(file))]
            if len(known) == len(step):
                yield from hashed(Unsettled(step, ""), known)
            else:
                self._hash(Unsettled(step, ""))

    def _hash(self, wanted: Unsettled) -> None:
        self._jobs[self._pool.submit(self._digests, wanted.files)] = wanted

    def _digests(self, files: Family) -> list[Result]:
        """Hash a family, in a thread; one bad file does not spoil the others."""
        return [self._digest(file) for file in files]

    def _digest(self, file: LocalFile) -> Result:
        try:
            return hashing.digest(file, self._seen)
        except (FileTroubleError, UnreadableError) as error:
            return error

    def _judged(self, wanted: Unsettled, results: list[Result]) -> Iterator[Given]:
        """Remember hashes; a family of which a file changed meanwhile starts afresh, but not for ever."""
        for file, result in zip(wanted.files, results, strict=True):
            if isinstance(result, Digest):
                self._ledger.keep(file, result, time.time_ns())
        changed = [result for result in results if isinstance(result, FileTroubleError)]
        if changed and wanted.tries < FRESH_STARTS:
            yield replace(wanted, why=str(changed[0]), tries=wanted.tries + 1)
        else:
            yield from hashed(wanted, results)


def found(root: Path) -> Iterator[Family | Outcome]:
    """Walk a folder: families of files, and outcomes for what is not pushed."""
    for step in walk(root):
        if isinstance(step, Outcome):
            yield step
            continue
        files = []
        for one in described(step):
            if isinstance(one, Outcome):
                yield one
            else:
                files.append(one)
        yield from families.split(files)


def hashed(wanted: Unsettled, results: Iterable[Result]) -> Iterator[Hashed | Outcome]:
    """Turn hashes and failures into what is handed out."""
    pairs = list(zip(wanted.files, results, strict=True))
    group_id = wanted.group_id or families.group_id(one.sha256 for _, one in pairs if isinstance(one, Digest))
    for file, result in pairs:
        if isinstance(result, Digest):
            yield Hashed(file, result, group_id, wanted.tries)
        else:
            yield Outcome(file.local_id, Fate.FAILED, file.size, str(result))
