"""Ports for servers that a test starts in a process of its own, where port 0 is not to be had.

The kernel lends ports of its own range to every connection, so one that was free a moment ago may be taken when the
server gets there. These lie below that range, and no two of the processes that tests run in share any.
"""

import os
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

FIRST, LAST = 20_000, 32_000
SLICES = 16


def a_free_port() -> int:
    """Return a port that nothing listens on, and that nobody here is given again soon."""
    return next(port for port in _mine() if _is_free(port))


@cache
def _mine() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    each = (LAST - FIRST) // SLICES
    begin = FIRST + worker % SLICES * each
    turn = os.getpid() % each
    return cycle([*range(begin + turn, begin + each), *range(begin, begin + turn)])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
