"""What the zip for Lambda would hold, looked at before AWS ever sees it. Touches no AWS and no tracked file.

Chalice warns and carries on when a dependency cannot be packaged; the function then fails at its first request.
Here that warning is an error, and so is a library built for another processor, a tool that slipped in, or a weight
that would slow every cold start.
"""

import argparse
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalice.config import Config
from chalice.deploy.packager import (
    DependencyBuilder,
    LambdaDeploymentPackager,
    NoSuchPackageError,
    PackageDownloadError,
    PipRunner,
    SubprocessPip,
)
from chalice.utils import UI, OSUtils

from infra.deploy_hooks import patch
from infra.outputs import sample_for

_SOURCES = ("app.py", "chalicelib", "requirements.txt")
_WANTED = frozenset({"app.py", "chalicelib", "chalice", "jwt", "cryptography", "msgspec", "PIL", "pillow_heif"})
_UNWANTED = frozenset({"boto3", "botocore", "s3transfer", "moto", "pytest", "agent", "infra", "local", "tests"})
_MOST_BYTES = 60_000_000
_PROCESSORS = {0x3E: "x86_64", 0xB7: "arm64"}
_ELF = b"\x7fELF"


class PackagingError(Exception):
    """Raised when the zip would not work in Lambda, or could not be made."""


@dataclass(frozen=True)
class Contents:
    """What matters of a zip: bytes by top-level name, and the processors its libraries were built for."""

    sizes: Mapping[str, int]
    processors: Mapping[str, str]


def complaints(contents: Contents, architecture: str) -> list[str]:
    """Say everything that is wrong with a zip; an empty list is a good one."""
    names = frozenset(contents.sizes)
    wrong = [f"{name} is missing from the zip" for name in sorted(_WANTED - names)]
    wrong += [f"{name} has no business in the zip" for name in sorted(_UNWANTED & names)]
    foreign = {path: found for path, found in contents.processors.items() if found != architecture}
    wrong += [f"{path} is built for {found}, expected {architecture}" for path, found in sorted(foreign.items())]
    total = sum(contents.sizes.values())
    if total > _MOST_BYTES:
        wrong.append(f"the zip unpacks to {total} bytes, expected at most {_MOST_BYTES}")
    return wrong


def look_into(zip_path: Path) -> Contents:
    """Read the sizes and processors out of a zip."""
    sizes: Counter[str] = Counter()
    processors: dict[str, str] = {}
    with zipfile.ZipFile(zip_path) as package:
        for entry in package.infolist():
            sizes[entry.filename.partition("/")[0]] += entry.file_size
            if ".so" in entry.filename and not entry.is_dir():
                head = package.open(entry).read(20)
                if head.startswith(_ELF):
                    machine = int.from_bytes(head[18:20], "little")
                    processors[entry.filename] = _PROCESSORS.get(machine, hex(machine))
    return Contents(sizes, processors)


def package(project: Path, work: Path, architecture: str, *, stage: str = "dev") -> Path:
    """Let Chalice package a copy of the project as a deploy of the stage would, and return the zip.

    Not by `chalice package`: that writes a template too, and refuses an app that listens to a bucket.
    """
    copy = work / "project"
    for source in _SOURCES:
        _copy(project / source, copy / source)
    osutils = OSUtils()
    builder = DependencyBuilder(osutils, PipRunner(SubprocessPip(osutils)), architecture)
    packager = LambdaDeploymentPackager(osutils, builder, UI(), architecture=architecture)
    patches = patch(sample_for(stage))
    try:
        return Path(packager.create_deployment_package(str(copy), Config().lambda_python_version))
    except (NoSuchPackageError, PackageDownloadError) as error:
        raise PackagingError(f"a dependency could not be downloaded: {error}") from error
    finally:
        patches.undo()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def main() -> int:
    """Package, look, tell; exit 0 only if the zip is good."""
    parser = argparse.ArgumentParser(prog="python -m infra.packaging", description=__doc__)
    parser.add_argument("--architecture", default="arm64", choices=sorted(_PROCESSORS.values()))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        try:
            contents = look_into(package(Path.cwd(), Path(work), asked.architecture))
        except PackagingError as error:
            print(error, file=sys.stderr)
            return 1
    for name, size in sorted(contents.sizes.items(), key=lambda pair: -pair[1]):
        print(f"{size:>12,}  {name}")
    print(f"{sum(contents.sizes.values()):>12,}  in all, unpacked")
    wrong = complaints(contents, asked.architecture)
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
