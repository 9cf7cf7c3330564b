"""The S3 server that all fetch from, and a far one: the same behind a proxy that delays each request."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

KEY, SECRET = "benchbenchbench", "not-a-secret-at-all"
PIPE = 1 << 20


def free_port() -> int:
    """Find a port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def served(rclone: Path, folder: Path) -> Iterator[str]:
    """Serve a folder as S3. Nothing is hashed, so the server costs little, and the same for all.

    By itself it hashes what is read from first byte to last, a core for three seconds for 2 GB, and nothing of what is
    asked for in ranges, as s5cmd and rclone do: that measured how one asks, not how one fetches.
    """
    port = free_port()
    quiet = [
        "--log-level",
        "ERROR",
        "--no-checksum",
        "--etag-hash",
        "none",
        "--vfs-cache-mode",
        "off",
        "--dir-cache-time",
        "1h",
    ]
    command = [str(rclone), "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}"]
    with _running([*command, *quiet], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def far(address: str, delay: float) -> Iterator[str]:
    """Put a proxy in front that holds back what is asked for so many seconds."""
    if not delay:
        yield address
        return
    port = free_port()
    with _running([sys.executable, "-m", "bench.servers", str(port), address.rpartition(":")[2], str(delay)], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port}")


def proxy(port: int, target: int, delay: float) -> None:
    """Pass connections on for ever: what is asked late, what is answered at once."""
    with socket.create_server(("127.0.0.1", port), backlog=512) as listening:
        while True:
            near, _ = listening.accept()
            beyond = socket.create_connection(("127.0.0.1", target))
            for one in (near, beyond):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_ask_late, args=(near, beyond, delay), daemon=True).start()
            threading.Thread(target=_answer, args=(beyond, near), daemon=True).start()


def _ask_late(near: socket.socket, beyond: socket.socket, delay: float) -> None:
    with contextlib.suppress(OSError):
        while asked := near.recv(1 << 16):
            time.sleep(delay)
            beyond.sendall(asked)
        beyond.shutdown(socket.SHUT_WR)


def _answer(beyond: socket.socket, near: socket.socket) -> None:
    """Move the bytes within the kernel, so that the proxy costs next to nothing."""
    out, into = os.pipe()
    with contextlib.suppress(OSError):
        while moved := os.splice(beyond.fileno(), into, PIPE):  # type: ignore[attr-defined,unused-ignore]
            while moved:
                moved -= os.splice(out, near.fileno(), moved)  # type: ignore[attr-defined,unused-ignore]
    for handle in (out, into):
        os.close(handle)
    for one in (near, beyond):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


if __name__ == "__main__":
    proxy(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
