"""The floors under what the tests run through: a pure module is found by its imports, and none of it may stay unrun."""

import json
from pathlib import Path

import pytest

from tests import covered
from tests.covered import Run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Four modules: one computes, one reads files, one uses the second, one knows the second's types alone."""
    sources = {
        "agent/sums.py": "import math\n",
        "agent/disk.py": "import os\n",
        "agent/copies.py": "from agent import disk, sums\n",
        "chalicelib/plan.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from agent.disk import Disk\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def report(tmp_path: Path, **files: dict[str, object]) -> Path:
    told = {f"agent/{name}.py": file for name, file in files.items()}
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps({"files": told}), "utf-8")
    return path


def file(lines: int, missing: list[int], missing_branches: list[list[int]] | None = None) -> dict[str, object]:
    branches = missing_branches or []
    summary = {"covered_lines": lines, "missing_lines": len(missing), "missing_branches": len(branches)}
    return {"summary": summary, "missing_lines": missing, "missing_branches": branches}


def test_a_module_is_pure_if_nothing_it_imports_reaches_outside(project: Path) -> None:
    assert covered.pure_modules(project) == ["agent/sums.py", "chalicelib/plan.py"]


def test_what_this_project_calls_pure_is_found() -> None:
    assert {"agent/drive/names.py", "agent/fetch/verdicts.py", "chalicelib/keys.py", "chalicelib/cursors.py"} <= set(
        covered.pure_modules()
    )


def test_nothing_is_said_when_all_of_it_ran(tmp_path: Path) -> None:
    runs = covered.read(report(tmp_path, sums=file(20, [])))

    assert covered.complaints(runs, ["agent/sums.py"]) == []


def test_a_line_of_a_pure_module_that_never_ran_is_named(tmp_path: Path) -> None:
    runs = covered.read(report(tmp_path, sums=file(200, [7, 9])))

    assert covered.complaints(runs, ["agent/sums.py"]) == ["agent/sums.py is pure, and line 7, 9 never ran"]


def test_a_way_through_a_pure_module_that_was_never_taken_is_named(tmp_path: Path) -> None:
    runs = covered.read(report(tmp_path, sums=file(200, [], [[7, 9]])))

    assert covered.complaints(runs, ["agent/sums.py"]) == ["agent/sums.py is pure, and line 7 never ran"]


def test_a_pure_module_nobody_measured_is_named(tmp_path: Path) -> None:
    runs = covered.read(report(tmp_path, other=file(20, [])))

    assert covered.complaints(runs, ["agent/sums.py"]) == ["agent/sums.py was not measured"]


def test_too_little_in_all_is_said() -> None:
    runs = {"agent/disk.py": Run(949, 51), "agent/copies.py": Run(0, 0)}

    assert covered.complaints(runs, []) == ["94.9 % of lines and branches were run, fewer than 95 %"]


def test_the_verdict_is_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert covered.main(str(report(tmp_path, sums=file(10, [])))) == 1
    assert "agent/drive/names.py was not measured" in capsys.readouterr().out
