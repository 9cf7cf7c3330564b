"""A Windows service, for a PC at which nobody logs on. It sees neither mapped drives nor a person's credential store.

It has an account of its own, which Windows makes from its name and which may do no more than it is granted here: run as
the system itself, a program folder that the person can write to would be a way to take the PC over.
"""

from __future__ import annotations

import hashlib
import struct
import subprocess
from typing import TYPE_CHECKING

from agent.startup.errors import NotAdministratorError, StarterRefusedError
from agent.startup.tools import must

if TYPE_CHECKING:
    from agent.startup.entry import Entry
    from agent.startup.tools import Run

TOOL = "sc.exe"
RIGHTS_TOOL = "icacls.exe"
ACCESS_DENIED = 5
RUNNING_ALREADY = 1056
MARKED_FOR_DELETION = 1072
NOT_RUNNING = 1062
EXISTS = 1073
FAILURES = ("reset=", "86400", "actions=", "restart/60000/restart/60000/restart/60000")
"""Restarted a minute after each failure. `sc` wants a space after the equals sign."""


def service_name(entry: Entry) -> str:
    """Return what Windows calls the service."""
    return f"Backhaul-{entry.name}"


def account(entry: Entry) -> str:
    """Return the account that the service runs as."""
    return f"NT SERVICE\\{service_name(entry)}"


def account_number(entry: Entry) -> str:
    """Return the account's number, which Windows makes from the name: it holds when the service is gone, too."""
    digest = hashlib.sha1(service_name(entry).upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return "S-1-5-80-" + "-".join(map(str, struct.unpack("<5I", digest)))


def grants(entry: Entry, key: str) -> list[tuple[str, str]]:
    """Say which rights the account needs, and where: to read the program and the key, to change the home folder."""
    who = account(entry)
    reads = [(folder, f"{who}:(OI)(CI)RX") for folder in entry.reads]
    return [*reads, (entry.home, f"{who}:(OI)(CI)M"), (key, f"{who}:R")]


def image(entry: Entry) -> str:
    """Return the command line of the service. Services start in a system folder, so the program must find itself."""
    return subprocess.list2cmdline([*entry.program, "serve", "--home", entry.home])


class Service:
    """The service of one home folder, through `sc`, whose exit codes are Windows' own error numbers."""

    what = "Windows service"

    def __init__(self, entry: Entry, run: Run, key: str) -> None:
        """Take how tools are run, and the file that has the key."""
        self._entry, self._run, self._key = entry, run, key
        self._name = service_name(entry)

    def is_installed(self) -> bool:
        """Whether Windows knows the service."""
        return self._run([TOOL, "query", self._name]).code == 0

    def install(self) -> None:
        """Make the service, or change it, and grant it what it needs."""
        told = ["binPath=", image(self._entry), "start=", "delayed-auto", "obj=", account(self._entry)]
        told += ["DisplayName=", self._entry.title]
        if self._must("create", *told, also=EXISTS) == EXISTS:
            self._must("config", *told)
        self._must("description", f"Brings files home to {self._entry.home}")
        self._must("failure", *FAILURES)
        for place, right in grants(self._entry, self._key):
            must(self._run, RIGHTS_TOOL, place, "/grant", right)

    def uninstall(self) -> None:
        """Remove the service, and then what its account was granted; what cannot be taken back opens nothing."""
        self._must("delete", also=MARKED_FOR_DELETION)
        for place, _ in grants(self._entry, self._key):
            self._run([RIGHTS_TOOL, place, "/remove", f"*{account_number(self._entry)}"])

    def start(self) -> None:
        """Start the service."""
        self._must("start", also=RUNNING_ALREADY)

    def stop(self) -> None:
        """Stop the service until it is started, or the PC."""
        self._must("stop", also=NOT_RUNNING)

    def _must(self, deed: str, *words: str, also: int = 0) -> int:
        """Ask for something that has to succeed, or to end with one other code; return the code."""
        command = [TOOL, deed, self._name, *words]
        ended = self._run(command)
        if ended.code == ACCESS_DENIED:
            raise NotAdministratorError
        if ended.code not in (0, also):
            raise StarterRefusedError(command, ended.code, ended.said)
        return ended.code
