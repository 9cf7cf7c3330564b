"""The installer for Windows: what the portable ZIP holds, put below the person's own programs by NSIS.

`makensis` comes with Debian's package nsis; where it is not installed, it is unpacked from there into the cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from agent import VERSION
from shipping import launchers, portable
from shipping.errors import ToolFailedError

NAME = f"backhaul-{VERSION}-windows-amd64-setup.exe"
_TEMPLATE = Path(__file__).with_name("installer.nsi")
_SECONDS = 600
SMALLEST = "/SOLID lzma"
QUICKEST = "zlib"
"""A quarter larger, and made in a tenth of the time: for tests."""


def build(project: Path, cache: Path, target: Path, moment: datetime, compressor: str = SMALLEST) -> None:
    """Build the installer from the sources in a folder."""
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "Backhaul"
        portable.lay_out(project, cache, tree, moment)
        pack(tree, target, find_nsis(cache), compressor)


def pack(tree: Path, target: Path, nsis: Path | None, compressor: str = SMALLEST) -> None:
    """Make an installer of a folder: the same bytes wherever it lies, and whenever its files were written."""
    with tempfile.TemporaryDirectory() as work:
        draft, script = Path(work) / NAME, Path(work) / "installer.nsi"
        script.write_text(render(tree, draft, compressor), encoding="utf-8-sig")
        _run(["makensis", "-V2", "-NOCD", "-INPUTCHARSET", "UTF8", str(script)], nsis)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(draft, target)


def render(tree: Path, target: Path, compressor: str = SMALLEST) -> str:
    """Write the script. Files stand in the order of their names: NSIS would take them as the disk has them."""
    lines, top = [], [path.name for path in sorted(tree.iterdir()) if path.is_file()]
    for folder in sorted({path.parent for path in tree.rglob("*") if path.is_file()}):
        below = folder.relative_to(tree).as_posix().replace("/", "\\")
        lines.append('  SetOutPath "$INSTDIR"' if below == "." else f'  SetOutPath "$INSTDIR\\{below}"')
        lines += [f'  File "{path}"' for path in sorted(folder.iterdir()) if path.is_file()]
    return _TEMPLATE.read_text(encoding="utf-8").format(
        target=target,
        compressor=compressor,
        version=VERSION,
        set_up=launchers.SET_UP,
        files="\n".join(lines),
        deletes="\n".join(f'  Delete "$INSTDIR\\{name}"' for name in top),
    )


def find_nsis(cache: Path) -> Path | None:
    """Return where NSIS was unpacked, or `None` if this machine has it; unpack it if it is nowhere."""
    if shutil.which("makensis"):
        return None
    root = cache / "nsis"
    if not (root / "usr/bin/makensis").exists():
        with tempfile.TemporaryDirectory() as work:
            _run(["apt-get", "-qq", "download", "nsis", "nsis-common"], None, Path(work))
            for package in sorted(Path(work).glob("*.deb")):
                _run(["dpkg-deb", "-x", str(package), str(root)], None)
    return root


def _run(command: list[str], nsis: Path | None, folder: Path | None = None) -> None:
    """Run a tool; NSIS that was unpacked is told where it lies."""
    environment = dict(os.environ)
    if nsis:
        environment |= {"PATH": f"{nsis}/usr/bin:{environment.get('PATH', '')}", "NSISDIR": f"{nsis}/usr/share/nsis"}
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise ToolFailedError(command, "not installed (on Debian: apt-get install nsis)")
    ran = subprocess.run(  # noqa: S603 - ours, without a shell
        [program, *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        cwd=folder,
        env=environment,
    )
    if ran.returncode:
        raise ToolFailedError(command, ran.stderr + ran.stdout)
