"""`install`, `uninstall`, `start`, `stop`: their words on the command line, and what happens in which order."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from agent import farewell
from agent.drive import lock
from agent.startup import tools
from agent.startup.entry import entry_for
from agent.startup.errors import NoStarterError, NotInstalledError, StarterRefusedError, StillRunningError
from agent.startup.launch_agent import LaunchAgent
from agent.startup.logon_task import LogonTask
from agent.startup.service import Service
from agent.startup.user_unit import UserUnit
from agent.words import at_home

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore
    from agent.startup.tools import Run
    from agent.words import Deed

STOP_SECONDS = 10.0
LOOK_SECONDS = 0.1
LINGER = "It runs while you are logged in. To let it run always: loginctl enable-linger"
DRIVES = "A service does not see drives that you connected yourself, such as network drives with a letter."


class Starter(Protocol):
    """What starts one home folder's agent by itself."""

    @property
    def what(self) -> str:
        """What a person calls it."""

    def is_installed(self) -> bool:
        """Whether it is there."""

    def install(self) -> None:
        """Make it, or replace it."""

    def uninstall(self) -> None:
        """Remove it."""

    def start(self) -> None:
        """Start the agent."""

    def stop(self) -> None:
        """Stop the agent."""


def add_to(commands: Any) -> None:
    """Add the commands to the others."""
    asked = commands.add_parser("install", help="let the agent start by itself, at every logon")
    asked.add_argument(
        "--service", action="store_true", help="as a Windows service instead, before anybody logs on (administrators)"
    )
    at_home(asked, _telling(install))
    for name, deed, words in (
        ("uninstall", uninstall, "undo `install`; files, settings and pairing stay"),
        ("start", start, "start the installed agent"),
        ("stop", stop, "stop the installed agent"),
    ):
        at_home(commands.add_parser(name, help=words), _telling(deed))


def _telling(deed: Callable[[argparse.Namespace, Home, KeyStore, Sequence[Starter]], str]) -> Deed:
    """Do it with what this system starts programs with, and print what a person is to know."""

    def told(chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
        print(deed(chosen, home, keys, starters(home)))
        return 0

    return told


def starters(home: Home, run: Run = tools.run, platform: str = sys.platform) -> Sequence[Starter]:
    """Return what may start an agent on this system; the first is the usual one."""
    entry = entry_for(home)
    if platform == "win32":
        task = LogonTask(entry, run, _windows_user, lambda: _hears(home))
        return [task, Service(entry, run, str(home.key))]
    if platform == "darwin":
        return [LaunchAgent(entry, run, Path.home() / "Library", os.getuid())]
    if platform == "linux":
        return [UserUnit(entry, run, Path.home() / ".config/systemd/user")]
    raise NoStarterError(f"a starter for {platform!r}")


def installed(home: Home) -> str | None:
    """Return what starts the home folder's agent by itself, or `None`."""
    try:
        found = _installed(starters(home))
    except (NoStarterError, StarterRefusedError):
        return None
    return found.what if found else None


def after_pairing(home: Home, found: Callable[[Home], str | None] = installed) -> str:
    """Say what is to be done once a home folder was paired: what runs already runs with the key of before."""
    by = found(home)
    if by is None:
        return f"backhaul run --home {home}"
    service = " --service" * (by == Service.what)
    return f"backhaul install{service} --home {home}, so that the {by} goes on with the new key"


def install(chosen: argparse.Namespace, home: Home, keys: KeyStore, there: Sequence[Starter]) -> str:
    """Install the agent of a paired home folder, start it, and say so. What was installed otherwise goes first."""
    pairing = home.pairing()
    key = keys.find(pairing.device_id)
    if chosen.service and len(there) == 1:
        raise NoStarterError("a Windows service")
    if chosen.service:
        keys.keep_in_file(key)
    wanted, others = there[chosen.service], [one for one in there if one is not there[chosen.service]]
    for other in others:
        if other.is_installed():
            other.stop()
            other.uninstall()
    if wanted.is_installed():
        wanted.stop()
    wanted.install()
    wanted.start()
    hint = DRIVES if chosen.service else LINGER if wanted.what == UserUnit.what else ""
    return f"Installed as a {wanted.what}, and started: files come home to {home}." + (f"\n{hint}" if hint else "")


def uninstall(_chosen: argparse.Namespace, home: Home, _keys: KeyStore, there: Sequence[Starter]) -> str:
    """Stop the agent and let nothing start it again, even if it cannot be stopped. The home folder is not touched."""
    gone = [one for one in there if one.is_installed()]
    for one in gone:
        try:
            one.stop()
        finally:
            one.uninstall()
    if not gone:
        return f"Nothing is installed for {home}."
    return f"Removed the {gone[0].what}. Files, settings and pairing stay in {home}."


def start(_chosen: argparse.Namespace, home: Home, _keys: KeyStore, there: Sequence[Starter]) -> str:
    """Start the installed agent."""
    _the_installed(home, there).start()
    return f"Started: files come home to {home}."


def stop(_chosen: argparse.Namespace, home: Home, _keys: KeyStore, there: Sequence[Starter]) -> str:
    """Stop the installed agent, and wait until it is gone."""
    _the_installed(home, there).stop()
    if not gone(home):
        raise StillRunningError(home, STOP_SECONDS)
    return "Stopped."


def gone(home: Home, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Wait a while for the agent to let go of its home folder; tell whether it did."""
    for _ in range(int(STOP_SECONDS / LOOK_SECONDS)):
        if not lock.is_held(home):
            return True
        sleep(LOOK_SECONDS)
    return False


def _the_installed(home: Home, there: Sequence[Starter]) -> Starter:
    found = _installed(there)
    if found is None:
        raise NotInstalledError(home)
    return found


def _installed(there: Sequence[Starter]) -> Starter | None:
    return next((one for one in there if one.is_installed()), None)


def _hears(home: Home) -> bool:
    """Ask a running agent to stop, and tell whether it did."""
    farewell.ask(home)
    return gone(home)


def _windows_user() -> str:
    r"""Name the person, as `DOMAIN\name`."""
    import win32api  # noqa: PLC0415 - exists on Windows alone
    import win32con  # noqa: PLC0415 - as above

    name: str = win32api.GetUserNameEx(win32con.NameSamCompatible)
    return name
