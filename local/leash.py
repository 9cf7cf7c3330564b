"""Run a command that must not outlive us: it ends when our end of its leash is gone, however we died.

    python -m local.leash COMMAND…        stops COMMAND when standard input ends, else exits as it does

A supervisor killed with -9 cannot stop its children; the operating system closes its pipes all the same.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

STOP_SECONDS = 6


def hold(command: Sequence[str], leash: int) -> int:
    """Run the command for as long as nobody lets go of the leash."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command, made by `pc.py`
    threading.Thread(target=_watch, args=(child, leash), daemon=True).start()
    return child.wait()


def _watch(child: subprocess.Popen[bytes], leash: int) -> None:
    # The file descriptor itself: a thread that waits inside `sys.stdin` would crash the interpreter as it ends.
    while os.read(leash, 1):
        pass
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def main() -> int:
    """Hold the command given as arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return hold(sys.argv[1:], sys.stdin.fileno())


if __name__ == "__main__":
    sys.exit(main())
