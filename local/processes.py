"""Start our own programs so that a Ctrl-C in the terminal reaches us alone, and stop them again."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

NEW_PROCESS_GROUP = 0x200
OF_ITS_OWN: dict[str, Any] = (
    {"creationflags": NEW_PROCESS_GROUP} if sys.platform == "win32" else {"start_new_session": True}
)


def start(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start this Python with arguments, in the project's folder."""
    process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, *arguments],
        cwd=folder,
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        **OF_ITS_OWN,
    )
    return process


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to stop, and make it stop when it does not."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
