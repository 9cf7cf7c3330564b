"""Where it happens: a copy of the project, deployed on the embedded cloud behind the weather, in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from admin import stage
from admin.stage import Stage
from tests.chaos.cloud import FAULTS, RAGING
from tests.ports import a_free_port

ROOT = Path(__file__).parents[2]
COPIED = (
    "app.py",
    "admin",
    "chalicelib",
    "infra",
    "local",
    "agent",
    "tests",
    "requirements.txt",
    ".chalice/config.json",
    ".chalice/policies",
)
START_SECONDS, STOP_SECONDS = 600, 60


@dataclass(frozen=True)
class Place:
    """The embedded cloud that is up, and its weather."""

    folder: Path
    project: Path
    here: Stage
    api_url: str

    def storm(self, *, rages: bool) -> None:
        """Let the storm begin, or end."""
        (self.folder / RAGING).touch() if rages else (self.folder / RAGING).unlink()

    def faults(self) -> Counter[str]:
        """Return how often the weather did what, but for the last second."""
        file = self.folder / FAULTS
        return Counter(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else Counter()


@contextmanager
def up(folder: Path, seed: int, share: float) -> Iterator[Place]:
    """Run the embedded cloud for the length of a `with` block."""
    project = folder / "project"
    for name in COPIED:
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(target)], check=True)
    ports = [a_free_port(), a_free_port()]
    words = [folder / "state", folder / "demo", *ports, seed, share]
    command = [sys.executable, "-m", "tests.chaos.cloud", *map(str, words)]
    said = folder / "cloud.log"
    with said.open("wb") as story:
        process = subprocess.Popen(command, cwd=project, stdout=story, stderr=subprocess.STDOUT)
    try:
        _await_up(process, said)
        yield Place(folder, project, stage.find(project, stage.LOCAL), f"http://127.0.0.1:{ports[1]}")
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _await_up(process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Backhaul is up" not in said.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the embedded cloud did not come up:\n{said.read_text(encoding='utf-8')[-3000:]}")
        time.sleep(0.2)
