"""What is shipped to a Windows PC: the same bytes from the same sources, all pinned, nothing superfluous."""

from __future__ import annotations

import io
import os
import re
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shipping import archive, ingredients, installer, launchers, library, portable
from shipping.errors import WrongIngredientError

PROJECT = Path(__file__).parents[2]
MOMENT = datetime(2026, 11, 21, 10, 0, 30, tzinfo=UTC)
LOCKS = ("shipping/windows.txt", "tests/windows/requirements.txt")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    put(tmp_path / "Backhaul", "b.txt", "a/z.py", "a-b.txt", "A.txt")
    return tmp_path / "Backhaul"


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_the_same_files_make_the_same_zip_whenever_they_were_written(tree: Path, tmp_path: Path) -> None:
    archive.pack(tree, tmp_path / "one.zip", MOMENT)
    for path in tree.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    archive.pack(tree, tmp_path / "two.zip", MOMENT)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_zip_unpacks_to_what_was_packed(tree: Path, tmp_path: Path) -> None:
    archive.pack(tree, tmp_path / "one.zip", MOMENT)

    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        found = {entry.filename: (packed.read(entry), entry.date_time) for entry in packed.infolist()}
    assert found["Backhaul/a/z.py"] == (b"a/z.py", (2026, 11, 21, 10, 0, 30))
    assert len(found) == 4


def test_a_date_before_zip_files_is_their_first() -> None:
    assert archive.entry("x", datetime(1970, 1, 1, tzinfo=UTC)).date_time == (1980, 1, 1, 0, 0, 0)


def test_another_commit_gives_files_another_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795255230")

    assert portable.commit_moment(PROJECT) == MOMENT


def test_without_a_repository_there_is_a_date_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert portable.commit_moment(tmp_path) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_launcher_names_the_python_beside_it_and_carries_the_program() -> None:
    made = launchers.join(b"MZ stub", "python.exe", MOMENT)

    head, _, program = made.partition(b"\r\n")
    assert head == b"MZ stub#!<launcher_dir>\\python\\python.exe"
    with zipfile.ZipFile(io.BytesIO(program)) as packed:
        assert b"agent.cli" in packed.read("__main__.py")


def test_what_is_double_clicked_asks_for_the_first_steps() -> None:
    _, _, program = launchers.join(b"MZ stub", "python.exe", MOMENT, '["setup"]').partition(b"\r\n")

    with zipfile.ZipFile(io.BytesIO(program)) as packed:
        assert b'main(["setup"])' in packed.read("__main__.py")


@pytest.mark.parametrize("name", ["t64.exe", "w64.exe"])
def test_the_launchers_are_the_ones_that_were_pinned(name: str) -> None:
    assert ingredients.launcher(name).startswith(b"MZ")


def test_another_ingredient_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(WrongIngredientError, match=r"the embeddable Python must have sha256 0000.*, got e3b0c442"):
        ingredients.prove("the embeddable Python", b"", "0000")


def test_other_services_and_traces_of_the_machine_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "botocore/data/sqs/x.json", "botocore/data/ec2/x.json", "botocore/data/endpoints.json", "bin/jp.py")
    put(tmp_path, "boto3/data/ec2/x.json", "keyring-1.dist-info/RECORD", "keyring-1.dist-info/entry_points.txt")

    library.slim(tmp_path)

    kept = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    expected = ["botocore/data/endpoints.json", "botocore/data/sqs/x.json", "keyring-1.dist-info/entry_points.txt"]
    assert kept == expected


def test_of_pywin32_stays_what_the_agent_needs(tmp_path: Path) -> None:
    put(tmp_path, "win32/win32gui.pyd", "win32/win32print.pyd", "win32/lib/win32con.py", "win32/test/win32gui.py")
    put(tmp_path, "pywin32_system32/pywintypes313.dll", "pywin32_system32/pythoncom313.dll", "win32com/client/a.py")

    library.slim(tmp_path)

    kept = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert kept == ["pywin32_system32/pywintypes313.dll", "win32/lib/win32con.py", "win32/win32gui.pyd"]


def test_every_module_of_pywin32_that_the_agent_imports_is_shipped() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "agent").rglob("*.py"))
    imported = set(re.findall(r"import (win32\w+|servicemanager|pywintypes|ntsecuritycon|winerror)", sources))

    assert imported <= library._OF_WIN32


def test_the_installer_takes_files_in_the_order_of_their_names(tree: Path, tmp_path: Path) -> None:
    script = installer.render(tree, tmp_path / "setup.exe").splitlines()

    told = [line.strip() for line in script if line.strip().startswith(("File ", "SetOutPath "))]
    assert [line.rpartition("/")[2] if "File" in line else line for line in told][:6] == [
        'SetOutPath "$INSTDIR"',
        'A.txt"',
        'a-b.txt"',
        'b.txt"',
        'SetOutPath "$INSTDIR\\a"',
        'z.py"',
    ]


@pytest.mark.skipif(shutil.which("makensis") is None, reason="needs NSIS")
def test_the_same_files_make_the_same_installer_wherever_they_lie(tree: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "A.txt", "a-b.txt", "a/z.py", "b.txt")
    for path in (tmp_path / "elsewhere").rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))

    for folder, name in ((tree, "one.exe"), (tmp_path / "elsewhere", "two.exe")):
        installer.pack(folder, tmp_path / name, None)

    assert (tmp_path / "one.exe").read_bytes() == (tmp_path / "two.exe").read_bytes()


def test_the_uninstaller_takes_away_no_folder_that_may_hold_files_of_others(tree: Path, tmp_path: Path) -> None:
    script = installer.render(tree, tmp_path / "setup.exe").splitlines()

    whole = {line.split()[-1] for line in script if "RMDir /r" in line}
    assert whole == {f'"$INSTDIR\\{name}"' for name in ("app", "lib", "licenses", "python")}


def test_every_library_shows_its_licence(tmp_path: Path) -> None:
    put(tmp_path, "a-1.dist-info/licenses/LICENSE", "a-1.dist-info/METADATA", "b-2.dist-info/METADATA")

    assert sorted(library.licences(tmp_path)) == ["a-1/LICENSE", "b-2/METADATA"]


def test_every_service_the_agent_talks_to_is_shipped() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "agent").rglob("*.py"))

    assert set(re.findall(r"\.client\(\s*\"([a-z0-9-]+)\"", sources)) == library.SERVICES


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_the_pc_gets_and_nothing_without_a_hash(lock: str) -> None:
    wanted = re.findall(r"^[\w.-]+==[\w.]+", (PROJECT / "agent/requirements.txt").read_text(), re.MULTILINE)
    locked = (PROJECT / lock).read_text().replace("\\\n", "").splitlines()

    assert set(wanted) <= {line.split()[0] for line in locked}
    assert all("--hash=sha256:" in line for line in locked)
