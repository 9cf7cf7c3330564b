"""One run of some tests in one copy of the project, in a process that has the large libraries already."""

from __future__ import annotations

import gc
import importlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3
import moto
import pytest

LIBRARIES = ("moto.dynamodb.models", "moto.s3.responses", "moto.sqs.responses", "chalice.app", "chalice.cli.factory")
MORE = ("jwt", "cryptography.x509", "msgspec.json", "obstore.store", "yaml", "hypothesis.stateful")
SERVICES = {"dynamodb": "list_tables", "s3": "list_buckets", "sqs": "list_queues", "sns": "list_topics"}
"""A first call to each of these has moto and botocore read large models."""
LOST = 99
"""The exit code of a run that did not come to its end."""
OPTIONS = ("--quiet", "--tb=short", "-rfE", "--color=no", "-p", "no:xdist", "-p", "no:randomly")


def preload() -> None:
    """Import what most tests need and no fault touches: each run is a child of this process and pays for none of it."""
    for name in (*LIBRARIES, *MORE):
        importlib.import_module(name)
    with moto.mock_aws():
        for service, ask in SERVICES.items():
            client = boto3.client(service, region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
            getattr(client, ask)()
    gc.collect()
    # What is here now stays: no run has to look through it again, or to have its pages copied for that.
    gc.freeze()


@dataclass(frozen=True)
class Trial:
    """Some tests, to be run in one folder."""

    folder: Path
    tests: Sequence[str]
    log: Path
    more: Sequence[str] = ()

    def start(self, seconds: int) -> int:
        """Start, and return the id of the process; its exit code is pytest's, or a signal's once the time is up."""
        process = os.fork()
        if process == 0:
            os._exit(self._run(seconds))
        return process

    def failed(self) -> list[str]:
        """Name the tests that failed."""
        said = self.log.read_text(encoding="utf-8", errors="replace")
        return re.findall(r"^(?:FAILED|ERROR) ([^ ]+)", said, re.MULTILINE)

    def said(self) -> str:
        """Return the end of what pytest said."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def _run(self, seconds: int) -> int:
        signal.alarm(seconds)
        code = LOST
        try:
            self._settle_in()
            code = int(pytest.main([*OPTIONS, *self.more, f"--rootdir={self.folder}", *self.tests]))
        except BaseException:  # noqa: BLE001 - this process is a copy of the parent, and must not go on as it
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        return code

    def _settle_in(self) -> None:
        """Let nothing of the project be found but in the copy, and nobody see what is said."""
        with self.log.open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.chdir(self.folder)
        # No test tried here needs a plugin that is installed beside pytest, and one of them has all of Hypothesis
        # rewritten. What is compiled is worth keeping: it comes along into each copy.
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        sys.dont_write_bytecode = False
        for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
            del sys.modules[name]
        sys.path[:] = [
            str(self.folder),
            *(place for place in sys.path if "site-packages" in place or "lib/python" in place),
        ]
