"""What only Windows can show. On other systems these tests are not collected: `make test-windows` runs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]
sys.path.insert(0, str(Path(__file__).parent.parent / "agent"))

if sys.platform == "win32":
    from fake_cloud import FakeCloud
    from fake_pc import Pc

    from agent.drive.home import Home

    @pytest.fixture
    def cloud() -> Iterator[FakeCloud]:
        with FakeCloud() as running:
            yield running

    @pytest.fixture
    def home(tmp_path: Path) -> Home:
        made = Home(tmp_path / "home")
        made.prepare()
        return made

    @pytest.fixture
    def pc(home: Home, cloud: FakeCloud) -> Pc:
        return Pc(home, cloud)
