"""Runs `picture.py` beside us and believes it only what it could have said honestly. Knows processes and files.

The picture may take over the process that decodes it. That process has none of our environment, so no keys, and cannot
read ours (`hide`). What it writes is read as from a stranger: bounded, typed, and no preview that is not one; and it
leaves nothing that the next one would run, who decodes another owner's picture.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from chalicelib.media import sniffed
from chalicelib.media.previews import PREVIEWS
from chalicelib.media.sniffed import Kind

SECONDS = 45
# Of the 2,048 MB that the function has; what else it does takes some 150.
MEMORY_BYTES = 1600 * 1024 * 1024
MOST_PREVIEW_BYTES = 4 * 1024 * 1024
PROGRAM = Path(__file__).with_name("picture.py")
_MOST_TOLD_BYTES = 64 * 1024
_PR_SET_DUMPABLE = 4
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")


class About(msgspec.Struct, frozen=True):
    """What a picture tells of itself."""

    width: int
    height: int
    exif: dict[str, str] = {}
    gps: dict[str, list[float]] = {}


class Ended(msgspec.Struct, frozen=True):
    """What became of the previews."""

    state: Literal["done", "unreadable", "tooLarge"]
    why: str = ""


@dataclass(frozen=True)
class Seen:
    """All that came of looking into a picture."""

    ended: Ended
    about: About | None = None
    previews: dict[str, bytes] = field(default_factory=dict)


def hide() -> None:
    """Let no other process of our user read our memory and environment, where the keys are. Only Linux knows how."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the process cannot be hidden")


def look(
    kind: Kind,
    file: Path,
    folder: Path,
    *,
    seconds: float = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
    program: Path = PROGRAM,
) -> Seen:
    """Look into a picture within bounds of time and memory, whatever is in it."""
    # Read from where it was opened: by its name it may be something else by now, which never ends.
    with (folder / "said").open("w+b") as said:
        arguments = [str(program), kind, str(file), str(folder), str(memory_bytes)]
        ended = _run(arguments, said.fileno(), folder, seconds)
        said.seek(0)
        about, told = _parse(said)
    if ended != 0:
        return Seen(_died(ended), about)
    if told is None or told.state != "done":
        return Seen(told or Ended("unreadable", "nothing was said"), about)
    previews = _previews(folder)
    if about is None or len(previews) < len(PREVIEWS):
        return Seen(Ended("unreadable", "what was said is not so"), about)
    return Seen(told, about, previews)


def _run(arguments: Sequence[str], out: int, folder: Path, seconds: float) -> int | None:
    """Return how the process ended, `None` if it had to be ended."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # Nothing compiled is kept for the next one: whoever took this process over could have written it.
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ended = subprocess.run(  # noqa: S603 (our own program)
            [sys.executable, "-P", "-s", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.returncode


def _died(code: int | None) -> Ended:
    """Judge a process that did not end by itself: out of time or memory, or a decoder that crashed."""
    if code is None:
        return Ended("tooLarge", "out of time")
    return Ended("tooLarge" if -code in _OUT_OF_BOUNDS else "unreadable", f"ended with {code}")


# SIGKILL and SIGXCPU (9, 24): a bound was met. SIGSEGV and its like: the picture is broken, or means to be.
_OUT_OF_BOUNDS = frozenset({9, 24})


def _parse(said: BinaryIO) -> tuple[About | None, Ended | None]:
    lines = said.read(_MOST_TOLD_BYTES).splitlines()
    about, ended = None, None
    for line in lines[:2]:
        try:
            about = msgspec.json.decode(line, type=About)
        except (msgspec.DecodeError, UnicodeDecodeError):
            ended = _read_ended(line)
    return about, ended


def _read_ended(line: bytes) -> Ended | None:
    try:
        return msgspec.json.decode(line, type=Ended)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _previews(folder: Path) -> dict[str, bytes]:
    found = {}
    for name in PREVIEWS:
        file = folder / f"{name}.webp"
        if file.is_symlink() or not file.is_file() or file.stat().st_size > MOST_PREVIEW_BYTES:
            continue
        contents = file.read_bytes()
        if sniffed.kind(contents[: sniffed.HEAD_BYTES]) == Kind.WEBP:
            found[name] = contents
    return found
