import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import bytecode


@pytest.fixture
def a_zip(tmp_path: Path) -> Path:
    made = tmp_path / "x.zip"
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("room/__init__.py", "")
        package.writestr("room/noun.py", "LINE = 1\n\ndef where():\n    return where.__code__.co_filename\n")
        package.writestr("room/data.json", "{}")
    return made


def names(made: Path) -> set[str]:
    with zipfile.ZipFile(made) as package:
        return {name for name in package.namelist() if name.endswith(".pyc")}


def test_every_module_gets_byte_code_and_nothing_else_does(a_zip: Path) -> None:
    tag = sys.implementation.cache_tag

    assert bytecode.add(a_zip) == 2

    assert names(a_zip) == {f"room/__pycache__/__init__.{tag}.pyc", f"room/__pycache__/noun.{tag}.pyc"}


def test_a_zip_that_has_it_is_left_as_it_is(a_zip: Path) -> None:
    bytecode.add(a_zip)
    before = a_zip.read_bytes()

    assert bytecode.add(a_zip) == 0
    assert a_zip.read_bytes() == before


def test_the_same_sources_make_the_same_byte_code() -> None:
    assert bytecode.compiled(b"x = {1, 2}", "a.py") == bytecode.compiled(b"x = {1, 2}", "a.py")


def test_python_takes_it_whatever_the_times_of_the_files_are(a_zip: Path, tmp_path: Path) -> None:
    bytecode.add(a_zip)
    with zipfile.ZipFile(a_zip) as package:
        package.extractall(tmp_path / "task")
    # A source that Python would not take shows which of the two it read.
    (tmp_path / "task/room/noun.py").write_text("this is no Python")

    asked = f"import sys; sys.path.insert(0, {str(tmp_path / 'task')!r}); from room import noun; print(noun.where())"
    command = [sys.executable, "-I", "-B", "-c", asked]

    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == str(tmp_path / "task/room/noun.py")


def test_everybody_may_read_it(a_zip: Path) -> None:
    bytecode.add(a_zip)

    with zipfile.ZipFile(a_zip) as package:
        modes = {entry.external_attr >> 16 & 0o777 for entry in package.infolist() if entry.filename.endswith(".pyc")}
    assert modes == {0o644}
