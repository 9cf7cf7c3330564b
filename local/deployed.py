"""What is deployed on the embedded cloud, and whether that is still what is in this folder.

Putting up the resources and the functions takes most of a first start; a second start skips both when nothing
they are made of has changed since.
"""

import hashlib
import json
import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from local.disk import read_json, write_json
from local.emulator import without_foreign
from local.errors import DeployError, OfflineError
from local.places import STAGE, Places
from local.processes import end, start

INGREDIENTS = (
    "app.py",
    "chalicelib",
    "vendor",
    "requirements.txt",
    ".chalice/config.json",
    ".chalice/policies",
    "infra",
    "local/chalice_plugin.py",
    "local/swagger.py",
    "local/dropped.py",
)
PASSED_OVER = ("__pycache__",)
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
NO_PACKAGES = re.compile(
    r"Could not install dependencies|no package for Lambda could be made"
    r"|Could not find a version|No matching distribution|PackageDownloadError"
    r"|NoSuchPackageError|Temporary failure in name resolution|Failed to establish a new connection"
)
PACKAGE = re.compile(r"^[A-Za-z0-9][\w.-]*==\S+", re.MULTILINE)
TROUBLE = re.compile(r"Error|error|failed|denied", re.ASCII)


@dataclass(frozen=True)
class Deployed:
    """What was last deployed, and where."""

    fingerprint: str
    api_id: str


def fingerprint(project: Path, settings: Mapping[str, str]) -> str:
    """Sum up everything that a deployment is made of: files, versions and addresses."""
    summed = hashlib.sha256()
    for name, contents in _ingredients(project):
        summed.update(f"{name}\0{hashlib.sha256(contents).hexdigest()}\n".encode())
    summed.update(json.dumps([*versions(), sorted(settings.items())]).encode())
    return summed.hexdigest()


def versions() -> tuple[str, ...]:
    """The tools that shape what is deployed."""
    return (platform.python_version(), platform.machine(), version("chalice"), version("ministack"))


def _ingredients(project: Path) -> Iterator[tuple[str, bytes]]:
    for name in INGREDIENTS:
        for file in _files(project / name):
            yield file.relative_to(project).as_posix(), file.read_bytes()


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and not set(file.parts) & set(PASSED_OVER))


def still_deployed(places: Places, wanted: str) -> Deployed | None:
    """Find what is deployed, if neither its ingredients nor what was recorded about it changed since."""
    if not (places.deployed_file.exists() and places.outputs_file.exists() and places.chalice_state_file.exists()):
        return None
    found = read_json(places.deployed_file)
    deployed = Deployed(str(found.get("fingerprint")), str(found.get("apiId")))
    here = read_json(places.outputs_file).get("environment", {}).get("AWS_ENDPOINT_URL") == places.cloud_url
    same = deployed.fingerprint == wanted and api_id_of(places.chalice_state_file) == deployed.api_id
    return deployed if here and same else None


def record(places: Places, deployed: Deployed) -> None:
    """Remember a deployment; only after it is complete and saved."""
    write_json(places.deployed_file, {"fingerprint": deployed.fingerprint, "apiId": deployed.api_id})


def api_id_of(chalice_state: Path) -> str | None:
    """Read the id of the REST API out of what Chalice remembers."""
    if not chalice_state.exists():
        return None
    resources = read_json(chalice_state).get("resources", [])
    return next((str(one["rest_api_id"]) for one in resources if one.get("resource_type") == "rest_api"), None)


def deploy_functions(places: Places) -> str:
    """Run the real `chalice deploy --stage local`, and return the API's id.

    Chalice warns and carries on when a package cannot be fetched, and keeps the crippled zip for the next time:
    here that is an error, and the zip goes.
    """
    log = places.log("deploy")
    told, code = _run_chalice(places)
    with log.open("a", encoding="utf-8") as story:
        story.write(told)
    if NO_PACKAGES.search(told):
        shutil.rmtree(places.project / ".chalice" / "deployments", ignore_errors=True)
        raise OfflineError(", ".join(PACKAGE.findall(told)) or "see " + str(log))
    api_id = api_id_of(places.chalice_state_file)
    if code or api_id is None:
        raise DeployError("chalice deploy --stage local", log, telling_line(told))
    return api_id


def _run_chalice(places: Places) -> tuple[str, int]:
    arguments = ["-c", CHALICE, "deploy", "--stage", STAGE]
    process = start(arguments, folder=places.project, environment=without_foreign(os.environ))
    try:
        told, _ = process.communicate()
    except BaseException:
        end(process, seconds=3)
        raise
    return told.decode("utf-8", errors="replace"), process.returncode


def telling_line(told: str) -> str:
    """The line of an output that most likely says what went wrong: the last that sounds like it."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if TROUBLE.search(line)), lines[-1] if lines else "")
