"""AWS's own ways to fetch, and the loop that comes before all of them, as contestants."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contestants import _command as command
from bench.rolls import BUCKET

if TYPE_CHECKING:
    from bench.contestants import Contestant, Task
    from bench.tools import Tools

FETCHERS = Path(__file__).with_name("fetchers.py")


def contestants(tools: Tools) -> dict[str, Contestant]:
    """Name them; none where AWS's tools are not wanted."""
    aws, crt = tools.aws, tools.crt
    if aws is None or crt is None:
        return {}
    return {
        "aws s3 sync": lambda task: command(classic(aws, task, "sync")),
        "aws s3 cp": lambda task: command(classic(aws, task, "cp", "--recursive")),
        "aws CRT client": lambda task: command(fetcher("crt", crt, task)),
        "one at a time": lambda task: command(fetcher("loop", crt, task)),
    }


def classic(aws: Path, task: Task, *how: str) -> list[str]:
    """Copy with the classic command line of AWS."""
    source = f"s3://{BUCKET}/{task.roll.prefix}/"
    place = ["--endpoint-url", task.address, "--region", "us-east-1"]
    return [*_python(aws.parents[1]), str(aws), *place, "s3", *how, "--only-show-errors", source, str(task.into)]


def fetcher(way: str, packages: Path, task: Task) -> list[str]:
    """Copy with a program of ours that does what others do."""
    return [*_python(packages), str(FETCHERS), way, task.address, BUCKET, task.roll.prefix, str(task.into)]


def _python(packages: Path) -> list[str]:
    return ["env", f"PYTHONPATH={packages.resolve()}", sys.executable]
