"""The line out of the house: what is sent back goes as fast as the limit lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.push.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import urllib3

    from agent.push.answers import Link
    from agent.push.replies import Reply


class LimitedBucket(Bucket):
    """S3 as its links let us in, at no more than a pace."""

    def __init__(self, http: urllib3.PoolManager, leaving: Callable[[int], None]) -> None:
        """Take the HTTP client, and who lets bytes leave; that one may raise to stop."""
        super().__init__(http)
        self._leaving = leaving

    def put(self, link: Link, piece: Iterable[bytes]) -> Reply:
        """Send a piece of a file, block by block as each may leave."""
        return super().put(link, self._let_out(piece))

    def _let_out(self, piece: Iterable[bytes]) -> Iterator[bytes]:
        for block in piece:
            self._leaving(len(block))
            yield block
