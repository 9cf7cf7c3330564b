"""A TCP proxy on one port of 127.0.0.1 before the same port elsewhere: connections are reset, or end, in mid-body.

Knows no HTTP. A connection's fate is drawn when it is opened: after so many bytes, in one direction, it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from pathlib import Path

from local.places import LOOPBACK
from tests.chaos.weather import CUT_REQUEST, SHORT_ANSWER, Fault, Weather

BLOCK = 1 << 16
RESET = struct.pack("ii", 1, 0)
CALM = Fault("")


class Wire:
    """The proxy for one port."""

    def __init__(self, port: int, behind: str, weather: Weather, raging: Path) -> None:
        self._port, self._behind = port, behind
        self._weather, self._raging = weather, raging

    async def serve(self) -> None:
        """Pass connections on until cancelled."""
        server = await asyncio.start_server(self._pass_on, LOOPBACK, self._port)
        async with server:
            await server.serve_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = (self._weather.next("wire") if self._raging.exists() else None) or CALM
        try:
            far_reader, far_writer = await asyncio.open_connection(self._behind, self._port)
        except OSError:
            _reset(writer)
            return
        there, back = (fate, CALM) if fate.name == CUT_REQUEST else (CALM, fate)
        ways = [self._copy(reader, far_writer, there), self._copy(far_reader, writer, back)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not any(task.result() for task in done):
            # One side has said all it had to say; the other may still be at it.
            done, left = await asyncio.wait(tasks, timeout=60)
        for task in left:
            task.cancel()
        is_torn = any(task.result() for task in done)
        if fate.name and not is_torn:
            self._weather.spare("wire", fate)
        _reset(far_writer) if is_torn else far_writer.close()
        _reset(writer) if is_torn and fate.name != SHORT_ANSWER else writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fate: Fault) -> bool:
        """Copy one direction; say whether it was torn."""
        left = fate.after
        with contextlib.suppress(OSError):
            while block := await reader.read(BLOCK):
                left -= len(block)
                if fate.name and left < 0 and self._raging.exists():
                    self._weather.note(fate.name)
                    writer.write(block[:left])
                    await writer.drain()
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
