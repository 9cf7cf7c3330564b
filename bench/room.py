"""The zip for Lambda, laid out on this machine as Lambda lays it out, with and without byte-code."""

from __future__ import annotations

import compileall
import importlib.util
import py_compile
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra import host, packaging

# What Lambda's own Python brings along.
_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")
OBVIOUS = Path(__file__).parent / "obvious" / "app.py"


@dataclass(frozen=True)
class Room:
    """Where a function's code lies; `plain` has sources only, as a zip of sources has."""

    compiled: Path
    plain: Path
    runtime: Path


def lay_out(folder: Path) -> tuple[Room, Room]:
    """Lay out our zip, and the obvious app with the same packages; return both rooms."""
    shutil.rmtree(folder, ignore_errors=True)
    work, runtime = folder / "work", folder / "runtime"
    work.mkdir(parents=True)
    made = packaging.package(Path.cwd(), work, host.architecture(), stage="local")
    for name in _RUNTIME:
        _link(name, runtime)
    ours, obvious = folder / "ours", folder / "obvious"
    with zipfile.ZipFile(made) as package:
        package.extractall(ours, [name for name in package.namelist() if "__pycache__" not in name])
    shutil.copytree(ours, obvious, ignore=shutil.ignore_patterns("chalicelib", "PIL", "pillow*"))
    shutil.copy2(OBVIOUS, obvious / "app.py")
    shutil.rmtree(work)
    return Room(_compiled(ours), ours, runtime), Room(_compiled(obvious), obvious, runtime)


def _link(name: str, runtime: Path) -> None:
    """Let a package of the runtime be found, and nothing beside it."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    origin = Path(found.origin)
    runtime.mkdir(exist_ok=True)
    lies = origin.parent if origin.name == "__init__.py" else origin
    (runtime / lies.name).symlink_to(lies)
    if lies.is_dir():
        compileall.compile_dir(lies, quiet=2)


def _compiled(plain: Path) -> Path:
    compiled = plain.with_name(f"{plain.name}-compiled")
    shutil.copytree(plain, compiled)
    compileall.compile_dir(compiled, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return compiled


def python(*arguments: str) -> list[str]:
    """Start a Python that finds nothing of this project, and leaves no byte-code behind."""
    return [sys.executable, "-I", "-S", "-B", *arguments]


def bare_ms(rounds: int) -> list[float]:
    """Measure what Python itself takes to start."""
    told = "import time; print(time.process_time() * 1000)"
    return [
        float(subprocess.run(python("-c", told), check=True, capture_output=True, text=True).stdout)
        for _ in range(rounds)
    ]
