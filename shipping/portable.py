"""The portable ZIP: a person unzips it, double-clicks "Set up Backhaul", pairs. No Python and no rights needed.

The folder `Backhaul` holds the launchers (backhaul.exe, backhaulw.exe, Set up Backhaul.exe), app/agent, lib (its
libraries), python (CPython as python.org ships it), licenses/, LICENSE.txt and README.txt.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from agent import VERSION
from shipping import archive, ingredients, launchers, library

NAME = f"backhaul-{VERSION}-windows-amd64.zip"
_FOLDER = "Backhaul"
_README = f"""\
Backhaul {VERSION} brings your files home from your own cloud.

Put this folder where it can stay, and double-click "Set up Backhaul". It asks for
the address of your cloud and for the folder that your files come home to, pairs
this PC, and lets Backhaul start whenever you log on.

In a terminal (in Explorer: File, Open in Terminal) there is more:

    .\\backhaul.exe status --home D:\\Photos
    .\\backhaul.exe stop --home D:\\Photos
    .\\backhaul.exe --help

To remove Backhaul, type this, and delete this folder. Your files stay.

    .\\backhaul.exe uninstall --home D:\\Photos
"""


SOURCES = ("agent", "shipping/windows.txt", "LICENSE")
"""What the ZIP is made of, beside pinned ingredients."""


def build(project: Path, cache: Path, target: Path, moment: datetime) -> None:
    """Build the portable ZIP from the sources in a folder; `moment` is the date that all files bear."""
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / _FOLDER
        lay_out(project, cache, tree, moment)
        archive.pack(tree, target, moment)


def lay_out(project: Path, cache: Path, tree: Path, moment: datetime) -> None:
    """Lay out the folder that a person gets to see."""
    python = ingredients.embedded_python(cache)
    ingredients.unpack_python(python, tree / "python", [".", *ingredients.search_in("..\\lib"), "..\\app"])
    library.put(tree / "lib", project / "shipping/windows.txt", cache)
    ingredients.put_pywin32_in_reach(tree / "lib", tree / "python")
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", "requirements.txt")
    shutil.copytree(project / "agent", tree / "app/agent", ignore=unwanted)
    launchers.put(tree, moment)
    _put_words(project, tree)


def commit_moment(project: Path) -> datetime:
    """Return the date that all files bear: SOURCE_DATE_EPOCH, else when the last commit was made.

    Never one fixed date: a later version unzipped over an earlier one would run on the earlier one's compiled files,
    which Python tells apart by date and size alone.
    """
    told = os.environ.get("SOURCE_DATE_EPOCH") or _last_commit(project)
    return datetime.fromtimestamp(int(told), UTC)


def _last_commit(project: Path) -> str:
    asked = ["git", "log", "-1", "--format=%ct"]
    ran = subprocess.run(asked, cwd=project, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    return ran.stdout.strip() or "0"


def _put_words(project: Path, tree: Path) -> None:
    """Put in what people read: how to begin, and the licences of all that is inside."""
    (tree / "README.txt").write_text(_README, encoding="utf-8", newline="\r\n")
    shutil.copyfile(project / "LICENSE", tree / "LICENSE.txt")
    texts = library.licences(tree / "lib") | ingredients.launcher_licences()
    for name, path in texts.items():
        (tree / "licenses" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tree / "licenses" / name)
