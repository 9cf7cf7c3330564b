"""Large files from far away come in several ranges at a time, and are handed on in order.

One connection is often slower than the line. What is handed on is a prefix of the file at any moment, so a partial is
resumed like any other. Each range is asked of the same entity tag as the first: halves of two objects never meet.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from agent.errors import ChangedObjectError, CutShortError
from agent.wire.bucket import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.fetch.breadth import Breadth
    from agent.fetch.memory import Memory
    from agent.fetch.notices import Notice
    from agent.wire.bucket import Body, Bucket

LARGE = 64 * 1024 * 1024
PIECE = 4 * 1024 * 1024
AHEAD = 4


class Ranged:
    """A bucket whose large objects come in ranges, where it is far away and there is memory to spare."""

    def __init__(
        self, bucket: Bucket, breadth: Breadth, memory: Memory, *, limited: Callable[[], bool] = lambda: False
    ) -> None:
        """Take the bucket, who knows the distance, and the budget that the ranges ahead are taken from.

        Where a bandwidth is limited one stream is fast enough, and ranges ahead would come in bursts beside the limit.
        """
        self._bucket, self._breadth, self._memory, self._limited = bucket, breadth, memory, limited

    def open(self, notice: Notice, start: int = 0, etag: str | None = None, end: int | None = None) -> Body:
        """Open a notice's object from an offset on. A server that knows no ranges is asked for the whole."""
        if end is not None or notice.size - start < LARGE or not self._breadth.far or self._limited():
            return self._bucket.open(notice, start, etag, end)
        try:
            first = self._bucket.open(notice, start, etag, start + PIECE)
        except ChangedObjectError:
            if start:
                raise
            return self._bucket.open(notice)
        if first.etag is None:
            return self._bucket.open(notice, start, etag)
        return _Pieces(self._bucket, self._memory, notice, start, first)


class _Pieces:
    """An object in pieces."""

    def __init__(self, bucket: Bucket, memory: Memory, notice: Notice, start: int, first: Body) -> None:
        self._bucket, self._memory, self._notice, self._start, self._first = bucket, memory, notice, start, first
        self.size = first.size
        self.etag = first.etag

    def whole(self) -> memoryview:
        """Read all in one piece."""
        return memoryview(b"".join(self.chunks()))

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Read chunk by chunk, with some pieces under way ahead; in one stream where there is no memory for them."""
        with self._memory.spare((AHEAD + 1) * PIECE) as spare:
            if not spare:
                yield from self._bucket.open(self._notice, self._start, self.etag).chunks()
                return
            for piece in self._in_order():
                yield from (piece[at : at + CHUNK] for at in range(0, len(piece), CHUNK))

    def _in_order(self) -> Iterator[memoryview]:
        starts = iter(range(self._start, self.size, PIECE))
        under_way = deque([_Piece(self._first.whole, self._length(next(starts)))])
        while under_way:
            while len(under_way) < AHEAD and (start := next(starts, None)) is not None:
                under_way.append(self._ask(start))
            yield under_way.popleft().wait()

    def _ask(self, start: int) -> _Piece:
        length = self._length(start)
        return _Piece(lambda: self._bucket.open(self._notice, start, self.etag, start + length).whole(), length)

    def _length(self, start: int) -> int:
        return min(PIECE, self.size - start)


class _Piece:
    """One range under way, in a thread of its own."""

    def __init__(self, read: Callable[[], memoryview], length: int) -> None:
        self._read, self._length = read, length
        self._got: memoryview | Exception = memoryview(b"")
        self._thread = threading.Thread(target=self._fetch, name="range", daemon=True)
        self._thread.start()

    def wait(self) -> memoryview:
        """Wait for the bytes; raise what went wrong."""
        self._thread.join()
        if isinstance(self._got, Exception):
            raise self._got
        if len(self._got) != self._length:
            raise CutShortError(len(self._got), self._length)
        return self._got

    def _fetch(self) -> None:
        try:
            self._got = self._read()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self._got = error
