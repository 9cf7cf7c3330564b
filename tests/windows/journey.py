"""The whole way of a file with the portable ZIP: the embedded cloud on Linux, the PC on Windows. Runs on Linux.

Unzip, pair, upload as a phone does, download, receipt, compare the bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from room import Room, windows_path

from local import system
from local.api import Api, patiently
from local.errors import LocalError
from local.places import Places
from tests.ports import a_free_port

PROJECT = Path(__file__).resolve().parents[2]
PARTS = (
    "app.py",
    "chalicelib",
    ".chalice/config.json",
    ".chalice/policies",
    "infra",
    "local",
    "agent",
    "requirements.txt",
)
NAMES = ("IMG_1.jpg", "img_1.JPG", "Grüße: 14:30?.heic", "NUL.mp4")
SIZES = (0x1234, 300_000, 2_000_000, 9_000_000)
SECONDS = 90
HOME = "downloaded"


class LostError(Exception):
    """Raised when a file did not come all the way; the message says how far."""


@dataclass(frozen=True)
class Sent:
    """A file that was uploaded."""

    name: str
    file_id: str
    sha256: str


def travel(room: Room, shipped: Path, work: Path) -> str:
    """Bring files home with the portable ZIP, and say so; raise when anything is missing."""
    shutil.rmtree(work, ignore_errors=True)
    places = Places(_copy(work / "project"), work / "state", work / "linux", a_free_port(), a_free_port())
    program, home = _unzip(shipped, work / "Ännas Programme (é)"), work / "Fotos für später"
    said: list[str] = []
    try:
        with system.up(places, said.append) as running:
            device_id = _pair(room, program, running.api, home)
            pc = room.start(str(program), "run", "--home", windows_path(home), environment={"BACKHAUL_KEYRING": "file"})
            sent = [_send(running.api, name, size) for name, size in zip(NAMES, SIZES, strict=True)]
            _await_receipts(running.api, sent, device_id, pc)
            pc.kill()
    except LocalError as error:
        raise LostError("\n".join([*said, str(error)])) from error
    told = _compare(sent, home)
    shutil.rmtree(work)
    return told


def _copy(target: Path) -> Path:
    """Copy what is deployed: the stage `local` of the checkout itself belongs to whoever works in it."""
    for part in PARTS:
        source = PROJECT / part
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target / part)
    return target


def _unzip(shipped: Path, folder: Path) -> Path:
    with zipfile.ZipFile(shipped) as packed:
        packed.extractall(folder)
    return folder / "Backhaul/backhaul.exe"


def _pair(room: Room, program: Path, api: Api, home: Path) -> str:
    command = [str(program), "pair", api.url, "--home", windows_path(home), "--name", "Windows PC", "--json"]
    pairing = room.start(*command, environment={"BACKHAUL_KEYRING": "file"})
    assert pairing.stdout is not None
    said = pairing.stdout.readline()
    if "userCode" not in said:
        raise LostError(f"pairing: {said}{pairing.stdout.read()}")
    api.post("/pairings/approve", {"userCode": json.loads(said)["userCode"], "approve": True})
    told: dict[str, Any] = json.loads(pairing.stdout.readline())
    pairing.wait(SECONDS)
    return str(told["deviceId"])


def _send(api: Api, name: str, size: int) -> Sent:
    body = os.urandom(size)
    sha256 = hashlib.sha256(body).hexdigest()
    wanted = {"name": name, "type": "image/jpeg", "size": size, "sha256": sha256}
    (answer,) = patiently(lambda: api.post("/uploads", {"files": [wanted]}))["files"]
    link = answer["link"]
    asked = urllib.request.Request(link["url"], data=body, headers=link["headers"], method="PUT")  # noqa: S310 - on loopback
    with urllib.request.urlopen(asked, timeout=SECONDS):  # noqa: S310 - as above
        return Sent(name, answer["fileId"], sha256)


def _await_receipts(api: Api, sent: list[Sent], device_id: str, pc: subprocess.Popen[str]) -> None:
    """Wait until the Windows PC has receipted every file."""
    ends = time.monotonic() + SECONDS
    while missing := [one.name for one in sent if device_id not in _file(api, one).get("home", {})]:
        if time.monotonic() > ends or pc.poll() is not None:
            pc.kill()
            raise LostError(f"not receipted: {missing}; the PC said: {pc.communicate()[0]}")
        time.sleep(0.5)


def _file(api: Api, one: Sent) -> dict[str, Any]:
    return patiently(lambda: api.get(f"/files/{one.file_id}"))


def _compare(sent: list[Sent], home: Path) -> str:
    there = [path for path in home.rglob("*") if path.is_file() and ".backhaul" not in path.parts]
    found = {hashlib.sha256(path.read_bytes()).hexdigest(): path.relative_to(home).as_posix() for path in there}
    if sorted(found) != sorted(one.sha256 for one in sent):
        raise LostError(f"at home are {sorted(found.values())}, expected the bytes of {[one.name for one in sent]}")
    return f"{len(sent)} files came home to Windows through the embedded cloud: {', '.join(sorted(found.values()))}"
