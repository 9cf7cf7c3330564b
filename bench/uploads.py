"""Who brings many small files into S3 in which time: `backhaul push`, `rclone copy`, `aws s3 sync` and `s5cmd cp`.

All send to one `rclone serve s3`. What the app and the table do for each file is not in it, for the embedded cloud's
own time would be all one sees: a stand-in begins the uploads (`phone_cloud`), with links signed as the app signs them.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from agent.drive.home import Home, Pairing
from agent.identity.keystore import KeyStore
from bench import line, servers
from bench.cloud import DEVICE
from bench.contestants import _command as command
from bench.figures import paired
from bench.rolls import BUCKET
from bench.servers import KEY, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.contestants import Run
    from bench.tools import Tools

SIZE = 20_000
MANY = 10_000
FAR_SECONDS = 0.04
FEWER_FAR = 5
HEAD = "| who | wall s | files a second | CPU s | most MB | push / it |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Task:
    """What is sent from which folder, to where the server keeps what under which prefix."""

    source: Path
    address: str
    served: Path
    prefix: str

    @property
    def arrived(self) -> Path:
        """Return where it arrives."""
        return self.served / BUCKET / self.prefix


def section(tools: Tools, where: Path, scale: float, rounds: int) -> str:
    """Measure, near and far, and lay out the figures."""
    near, far = (make(where / "to-send", max(1, round(MANY * part))) for part in (scale, scale / FEWER_FAR))
    return "\n\n".join([_table(tools, where, near, 0.0, rounds), _table(tools, where, far, FAR_SECONDS, 1)])


def _table(tools: Tools, where: Path, source: Path, delay: float, rounds: int) -> str:
    known = senders(tools)
    runs: dict[str, list[Run]] = {name: [] for name in known}
    count = len(list(source.iterdir()))
    served = (where / "received").resolve()
    shutil.rmtree(served, ignore_errors=True)
    (served / BUCKET).mkdir(parents=True)
    with servers.served(tools.rclone, served) as near, line.far(near, delay) as address:
        for number in range(rounds):
            for name in random.sample(list(known), len(known)):
                task = Task(source, address, served, f"{number}-{name.replace(' ', '-')}")
                os.sync()
                runs[name].append(known[name](task))
                require_all(task, count, name)
    says = f"{delay * 1000:.0f} ms to each answer" if delay else "near"
    return f"**{count:,} x {SIZE // 1000} KB, {says}**\n\n{table(runs, count)}"


def table(runs: Mapping[str, list[Run]], count: int) -> str:
    """Lay out the figures."""
    lines, ours = [HEAD], [run.wall for run in runs["push"]]
    for name, of in runs.items():
        wall, cpu, rss = median(run.wall for run in of), median(run.cpu for run in of), max(run.rss for run in of)
        ratio = "" if name == "push" else f"**{median(paired(ours, [run.wall for run in of])):.2f}**"
        lines.append(f"| {name} | {wall:.1f} | {count / wall:,.0f} | {cpu:.1f} | {rss:.0f} | {ratio} |")
    return "\n".join(lines)


def senders(tools: Tools) -> dict[str, Callable[[Task], Run]]:
    """Name all that are compared; each with its own defaults."""
    known = {
        "push": push,
        "rclone copy": lambda task: command(rclone(tools, task)),
        "s5cmd cp": lambda task: command(s5cmd(tools, task)),
    }
    if tools.aws:
        known["aws s3 sync"] = lambda task: command(aws(tools, task))
    return known


def push(task: Task) -> Run:
    """Push, until the cloud has noticed every file."""
    port, state = servers.free_port(), task.served.parent / "pushed" / task.prefix
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    home = Home(state)
    home.prepare()
    KeyStore(home, use_keyring=False).keep(DEVICE, f"bh_{DEVICE}_bench")
    home.remember(Pairing(f"http://127.0.0.1:{port}/", DEVICE, "bench"))
    with _phone_cloud(port, task):
        pushing = [sys.executable, "-m", "agent", "push", str(task.source), "--state", str(state), "--json"]
        return command(["sh", "-c", 'exec "$@" >/dev/null', "sh", *pushing])


@contextlib.contextmanager
def _phone_cloud(port: int, task: Task) -> Iterator[None]:
    about = [str(port), task.address, str(task.served), task.prefix]
    with servers._running([sys.executable, "-m", "bench.phone_cloud", *about], port):  # noqa: SLF001 (ours as well)
        yield


def rclone(tools: Tools, task: Task) -> list[str]:
    """Copy with rclone's own defaults."""
    where = f'endpoint="{task.address}",access_key_id={KEY},secret_access_key={SECRET}'
    target = f":s3,provider=Rclone,{where}:{BUCKET}/{task.prefix}"
    return [str(tools.rclone), "copy", "--config", os.devnull, str(task.source), target]


def s5cmd(tools: Tools, task: Task) -> list[str]:
    """Copy with s5cmd's own defaults."""
    place = ["--endpoint-url", task.address, "--log", "error"]
    return [str(tools.s5cmd), *place, "cp", f"{task.source}/", f"s3://{BUCKET}/{task.prefix}/"]


def aws(tools: Tools, task: Task) -> list[str]:
    """Copy with the classic command line of AWS."""
    assert tools.aws is not None
    python = ["env", f"PYTHONPATH={tools.aws.parents[1].resolve()}", sys.executable, str(tools.aws)]
    place = ["--endpoint-url", task.address, "--region", "us-east-1"]
    return [*python, *place, "s3", "sync", "--only-show-errors", str(task.source), f"s3://{BUCKET}/{task.prefix}/"]


def make(folder: Path, count: int) -> Path:
    """Write so many small files that differ, unless they are there."""
    at = folder.resolve() / str(count)
    if not (at / f"{count - 1:05}.jpg").exists():
        at.mkdir(parents=True, exist_ok=True)
        dice = random.Random("to send")  # noqa: S311 - the same every time
        for number in range(count):
            (at / f"{number:05}.jpg").write_bytes(dice.randbytes(SIZE))
    return at


def require_all(task: Task, count: int, who: str) -> None:
    """Raise unless every file arrived whole."""
    sizes = [path.stat().st_size for path in task.arrived.rglob("*") if path.is_file()]
    if sizes != [SIZE] * count:
        raise ValueError(f"{who} sent {len(sizes)} files, {sum(sizes)} bytes; expected {count} of {SIZE}")
