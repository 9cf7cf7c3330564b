"""Runs tests with Windows CPython under Wine 10: the agent's own, and those that need Windows. Runs on Linux.

    python tests/windows/suite.py [PYTEST ARGUMENTS]     the tests
    python tests/windows/suite.py --journey              the portable ZIP, from pairing to receipt

BACKHAUL_WINDOWS_TOOLS names the folder that keeps Wine and Python between runs (default: build/windows);
BACKHAUL_WINDOWS_SECONDS how long the tests may take (default: 540).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import debian_wine  # noqa: E402 - lies beside us
from room import Room, SilentError, windows_path  # noqa: E402 - lies beside us

from shipping import ingredients, installer, portable  # noqa: E402 - found through the line above
from shipping.errors import ShippingError  # noqa: E402 - as above

LOCKED = PROJECT / "tests/windows/requirements.txt"
OPTIONS = (
    *("-p", "tests.windows.exceptions", "-rfEs"),
    *("-o", "tmp_path_retention_count=1", "-o", "tmp_path_retention_policy=failed"),
)
"""One after another: in Wine, workers have died side by side without a word, and pytest waited for them."""
INSTALLER_TESTS = "test_windows_installer"
"""Run when they are named: NSIS takes its time, and Wine to install what it made."""
FOLDERS = ("tests/agent", "tests/windows")
STARTUP = "tests/windows/test_windows_startup.py"
"""Run when it is named: beside other tests Wine's task scheduler and service control refuse, or never answer."""


def main(arguments: list[str]) -> int:
    """Get what is missing, run the tests, and return pytest's exit code."""
    tools = Path(os.environ.get("BACKHAUL_WINDOWS_TOOLS") or PROJECT / "build/windows").resolve()
    try:
        wine = told("Wine 10", lambda: debian_wine.unpack(tools / "wine"))
        python = told("Windows CPython", lambda: install_python(tools))
        shipped = told("the portable ZIP", lambda: build_portable(tools))
        if any(INSTALLER_TESTS in one for one in arguments):
            told("the installer", lambda: build_installer(tools))
        if arguments == ["--journey"]:
            with Room(wine, tools) as room:
                return travel(room, shipped, tools)
        try:
            return in_a_room(wine, tools, lambda room: run_tests(room, python, shipped, arguments))
        except SilentError as error:
            sys.stderr.write(f"test-windows: {error}; once more, in a new room\n")
            return in_a_room(wine, tools, lambda room: run_tests(room, python, shipped, arguments))
    except (debian_wine.NoWineError, ShippingError, SilentError) as error:
        sys.stderr.write(f"test-windows cannot run here: {error}\n")
        return 1


def in_a_room(wine: Path, tools: Path, deed: Callable[[Room], int]) -> int:
    """Do something in a room of its own."""
    with Room(wine, tools) as room:
        return deed(room)


def travel(room: Room, shipped: Path, tools: Path) -> int:
    """Take the portable ZIP the whole way, and return the exit code."""
    import journey  # the tests do not need the embedded cloud

    try:
        sys.stdout.write(journey.travel(room, shipped, tools / "journey") + "\n")
    except journey.LostError as error:
        sys.stderr.write(f"test-windows: {error}\n")
        return 1
    return 0


def told(what: str, make: Callable[[], Path]) -> Path:
    """Make something, and say how long it took."""
    began = time.monotonic()
    made = make()
    sys.stderr.write(f"test-windows: {what} is ready ({time.monotonic() - began:.0f} s)\n")
    return made


def install_python(tools: Path) -> Path:
    """Make sure that Windows CPython and the locked wheels are there; begin anew when either changed."""
    packed = ingredients.embedded_python(tools / "cache")
    folder, state = tools / "python", sha256(packed.read_bytes() + LOCKED.read_bytes())
    done = folder / ".done"
    if not done.exists() or done.read_text(encoding="ascii") != state:
        shutil.rmtree(folder, ignore_errors=True)
        ingredients.install_wheels(LOCKED, folder / "lib", tools / "cache")
        ingredients.unpack_python(packed, folder, [".", *ingredients.search_in("lib"), windows_path(PROJECT)])
        ingredients.put_pywin32_in_reach(folder / "lib", folder)
        done.write_text(state, encoding="ascii")
    return folder / "python.exe"


def build_portable(tools: Path) -> Path:
    """Build what a person would download, from the sources as they are now: twice, and the same both times."""
    sources, target, again = tools / "sources", tools / portable.NAME, tools / "again.zip"
    shutil.rmtree(sources, ignore_errors=True)
    copy(portable.SOURCES, sources)
    moment = portable.commit_moment(PROJECT)
    for one in (target, again):
        portable.build(sources, tools / "cache", one, moment)
    ingredients.prove("the portable ZIP, built again,", again.read_bytes(), sha256(target.read_bytes()))
    again.unlink()
    return target


def build_installer(tools: Path) -> Path:
    """Build the installer from the same sources."""
    target = tools / installer.NAME
    moment = portable.commit_moment(PROJECT)
    installer.build(tools / "sources", tools / "cache", target, moment, installer.QUICKEST)
    return target


def copy(names: Sequence[str], target: Path) -> None:
    """Copy parts of the project, which others may be working on."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (PROJECT / name).is_dir() else shutil.copy2)(PROJECT / name, target / name)


def sha256(body: bytes) -> str:
    """Hash bytes."""
    return hashlib.sha256(body).hexdigest()


def run_tests(room: Room, python: Path, shipped: Path, arguments: list[str]) -> int:
    """Run pytest under Windows, and end it when it takes too long."""
    seconds = float(os.environ.get("BACKHAUL_WINDOWS_SECONDS") or 540)
    deadline = threading.Timer(seconds, give_up, [room, seconds])
    deadline.daemon = True
    deadline.start()
    named = any("tests" in one for one in arguments)
    chosen = arguments if named else [*FOLDERS, f"--ignore={STARTUP}", *arguments]
    environment = {
        "BACKHAUL_PORTABLE_ZIP": windows_path(shipped),
        "HYPOTHESIS_STORAGE_DIRECTORY": r"C:\hypothesis",
        "PYTHONUTF8": "1",
    }
    if any(INSTALLER_TESTS in one for one in arguments):
        environment["BACKHAUL_INSTALLER"] = windows_path(shipped.with_name(installer.NAME))
    try:
        pytest = [str(python), "-m", "pytest", *OPTIONS, *chosen]
        return room.run(*pytest, folder=PROJECT, environment=environment)
    finally:
        deadline.cancel()


def give_up(room: Room, seconds: float) -> None:
    """Say why, and end everything in the room."""
    sys.stderr.write(f"test-windows: not done after {seconds:.0f} s; ended\n")
    room.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
