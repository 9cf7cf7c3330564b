r"""What a person starts: a launcher, a line that names the Python beside it, and a ZIP with the program.

    launcher `#!<launcher_dir>\python\python.exe` CR LF  ZIP(__main__.py)

The launcher puts its own folder in place of `<launcher_dir>`, so the whole may be unzipped anywhere.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

from shipping import archive, ingredients

SET_UP = "Set up Backhaul.exe"
_PROGRAMS = {
    "backhaul.exe": ("t64.exe", "python.exe", ""),
    "backhaulw.exe": ("w64.exe", "pythonw.exe", ""),
    SET_UP: ("t64.exe", "python.exe", '["setup", "--wait"]'),
}
"""The first for a console; the second without one, for what starts at logon; the third to be double-clicked."""
_MAIN = "import sys\n\nfrom agent.cli import main\n\nsys.exit(main({words}))\n"


def put(folder: Path, moment: datetime) -> None:
    """Put the programs that a person starts into the folder that has `python` in it."""
    for name, (stub, python, words) in _PROGRAMS.items():
        (folder / name).write_bytes(join(ingredients.launcher(stub), python, moment, words))


def join(stub: bytes, python: str, moment: datetime, words: str = "") -> bytes:
    """Join launcher, line and program; `words` are what it is always started with."""
    program = io.BytesIO()
    with zipfile.ZipFile(program, "w") as packed:
        packed.writestr(archive.entry("__main__.py", moment), _MAIN.format(words=words))
    return stub + f"#!<launcher_dir>\\python\\{python}\r\n".encode() + program.getvalue()
