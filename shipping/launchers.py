r"""backhaul.exe and backhaulw.exe: a launcher, a line that names the Python beside it, and a ZIP with the program.

    launcher `#!<launcher_dir>\python\python.exe` CR LF  ZIP(__main__.py)

The launcher puts its own folder in place of `<launcher_dir>`, so the whole may be unzipped anywhere.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

from shipping import archive, ingredients

_PROGRAMS = {"backhaul.exe": ("t64.exe", "python.exe"), "backhaulw.exe": ("w64.exe", "pythonw.exe")}
"""The first for a console; the second without one, for what starts at logon."""
_MAIN = "import sys\n\nfrom agent.cli import main\n\nsys.exit(main())\n"


def put(folder: Path, moment: datetime) -> None:
    """Put the programs that a person starts into the folder that has `python` in it."""
    for name, (stub, python) in _PROGRAMS.items():
        (folder / name).write_bytes(join(ingredients.launcher(stub), python, moment))


def join(stub: bytes, python: str, moment: datetime) -> bytes:
    """Join launcher, line and program."""
    program = io.BytesIO()
    with zipfile.ZipFile(program, "w") as packed:
        packed.writestr(archive.entry("__main__.py", moment), _MAIN)
    return stub + f"#!<launcher_dir>\\python\\{python}\r\n".encode() + program.getvalue()
