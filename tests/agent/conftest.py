"""What the agent's tests share: a home folder, a cloud that misbehaves on demand, and a PC between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc
from hypothesis import settings

from agent.drive.home import Home

# A machine ten times slower is no fault of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


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
