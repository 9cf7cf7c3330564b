"""A whole Backhaul in a temporary folder, started and killed as a person would: by its commands."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from local.api import Api
from local.demo import ask, digests
from local.owner import Owner, sign_in
from local.samples import Sample
from local.sending import Progress, put, whole
from tests.ports import a_free_port

ROOT = Path(__file__).parents[2]
DEPLOYED_FROM = (
    "app.py",
    "admin",
    "chalicelib",
    "infra",
    "local",
    "agent",
    "requirements.txt",
    ".chalice/config.json",
    ".chalice/policies",
)
START_SECONDS = 600
STOP_SECONDS = 20


def await_truth(truth: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(0.1)


class WholeSystem:
    """The copy of the project, and the process that runs it."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "a project"
        self.state = self.project / ".local"
        self.home = self.project / "home"
        self.cloud_port, self.api_port = a_free_port(), a_free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.start_seconds: list[float] = []
        self.log = folder / "up.log"
        for name in DEPLOYED_FROM:
            _copy(ROOT / name, self.project / name)

    # ---- running it ----

    def command(self, *arguments: str) -> list[str]:
        places = ["--cloud-port", str(self.cloud_port), "--api-port", str(self.api_port)]
        return [sys.executable, "-m", "local", *arguments, *places]

    def run(self, *command: str, seconds: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.project,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def ensure_up(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command("up"), cwd=self.project, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        await_truth(self._is_up_or_over, START_SECONDS, "the start")
        assert self.process.poll() is None, self.said()
        self.start_seconds.append(time.monotonic() - began)

    def _is_up_or_over(self) -> bool:
        return (self.process is not None and self.process.poll() is not None) or "Backhaul is up" in self.said()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(STOP_SECONDS)

    def processes(self) -> list[int]:
        """Every process that works for this copy of the project."""
        found = []
        for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
            try:
                if entry.name.isdigit() and str(self.project) in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    # ---- using it ----

    def api(self) -> Api:
        told = json.loads((self.state / "owner.json").read_text())
        return sign_in(Api(f"http://127.0.0.1:{self.api_port}"), Owner(told["email"], told["password"]))

    def chalice_deploy(self) -> subprocess.CompletedProcess[str]:
        return self.run(str(Path(sys.executable).with_name("chalice")), "deploy", "--stage", "local")

    def outputs(self) -> dict[str, Any]:
        recorded: dict[str, Any] = json.loads((self.project / ".chalice" / "outputs" / "local.json").read_text())
        return recorded

    def aws(self, service: str) -> Any:
        keys = self.outputs()["cli"]
        session = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
        return session.client(service, endpoint_url=f"http://127.0.0.1:{self.cloud_port}")

    def api_ids(self) -> list[str]:
        return [api["id"] for api in self.aws("apigateway").get_rest_apis()["items"]]

    def upload(self, api: Api, sample: Sample) -> str:
        (asked,) = ask(api, [sample])
        put(asked.answer["link"], whole(sample), Progress(0))
        return str(asked.answer["fileId"])

    def is_home(self, sample: Sample) -> bool:
        return sample.sha256 in digests(self.home, {sample.size})


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)
