"""Wine 10, unpacked from Debian's packages into a folder. Nothing is installed on this machine.

The packages come from wherever apt on this machine gets its own, from another suite there. Runs on Linux.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

SUITE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = ("wine", "wine64", "bash", "dash", "util-linux", "mount", "coreutils", "libc-bin")
PROGRAMS = {"wine": "wine-stable", "wineserver": "wineserver-stable"}
ZLIB = {"i386-windows": "i686-w64-mingw32", "x86_64-windows": "x86_64-w64-mingw32"}
BUILTIN = b"Wine builtin DLL" + bytes(16)
"""What Wine's loader looks for at byte 64 of a DLL of its own."""
UNWANTED = ("doc", "man", "locale", "info", "fonts")


class NoWineError(Exception):
    """Raised when Wine 10 cannot be had on this machine; the message says what it would take."""


def unpack(root: Path) -> Path:
    """Make sure that Wine 10 lies below `root`, and return it."""
    done = root / ".done"
    if not done.exists():
        shutil.rmtree(root, ignore_errors=True)
        (root / "apt").mkdir(parents=True)
        for package in _download(root / "apt", _site()):
            _run("dpkg-deb", "-x", str(package), str(root))
        _finish(root)
        done.touch()
    return root


def _site() -> str:
    """Ask apt where this machine's Debian packages come from."""
    if shutil.which("apt-get") is None or not KEYRING.exists():
        reason = f"Wine 10 comes from Debian's packages: this needs apt-get and {KEYRING}"
        raise NoWineError(reason)
    told = _run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages")
    sites = [site for site in told.split() if "security" not in site]
    if not sites:
        reason = "Wine 10 comes from Debian's packages, and apt on this machine is set up for no Debian archive"
        raise NoWineError(reason)
    return next((site for site in sites if site.rstrip("/").endswith("/debian")), sites[0])


def _download(work: Path, site: str) -> list[Path]:
    """Download Wine and all it needs, with an apt of our own that believes nothing is installed."""
    for folder in ("lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d"):
        (work / folder).mkdir(parents=True)
    (work / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {site} {SUITE} main\n", encoding="utf-8")
    settings = {
        "Dir::Etc": work / "etc",
        "Dir::Etc::sourcelist": work / "etc/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": work / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    _run(*apt, "update")
    _run(*apt, "install", "-y", "--no-install-recommends", "--download-only", *PACKAGES)
    return sorted((work / "cache/archives").glob("*.deb"))


def _finish(root: Path) -> None:
    """Do what the packages' own scripts would have done."""
    for name, target in PROGRAMS.items():
        with contextlib.suppress(FileExistsError):
            (root / "usr/bin" / name).symlink_to(target)
    for folder, compiler in ZLIB.items():
        body = bytearray((root / "usr" / compiler / "lib/zlib1.dll").read_bytes())
        body[64 : 64 + len(BUILTIN)] = BUILTIN
        (root / "usr/lib/x86_64-linux-gnu/wine" / folder / "zlib1.dll").write_bytes(body)
    shutil.rmtree(root / "apt")
    for name in UNWANTED:
        shutil.rmtree(root / "usr/share" / name, ignore_errors=True)


def _run(*command: str) -> str:
    """Run a program of this machine, and return what it printed."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        reason = f"{command[0]} failed: {ran.stderr.strip() or ran.stdout.strip()}"
        raise NoWineError(reason)
    return ran.stdout
