"""What the agent's tests share: a home folder, a cloud that misbehaves on demand, and a PC between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc

from agent.home import Home


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
def pc(home: Home, cloud: FakeCloud) -> Iterator[Pc]:
    made = Pc(home, cloud)
    yield made
    if hasattr(made, "session"):
        made.stop()
