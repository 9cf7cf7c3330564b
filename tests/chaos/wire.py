"""A TCP proxy on one port of 127.0.0.1 before the same port elsewhere: connections are reset in mid-body.

Knows no HTTP. A connection's fate is thrown when it is opened: after so many bytes, in either direction, it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from local.places import LOOPBACK

BLOCK = 1 << 16
FARTHEST = 300_000
RESET = struct.pack("ii", 1, 0)


@dataclass
class Fate:
    """What becomes of one direction of one connection once so many bytes have passed."""

    left: int
    name: str = ""

    def passes(self, count: int) -> bool:
        """Count bytes; say whether it still goes well."""
        self.left -= count
        return self.left >= 0 or not self.name


class Wire:
    """The proxy for one port."""

    def __init__(self, port: int, behind: str, dice: random.Random, share: float, raging: Path) -> None:
        self._port, self._behind = port, behind
        self._dice, self._share, self._raging = dice, share, raging
        self.counts: Counter[str] = Counter()

    async def serve(self) -> None:
        """Pass connections on until cancelled."""
        server = await asyncio.start_server(self._pass_on, LOOPBACK, self._port)
        async with server:
            await server.serve_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._behind, self._port)
        except OSError:
            _reset(writer)
            return
        there, back = self._fate("a request is cut off"), self._fate("an answer is cut off")
        ways = [self._copy(reader, far_writer, there), self._copy(far_reader, writer, back)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not any(task.result() for task in done):
            # One side has said all it had to say; the other may still be at it.
            done, left = await asyncio.wait(tasks, timeout=60)
        for task in left:
            task.cancel()
        for one in (writer, far_writer):
            _reset(one) if any(task.result() for task in done) else one.close()

    def _fate(self, name: str) -> Fate:
        unlucky = self._dice.random() < self._share / 2
        return Fate(self._dice.randrange(FARTHEST), name if unlucky else "")

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fate: Fate) -> bool:
        """Copy one direction; say whether it was torn."""
        with contextlib.suppress(OSError):
            while block := await reader.read(BLOCK):
                if self._raging.exists() and not fate.passes(len(block)):
                    self.counts[fate.name] += 1
                    writer.write(block[: len(block) // 2])
                    return True
                writer.write(block)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        return False


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close without goodbye."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
