"""Those who fetch: each as a command in a process of its own, measured from its start to its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.drive.home import Home, Pairing
from agent.identity.keystore import KeyStore
from bench.cloud import DEVICE, Cloud
from bench.rolls import BUCKET, Made, Roll
from bench.servers import KEY, SECRET
from bench.tools import Tools

LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """What one run took: wall and processor seconds, the most memory in MB, and how long it only started."""

    wall: float
    cpu: float
    rss: float
    start: float = 0.0


@dataclass(frozen=True)
class Task:
    """What is to be fetched, from where, into which folder."""

    roll: Roll
    made: Sequence[Made]
    address: str
    into: Path


Contestant = Callable[[Task], Run]


def contestants(tools: Tools) -> dict[str, Contestant]:
    """Name those compared; the agent first. AWS's own are in `bench.aws`."""
    return {
        "agent": agent,
        "s5cmd": lambda task: _command(s5cmd(tools, task)),
        "rclone": lambda task: _command(rclone(tools, task)),
        "s5cmd+sum+sync": lambda task: _command(the_same_promise(tools, task)),
    }


def agent(task: Task) -> Run:
    """Run the real agent until the last receipt was taken, then stop it; what the stop takes is not counted."""
    home = Home(task.into)
    home.prepare()
    KeyStore(home, use_keyring=False).keep(DEVICE, f"bh_{DEVICE}_bench")
    with Cloud(task.made, task.address) as cloud, (home.folder.parent / "agent.log").open("w") as log:
        home.remember(Pairing(cloud.url, DEVICE, "bench"))
        (home.state / "config.toml").write_text("")
        command = [sys.executable, "-m", "agent", "run", "--home", str(home)]
        begun = time.monotonic()
        process = subprocess.Popen(command, env=_environment(), stderr=log)
        cloud.asked.wait(LONGEST_SECONDS)
        start = time.monotonic() - begun
        done = cloud.done.wait(LONGEST_SECONDS)
        wall = time.monotonic() - begun
        process.send_signal(signal.SIGTERM)
        run = _ended(process, begun)
    if not done:
        raise TimeoutError((home.folder.parent / "agent.log").read_text()[-2000:])
    return Run(wall, run.cpu, run.rss, start)


def s5cmd(tools: Tools, task: Task) -> list[str]:
    """Copy; nothing is hashed, flushed or renamed."""
    source = f"s3://{BUCKET}/{task.roll.prefix}/*"
    return [str(tools.s5cmd), "--endpoint-url", task.address, "--log", "error", "cp", source, f"{task.into}/"]


def the_same_promise(tools: Tools, task: Task) -> list[str]:
    """Copy, compare every hash, and flush the drive: what the agent's receipt stands for."""
    lines = [f"{one.sha256}  {one.key.rpartition('/')[2]}\n" for one in task.made]
    (task.into.parent / "SHA256SUMS").write_text("".join(lines))
    copied = shlex.join(s5cmd(tools, task))
    return ["sh", "-ec", f"{copied}; cd {task.into}; sha256sum --check --quiet ../SHA256SUMS; sync --file-system ."]


def rclone(tools: Tools, task: Task) -> list[str]:
    """Copy with rclone's own defaults."""
    where = f'endpoint="{task.address}",access_key_id={KEY},secret_access_key={SECRET}'
    remote = f":s3,provider=Rclone,{where}"
    return [str(tools.rclone), "copy", "--config", os.devnull, f"{remote}:{BUCKET}/{task.roll.prefix}", str(task.into)]


def _command(command: Sequence[str]) -> Run:
    begun = time.monotonic()
    return _ended(subprocess.Popen(command, env=_environment()), begun)


def _ended(process: subprocess.Popen[bytes], begun: float) -> Run:
    """Wait for the end, and read what it took."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Run(time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)


def _environment() -> Mapping[str, str]:
    """Say what all are told. Byte-code may be kept, as it is on any PC, even where a developer wants none."""
    tools = str(Path(sys.executable).parents[1])
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "BACKHAUL_KEYRING": "file",
        "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")]),  # noqa: PTH109 - as a string
        "VIRTUAL_ENV": tools,
    }


def far_apart(folder: Path) -> Path:
    """Make a folder whose folders lie far apart on the drive, where that can be said (ext4, `chattr +T`).

    Near each other, whoever makes many files searches past the numbers of those that anybody deleted a minute ago.
    """
    folder.mkdir(parents=True)
    with contextlib.suppress(OSError):
        subprocess.run(["chattr", "+T", folder], stderr=subprocess.DEVNULL, check=False)
    return folder


def prepare(folder: Path) -> Path:
    """Make an empty folder for one run, with nothing of the run before waiting to be written."""
    folder.mkdir(parents=True)
    os.sync()
    return folder


def empty(folder: Path) -> None:
    """Give the room back, and keep the names: ext4 avoids numbers of files deleted in the last minutes, one by one.

    Whoever makes many small files after many were deleted waits for that search, not for what is measured.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)


def require_all(roll: Roll, folder: Path, who: str) -> None:
    """Raise unless every file is there in its full size."""
    found = sorted(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and ".backhaul" not in path.parts
    )
    if found != sorted(roll.sizes):
        raise ValueError(f"{who} fetched {len(found)} files, {sum(found)} bytes; expected {roll.says}")
