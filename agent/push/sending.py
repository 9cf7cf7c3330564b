"""Sends one file: whole or in parts, going on where S3's own record says that it stopped.

A file's parts go one after another, so that whatever kills us costs one part at most; several files go at once.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from agent.errors import RequestRefusedError
from agent.patience import backoff
from agent.push import hashing, plan
from agent.push.answers import Link, Multipart, Single, Standing
from agent.push.bucket import BLOCK
from agent.push.errors import GoneUploadError, OtherContentsError, PartsMissingError, RefusedUploadError
from agent.push.plan import Part
from agent.push.replies import Meaning, Reply, meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from agent.push.api import PushApi
    from agent.push.bucket import Bucket
    from agent.push.local import Hashed

PENDING = "pending"
DONE = (Meaning.TAKEN, Meaning.THERE)
TRIES = 8
LONGEST_PAUSE = 30.0
ROUNDS = 3
LINKS_BYTES = 128 * 1024**2
MOST_LINKS = 20
LINK_SECONDS = 600.0
"""Links live 15 minutes; an older one than this is not worth sending a part for nothing."""


class Uploads(Protocol):
    """Who is asked about an upload under way."""

    def links(self, file_id: str, parts: Iterable[Part]) -> Standing:
        """Tell how it stands, with links for these parts."""

    def complete(self, file_id: str) -> str:
        """Have the parts put together; return the file's status."""


@dataclass(frozen=True)
class Crew:
    """What sending needs of the world: who is asked and sent to, how to pause, who hears of bytes, what time it is."""

    api: Uploads
    bucket: Bucket
    pause: Callable[[float], None]
    stop: Callable[[], None] = lambda: None
    seen: Callable[[int], None] = lambda _count: None
    hashing: Callable[[int], None] = lambda _count: None
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class PhoneCrew(Crew):
    """What a push needs: it also asks what lacks, and begins uploads."""

    api: PushApi


@dataclass
class Links:
    """The links in hand, and since when."""

    by_part: dict[int, Link] = field(default_factory=dict)
    since: float = 0.0

    def find(self, number: int, now: float) -> Link | None:
        """Return a link that is good for a while yet."""
        return self.by_part.get(number) if now - self.since < LINK_SECONDS else None


def send(crew: Crew, hashed: Hashed, begun: Single | Multipart, since: float) -> str:
    """Send a file whose upload was begun; return its status, which is `pending` until the cloud has noticed."""
    try:
        parts = _parts(crew, hashed, begun)
        with hashing.opened(hashed.file) as source:
            upload = _Upload(crew, hashed, begun.file_id, source)
            if isinstance(begun, Multipart):
                return upload.bring_parts(parts)
            return upload.bring(parts, Links({0: begun.link}, since))
    except RequestRefusedError as error:
        if error.status == 404:  # noqa: PLR2004 - statuses are known by their numbers
            raise GoneUploadError(begun.file_id) from error
        raise RefusedUploadError(str(error)) from error


def _parts(crew: Crew, hashed: Hashed, begun: Single | Multipart) -> list[Part]:
    """Cut a file as the cloud wants it. The whole file is part 0, as in the links."""
    file, digest = hashed.file, hashed.digest
    if isinstance(begun, Single):
        return [Part(0, 0, file.size, digest.sha256)]
    known = digest.part_hashes if digest.part_size == begun.part_size else None
    return plan.cut(file.size, begun.part_size, known or hashing.part_hashes(file, begun.part_size, crew.hashing))


class _Upload:
    """One file on its way."""

    def __init__(self, crew: Crew, hashed: Hashed, file_id: str, source: BinaryIO) -> None:
        self._crew, self._hashed, self._file_id, self._source = crew, hashed, file_id, source
        self._failures = 0

    def bring_parts(self, parts: list[Part]) -> str:
        """Send what lacks and have it put together, until the cloud agrees that nothing lacks."""
        for _ in range(ROUNDS):
            status = self.bring(parts, Links())
            if status != PENDING:
                return status
            with contextlib.suppress(PartsMissingError):
                return self._crew.api.complete(self._file_id)
        raise RefusedUploadError(f"the cloud still lacks parts after they were sent {ROUNDS} times")

    def bring(self, parts: list[Part], links: Links) -> str:
        """Send the parts that S3 has not; end at once when the file has arrived meanwhile."""
        left = deque(parts)
        while left:
            link = links.find(left[0].number, self._crew.clock())
            if link is None:
                asked = _few(left)
                standing = self._crew.api.links(self._file_id, asked)
                if standing.status != PENDING:
                    return standing.status
                left, links = self._renewed(left, standing, asked), Links(standing.links, self._crew.clock())
                continue
            judged = self._try(left[0], link)
            if judged in DONE:
                left.popleft()
            elif judged is not Meaning.AGAIN:
                links = Links()
        return PENDING

    def _renewed(self, left: deque[Part], standing: Standing, asked: list[Part]) -> deque[Part]:
        """Strike off what S3 has; an answer that neither has the first part nor links to it is a failure."""
        unlinked = {part.number for part in asked} - standing.links.keys()
        lacking = plan.lacking(left, standing.have, unlinked)
        if len(lacking) == len(left) and left[0].number not in standing.links:
            self._failed(Reply(0, "NoLink", f"the cloud gave no link for part {left[0].number}"))
        return deque(lacking)

    def _try(self, part: Part, link: Link) -> Meaning:
        """Send one part, and judge the reply. Raise when trying again is of no use."""
        piece = hashing.pieces(self._source, self._hashed.file, part, self._crew.seen, BLOCK)
        reply = self._crew.bucket.put(link, piece)
        judged = meaning(reply)
        if judged in DONE:
            self._failures = 0
        elif judged is Meaning.OTHER:
            raise OtherContentsError(self._hashed.file.local_id, reply.code or str(reply.status))
        elif judged is Meaning.REFUSED:
            raise RefusedUploadError(str(reply))
        else:
            self._failed(reply, at_once=judged is not Meaning.AGAIN)
        return judged

    def _failed(self, reply: Reply, *, at_once: bool = False) -> None:
        """Count a failure and pause; a stale link is replaced at once, the first time."""
        self._failures += 1
        if self._failures >= TRIES:
            raise RefusedUploadError(f"{reply}; tried {TRIES} times")
        if not at_once or self._failures > 1:
            self._crew.pause(backoff(self._failures, LONGEST_PAUSE))


def _few(parts: deque[Part]) -> list[Part]:
    """Take as many parts as may be sent before their links grow old; the whole file needs no number."""
    most = min(MOST_LINKS, max(1, LINKS_BYTES // parts[0].size))
    return [part for part in itertools.islice(parts, most) if part.number]
