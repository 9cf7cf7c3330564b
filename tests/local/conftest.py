from pathlib import Path

import pytest

from local.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    project = tmp_path / "project"
    project.mkdir()
    return Places(project, project / ".local", project / "home", cloud_port=4510, api_port=8700)
