"""A logon task on Windows: it sees the person's drives and credential store, and needs neither password nor rights."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from agent.startup import task
from agent.startup.tools import must

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.startup.entry import Entry
    from agent.startup.tools import Run

TOOL = "schtasks.exe"


class LogonTask:
    """The task of one home folder, through `schtasks`. Only exit codes are read: it speaks the PC's language."""

    what = "logon task"

    def __init__(self, entry: Entry, run: Run, user: Callable[[], str], stop: Callable[[], bool]) -> None:
        r"""Take how tools are run, who the person is (`DOMAIN\name`), and how an agent is asked to stop."""
        self._entry, self._run, self._user, self._stop = entry, run, user, stop
        self._name = task.task_name(entry)

    def is_installed(self) -> bool:
        """Whether Windows knows the task."""
        return self._run([TOOL, "/query", "/tn", self._name]).code == 0

    def install(self) -> None:
        """Make the task, or replace it."""
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "task.xml"
            told.write_text(task.render(self._entry, self._user()), encoding="utf-16")
            must(self._run, TOOL, "/create", "/tn", self._name, "/xml", str(told), "/f")

    def uninstall(self) -> None:
        """Remove the task."""
        must(self._run, TOOL, "/delete", "/tn", self._name, "/f")

    def start(self) -> None:
        """Let the task run, now and at every logon."""
        must(self._run, TOOL, "/change", "/tn", self._name, "/enable")
        must(self._run, TOOL, "/run", "/tn", self._name)

    def stop(self) -> None:
        """Stop the agent, and keep the task from starting it again; one that does not hear is ended."""
        must(self._run, TOOL, "/change", "/tn", self._name, "/disable")
        if not self._stop():
            self._run([TOOL, "/end", "/tn", self._name])
