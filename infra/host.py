"""The embedded cloud runs functions on this very machine: package for it, not for Lambda's Linux. Pure but for pip.

On Linux, too: packages for the old Linux below Lambda's Python 3.11 would run here, but not all are made for it.
"""

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_ARM = frozenset({"arm64", "aarch64"})


def architecture(machine: str = "") -> str:
    """Name this machine's processor as Lambda would."""
    return "arm64" if (machine or platform.machine()).lower() in _ARM else "x86_64"


def install(requirements: str, target: str, run: Callable[..., object] = subprocess.run) -> None:
    """Install what requirements.txt names for this machine."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--target", str(Path(target)), "--requirement", str(Path(requirements))], check=True)
