"""Which stages there are and how they are configured: `.chalice/config.json`, read and never written."""

import json
import sys
from pathlib import Path
from typing import Any

from infra.errors import LocalStageError, MissingStageError, UnknownStageError, UnsupportedPythonError

# The Pythons that Lambda runs and that we support; Chalice deploys with the one it runs on.
LAMBDA_PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def config(project: Path) -> dict[str, Any]:
    """Read Chalice's configuration."""
    found: dict[str, Any] = json.loads((project / ".chalice" / "config.json").read_text(encoding="utf-8"))
    return found


def known_stages(project: Path) -> list[str]:
    """Name the stages, in the order they are written."""
    return list(config(project)["stages"])


def functions(project: Path) -> list[str]:
    """Name the functions, as app.py does."""
    return list(config(project)["lambda_functions"])


def checked_stage(project: Path, stage: str) -> str:
    """Return the stage, or say which there are."""
    known = [name for name in known_stages(project) if name != "local"]
    if not stage:
        raise MissingStageError(known)
    if stage == "local":
        raise LocalStageError
    if stage not in known:
        raise UnknownStageError(stage, known)
    return stage


def check_python(running: tuple[int, int] = sys.version_info[:2]) -> None:
    """Refuse a Python that Lambda does not run; the packages in the zip are chosen for the one that runs now."""
    version = f"{running[0]}.{running[1]}"
    if version not in LAMBDA_PYTHONS:
        raise UnsupportedPythonError(version, LAMBDA_PYTHONS)
