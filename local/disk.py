"""Small JSON files that are whole or absent, and folders that can be written. Knows the file system."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from local.errors import BrokenStateError, UnwritableStateError


def read_json(file: Path) -> dict[str, Any]:
    """Read a file of ours, or say which one is broken."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrokenStateError(file, error.strerror or str(error)) from error
    except ValueError as error:
        raise BrokenStateError(file, str(error)) from error
    if not isinstance(found, dict):
        raise BrokenStateError(file, f"expected an object, got {type(found).__name__}")
    return found


def write_json(file: Path, what: dict[str, Any]) -> None:
    """Write a file that only this user can read, at once."""
    handle, partial = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as text:
            json.dump(what, text, indent=2)
            text.write("\n")
            text.flush()
            os.fsync(text.fileno())
        Path(partial).replace(file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """Make a folder private to this user, and prove that it can be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UnwritableStateError(folder, error.strerror or str(error)) from error


def empty_folder(folder: Path) -> None:
    """Leave a folder there, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
