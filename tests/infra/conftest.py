from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import outputs
from infra.deploy_hooks import patch
from infra.outputs import Outputs
from infra.patches import Patches


@pytest.fixture
def project() -> Path:
    """The project itself; read only."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def recorded() -> Outputs:
    return outputs.sample_for("dev")


@pytest.fixture
def hooked(recorded: Outputs) -> Iterator[Patches]:
    """Chalice's classes as a deploy of stage dev sees them."""
    patches = patch(recorded)
    yield patches
    patches.undo()
