"""The libraries the agent needs, without what it does not: other services' models, tools, and traces of the machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from shipping import ingredients

SERVICES = frozenset({"sqs"})
"""The AWS services the agent talks to through boto3."""
_MODELS = ("botocore/data", "boto3/data")
_UNWANTED = ("bin", ".lock", "boto3/examples")
_PYWIN32 = ("PyWin32.chm", "adodbapi", "isapi", "pythoncom.py", "pythonwin", "pywin32.pth", "win32com", "win32comext")
"""Those parts of pywin32 that the agent does not need: COM, an editor, a server's plug-ins."""
_OF_WIN32 = frozenset(
    {
        *("_win32sysloader", "servicemanager", "win32api", "win32event", "win32file", "win32gui", "win32security"),
        *("win32service", "ntsecuritycon", "pywintypes", "win32con", "win32serviceutil", "win32timezone", "winerror"),
        *("License", "lib"),
    }
)
"""Those modules of pywin32 that the agent needs, or that these need."""
_TRACES = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json")
"""What an installer leaves behind; RECORD would list what we take away."""
_LICENCES = ("LICEN[CS]E*", "NOTICE*", "COPYING*", "AUTHORS*")


def put(folder: Path, locked: Path, cache: Path) -> None:
    """Install the locked wheels into a folder and take away what is not needed."""
    ingredients.install_wheels(locked, folder, cache)
    slim(folder)


def slim(folder: Path) -> None:
    """Take away what the agent does not need."""
    for models in _MODELS:
        for service in (folder / models).glob("*/"):
            if service.name not in SERVICES:
                shutil.rmtree(service)
    unwanted = [folder / name for name in (*_UNWANTED, *_PYWIN32)]
    unwanted += [path for path in folder.glob("win32/**/*") if path.stem not in _OF_WIN32]
    unwanted += folder.glob("pywin32_system32/pythoncom*")
    unwanted += [path for name in _TRACES for path in folder.glob(f"*.dist-info/{name}")]
    for path in unwanted:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def licences(folder: Path) -> dict[str, Path]:
    """Find the licence texts of what is installed in a folder: where they go, and where they are.

    A package that brings no text has its licence in its METADATA.
    """
    found = {}
    for package in sorted(folder.glob("*.dist-info")):
        texts = {path for pattern in _LICENCES for path in package.rglob(pattern) if path.is_file()}
        for path in sorted(texts or {package / "METADATA"}):
            found[f"{package.name.removesuffix('.dist-info')}/{path.name}"] = path
    return found
