"""The installer as a person gets it: run, used, run again over itself, and gone without a trace."""

from __future__ import annotations

import os
import subprocess
import winreg
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import until

from agent import VERSION

INSTALLER = os.environ.get("BACKHAUL_INSTALLER", "")
pytestmark = pytest.mark.skipif(not INSTALLER, reason="run when it is named, as test-windows says")
KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\Backhaul"


def install() -> Path:
    """Install in silence, and say where."""
    subprocess.run([INSTALLER, "/S"], check=True, timeout=120, stdin=subprocess.DEVNULL)
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, KEY) as key:
        return Path(winreg.QueryValueEx(key, "InstallLocation")[0])


def uninstall(folder: Path) -> None:
    subprocess.run([str(folder / "uninstall.exe"), "/S"], check=True, timeout=120, stdin=subprocess.DEVNULL)
    until(lambda: not folder.exists(), 60)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    where = install()
    yield where
    if where.exists():
        uninstall(where)


def test_it_installs_below_the_persons_own_programs_and_runs(folder: Path) -> None:
    ran = subprocess.run(
        [str(folder / "backhaul.exe"), "--version"], capture_output=True, text=True, check=False, timeout=300
    )

    assert folder.parts[-3:] == ("Local", "Programs", "Backhaul")
    assert (ran.returncode, ran.stdout.strip()) == (0, VERSION)


def test_it_leaves_nothing_of_an_earlier_version(folder: Path) -> None:
    (folder / "app/agent/of_an_earlier_version.py").touch()

    install()

    assert not (folder / "app/agent/of_an_earlier_version.py").exists()


def test_files_of_the_persons_own_stay_when_it_goes(folder: Path) -> None:
    (folder / "notes.txt").touch()

    subprocess.run([str(folder / "uninstall.exe"), "/S"], check=True, timeout=120, stdin=subprocess.DEVNULL)
    until(lambda: [path.name for path in folder.iterdir()] == ["notes.txt"], 60)

    (folder / "notes.txt").unlink()
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        winreg.OpenKey(winreg.HKEY_CURRENT_USER, KEY).Close()
