"""What is deployed is pinned, down to what the libraries themselves need."""

from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

LINES = Path("requirements.txt").read_text(encoding="utf-8").splitlines()
PINNED = [Requirement(line) for line in LINES if line and not line.startswith("#")]


def test_every_requirement_names_one_version() -> None:
    assert PINNED
    assert all(str(one.specifier).startswith("==") and "*" not in str(one.specifier) for one in PINNED)


def test_what_the_requirements_need_is_pinned_too() -> None:
    needed = {Requirement(text) for one in PINNED for text in requires(one.name) or ()}
    names = {one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})}

    assert names <= {one.name for one in PINNED}
