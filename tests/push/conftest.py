"""What the tests of pushing share: a simulator of the cloud, a folder, a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from push_phone import Folder, Phone
from push_simulator import Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "DCIM")


@pytest.fixture
def phone(sim: Simulator, tmp_path: Path) -> Phone:
    return Phone(sim, tmp_path / "state")
