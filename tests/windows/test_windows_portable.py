"""The portable ZIP as a person gets it: unzipped into a folder with spaces and accents, started, paired, used."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from fake_cloud import DEVICE, FakeCloud
from programs import Program, agent

from agent import VERSION
from agent.drive.home import Home

ZIP = os.environ.get("BACKHAUL_PORTABLE_ZIP", "")
pytestmark = pytest.mark.skipif(not ZIP, reason="needs BACKHAUL_PORTABLE_ZIP, which `make test-windows` builds")
NOT_PAIRED = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("Ännas Programme (é) & mehr")
    with zipfile.ZipFile(ZIP) as packed:
        packed.extractall(where)
    return where / "Backhaul"


def backhaul(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "backhaul.exe"), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": "C:\\nowhere", "PYTHONHOME": "C:\\nowhere"},
    )


def test_it_says_what_it_can_do(folder: Path) -> None:
    ran = backhaul(folder, "--help")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "usage: backhaul" in ran.stdout


def test_it_knows_its_version(folder: Path) -> None:
    assert backhaul(folder, "--version").stdout.strip() == VERSION


def test_its_exit_code_is_the_programs_own(folder: Path, tmp_path: Path) -> None:
    assert backhaul(folder, "status", "--home", str(tmp_path / "nothing here")).returncode == NOT_PAIRED


def test_it_pairs_brings_a_file_home_receipts_it_and_stops(folder: Path, tmp_path: Path, cloud: FakeCloud) -> None:
    home, program = tmp_path / "Fotos für später", [str(folder / "backhaul.exe")]
    notice = cloud.has(b"a photo", "Grüße.jpg")

    with Program(*program, "pair", cloud.url, "--home", str(home), "--json") as pairing:
        assert json.loads(pairing.line())["userCode"] == "ABCD-EFGH"
        assert json.loads(pairing.line())["deviceId"] == DEVICE
        assert pairing.end()[0] == 0
    with agent("run", "--home", str(home), program=program) as running:
        cloud.wait_until(lambda: cloud.all_home)
        code, said = running.end()

    assert (home / "2024/2024-07/Grüße.jpg").read_bytes() == b"a photo"
    assert [receipt["sha256"] for receipt in cloud.receipts] == [notice["sha256"]]
    assert code == 0, said
    assert "Grüße" in said or str(Home(home)) in said


def test_a_double_click_asks_for_the_first_steps_and_changes_nothing_without_answers(folder: Path) -> None:
    ran = subprocess.run(
        [str(folder / "Set up Backhaul.exe")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (1, "")
    assert "brings your files home" in ran.stdout
    assert "Nothing was changed." in ran.stdout


def test_what_it_needs_of_windows_is_inside(folder: Path, tmp_path: Path) -> None:
    wanted = (
        "agent.window, agent.startup.host, win32security, ntsecuritycon, win32api, servicemanager, win32serviceutil"
    )
    program = f"import {wanted}; from agent.startup.command import _windows_user; print(_windows_user())"
    ran = subprocess.run(
        [str(folder / "python/python.exe"), "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (ran.returncode, "\\" in ran.stdout) == (0, True), ran.stderr


def test_every_library_inside_has_its_licence(folder: Path) -> None:
    packages = {path.name.removesuffix(".dist-info") for path in (folder / "lib").glob("*.dist-info")}

    assert packages <= {path.name for path in (folder / "licenses").iterdir()}
    assert (folder / "python/LICENSE.txt").exists()
