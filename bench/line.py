"""A line to somewhere far: what is asked arrives later, all of it by as much, however it was cut into pieces.

    python -m bench.line PORT TARGET_PORT SECONDS

The proxy in `servers` holds each piece back by itself, so that who sends head and body apart waits twice. Where files
are sent, not fetched, that would measure how one cuts.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from bench import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 18
_AHEAD = 64


@contextlib.contextmanager
def far(address: str, delay: float) -> Iterator[str]:
    """Put so long a line in front of a server."""
    if not delay:
        yield address
        return
    port = servers.free_port()
    command = [sys.executable, "-m", "bench.line", str(port), address.rpartition(":")[2], str(delay)]
    with servers._running(command, port):  # noqa: SLF001 (ours as well)
        yield f"http://127.0.0.1:{port}"


async def listen(port: int, target: int, delay: float) -> None:
    """Pass connections on for ever."""

    async def taken(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            beyond, out = await asyncio.open_connection("127.0.0.1", target, limit=PIECE)
            await asyncio.gather(_late(near, out, delay), _late(beyond, back, 0.0))

    server = await asyncio.start_server(taken, "127.0.0.1", port, limit=PIECE, backlog=512)
    await server.serve_forever()


async def _late(read: asyncio.StreamReader, write: asyncio.StreamWriter, delay: float) -> None:
    clock, pieces = asyncio.get_running_loop().time, asyncio.Queue[tuple[float, bytes]](_AHEAD)

    async def send() -> None:
        while (piece := await pieces.get())[1]:
            await asyncio.sleep(max(0.0, piece[0] - clock()))
            write.write(piece[1])
            await write.drain()
        write.close()

    sending = asyncio.create_task(send())
    try:
        while some := await read.read(PIECE):
            await pieces.put((clock() + delay, some))
    finally:
        await pieces.put((0.0, b""))
        with contextlib.suppress(OSError):
            await sending


if __name__ == "__main__":
    asyncio.run(listen(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
