"""Kill -9 on every line that brings a file home, start again, and compare bytes, catalog and receipts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc
from killed import NO_STEPS, STEPS

from agent.drive.home import Home

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
SMALL, MIDDLING, LARGE = b"a small photo", b"0123456789" * 150_000, b"0123456789" * 300_000
SHARES = 4
"""Every fourth line each, so that several workers can share them."""
MISSED = 3
"""Whether a line is reached may hang on who is quicker, as where several names wait for their folder."""
HERE = Path(__file__).parent


class Stage:
    """A home folder and a cloud that start afresh for every kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = os.environ | {"PYTHONPATH": str(HERE.parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        self._forker = subprocess.Popen(
            [sys.executable, str(HERE / "killed.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def close(self) -> None:
        assert self._forker.stdin
        assert self._forker.stdout
        self._forker.stdin.close()
        self._forker.wait()
        self._forker.stdout.close()

    def fresh(self, cloud: FakeCloud) -> Pc:
        """Make a new home folder with a neighbour that has the best name, and a cloud that owes three files."""
        shutil.rmtree(self.folder, ignore_errors=True)
        home = Home(self.folder)
        home.prepare()
        pc = Pc(home, cloud)
        pc.says(fetchers=1, reserve_bytes=0)
        pc.puts("2024/2024-07/IMG_1.jpg", b"the owner's own")
        cloud.has(SMALL)
        cloud.has(MIDDLING, "VID_1.mp4")
        cloud.has(LARGE, "VID_2.mp4")
        return pc

    def run(self, **job: str) -> int:
        """Run one agent until it dies, or until everything is home; return how it ended."""
        assert self._forker.stdin
        assert self._forker.stdout
        self._forker.stdin.write(json.dumps({"home": str(self.folder), **job}) + "\n")
        self._forker.stdin.flush()
        return int(self._forker.stdout.readline())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "home")
    yield made
    made.close()


def recorded(stage: Stage, lines: Path) -> dict[str, list[str]]:
    """Bring the files home undisturbed, and say which steps it took and which other modules had a part in it."""
    assert stage.run(record=str(lines)) == 0
    told: dict[str, list[str]] = json.loads(lines.read_text())
    return told


def test_no_module_that_has_a_part_in_it_is_forgotten(stage: Stage, tmp_path: Path) -> None:
    with FakeCloud() as cloud:
        stage.fresh(cloud)
        seen = recorded(stage, tmp_path / "lines")

    assert set(seen["others"]) <= NO_STEPS
    assert {line.partition(":")[0] for line in seen["steps"]} == STEPS


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_on_any_line_the_next_start_converges(stage: Stage, tmp_path: Path, share: int) -> None:
    with FakeCloud() as cloud:
        pc = stage.fresh(cloud)
        seen = recorded(stage, tmp_path / "lines")
        expected, paths = pc.files(), sorted(cloud.taken.values())
    lines = seen["steps"][share::SHARES]
    killed = 0

    for line in lines:
        with FakeCloud() as cloud:
            pc = stage.fresh(cloud)
            killed += stage.run(line=line) == -signal.SIGKILL
            torn = {path: body for path, body in pc.files().items() if expected.get(path) != body}
            assert stage.run() == 0, line

            assert torn == {}, line
            assert pc.files() == expected, line
            assert sorted(cloud.taken.values()) == paths, line
            assert list(pc.home.partials.iterdir()) == [], line
            told = pc.status()
            assert (told["filesHome"], told["onTheWay"], told["receiptsWaiting"]) == (3, 0, 0), line

    assert killed > 100 / SHARES
    assert killed >= len(lines) - MISSED
