"""PCs at the other end of the page: real agent processes that ask to be paired, and that fetch."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whole_system import WholeSystem

ENVIRONMENT = {**os.environ, "BACKHAUL_KEYRING": "file"}


@contextmanager
def asking(
    system: WholeSystem, home: Path, name: str = "Den PC"
) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """An agent that asks to be paired, and what it shows."""
    command = [sys.executable, "-m", "agent", "pair", f"http://127.0.0.1:{system.api_port}"]
    command += ["--home", str(home), "--name", name, "--yes", "--json"]
    process = subprocess.Popen(command, cwd=system.project, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def fetching(system: WholeSystem, home: Path) -> Iterator[None]:
    """An agent that is paired and runs."""
    command = [sys.executable, "-m", "agent", "run", "--home", str(home)]
    process = subprocess.Popen(command, cwd=system.project, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(folder: Path) -> set[str]:
    return {digest(path) for path in folder.rglob("*") if path.is_file() and ".backhaul" not in path.parts}
