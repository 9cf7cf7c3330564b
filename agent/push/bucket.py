"""PUTs to S3: a piece of a file, streamed, with exactly the headers of its link and no others of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import urllib3
from urllib3.util import SKIP_HEADER

from agent.errors import UnreachableError
from agent.push import replies
from agent.push.replies import Reply
from agent.wire import proxies
from agent.wire.api import safe_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.push.answers import Link

BLOCK = 64 * 1024
"""Bytes a step. One step must get through within the timeout even on a line of 100 kbit/s."""
TIMEOUT = urllib3.Timeout(connect=20, read=60)
QUIET = {"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER}


def pool(parallel: int, url: str = "") -> urllib3.PoolManager:
    """Make the HTTP client for API and S3, through the proxy of the API: no repeats and no redirects of its own."""
    return proxies.pool(url, TIMEOUT, maxsize=parallel + 2, blocksize=BLOCK)


class Bucket:
    """S3 as its links let us in."""

    def __init__(self, http: urllib3.PoolManager) -> None:
        """Take the HTTP client."""
        self._http = http

    def put(self, link: Link, piece: Iterable[bytes]) -> Reply:
        """Send a piece of a file; trouble with the network is an answer like others."""
        safe_address(link.url)
        try:
            answer = self._http.request("PUT", link.url, body=piece, headers={**QUIET, **link.headers}, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return Reply(0, type(error).__name__, str(UnreachableError("S3", type(error).__name__)))
        return replies.read(answer.status, answer.data)
