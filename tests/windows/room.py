"""A room in which Windows programs run on Linux: Wine 10 laid over /usr, seen by nobody outside.

The room is a mount and a process namespace of its own, held open by a pipe. However we end, the pipe closes, the room's
first process goes, and with it the kernel ends every Windows program, the wineserver and the mounts. Runs on Linux.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from debian_wine import NoWineError

FURNISH = """
set -e
mount --bind "$0/usr" /usr
mount -t tmpfs -o size=32m,mode=777 tmpfs "$1"
echo ready
exec cat >/dev/null
"""
UNPRIVILEGED = ("setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+dac_read_search")
"""Wine must not be almighty: for root without this, read-only files are writable, which no Windows does."""
ENTRANCE_SECONDS = 10
SILENT_SECONDS = 150


class SilentError(Exception):
    """Raised when nothing is said any more: now and then Wine waits for itself, before any test has begun."""

    def __init__(self, seconds: float) -> None:
        """Say for how long nothing was heard."""
        super().__init__(f"nothing was said for {seconds:.0f} s")


class Room:
    """Windows, as far as Wine knows it. Drive T: has 32 MB, for tests that fill a drive."""

    def __init__(self, wine: Path, folder: Path) -> None:
        """Take where Wine was unpacked, and the folder that keeps the Windows drive between runs."""
        self._wine, self._folder = wine, folder
        self._prefix = folder / "prefix"
        self._small = folder / "small"

    def __enter__(self) -> Self:
        """Open the room, and set up Windows in it if this is the first time."""
        for folder in (self._folder / "home", self._prefix, self._small):
            folder.mkdir(parents=True, exist_ok=True)
        self._open()
        try:
            self._set_up()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the room, whatever is running in it."""
        self.end()

    def start(
        self, *command: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a Windows program. Its handles are pipes: Windows programs take others badly."""
        return subprocess.Popen(
            [*self._entrance(folder or self._folder, environment or {}), "wine", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )

    def run(self, *command: str, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> int:
        """Run a Windows program, show what it says as it says it, and return its exit code."""
        running = self.start(*command, folder=folder, environment=environment)
        assert running.stdout is not None
        while said := self._hear(running.stdout.fileno()):
            sys.stdout.buffer.write(said)
            sys.stdout.flush()
        running.stdout.close()
        return running.wait()

    def _hear(self, handle: int) -> bytes:
        """Wait for what is said next; nothing, once all is said."""
        if not select.select([handle], [], [], SILENT_SECONDS)[0]:
            raise SilentError(SILENT_SECONDS)
        return os.read(handle, 65536)

    def end(self) -> None:
        """End whatever is running in the room."""
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        try:
            self._holder.wait(ENTRANCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        for pipe in (self._holder.stdout, self._holder.stderr):
            if pipe is not None:
                pipe.close()

    def _open(self) -> None:
        spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "slave"]
        mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
        self._holder = subprocess.Popen(
            [*spaces, *mapped, "bash", "-c", FURNISH, str(self._wine), str(self._small)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            _, said = self._holder.communicate(timeout=ENTRANCE_SECONDS)
            reason = f"Wine 10 has to be laid over /usr, which takes root or user namespaces: {said.strip()}"
            raise NoWineError(reason)
        self._first = _only_child(self._holder.pid)

    def _entrance(self, folder: Path, environment: Mapping[str, str]) -> list[str]:
        """Write the beginning of a command line that is carried out inside."""
        spaces = ["nsenter", "--target", str(self._first), "--mount", "--pid"]
        mapped = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        names = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._folder / "home"),
            "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": "/tmp",
            "WINEPREFIX": str(self._prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
            **environment,
        }
        clean = ["env", "--ignore-environment", f"--chdir={folder}"]
        return [*spaces, *mapped, *UNPRIVILEGED, *clean, *(f"{name}={value}" for name, value in names.items())]

    def _set_up(self) -> None:
        done = self._prefix / ".done"
        if not done.exists():
            shutil.rmtree(self._prefix)
            self._prefix.mkdir()
            self._quietly("wineboot", "--init")
            self._quietly("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
            self._quietly("reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f")
            done.touch()
        drive = self._prefix / "dosdevices/t:"
        drive.unlink(missing_ok=True)
        drive.symlink_to(self._small)

    def _quietly(self, *command: str) -> None:
        ran = subprocess.run(
            [*self._entrance(self._folder, {}), "wine", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if ran.returncode:
            reason = f"Wine could not be set up: `{' '.join(command)}` ended with {ran.returncode}"
            raise NoWineError(reason)


def windows_path(path: Path) -> str:
    """Write a path of this machine as Windows programs in the room see it."""
    return "Z:" + str(path).replace("/", "\\")


def _only_child(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()[0])
