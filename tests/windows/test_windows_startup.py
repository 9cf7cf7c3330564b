"""What starts and stops the agent on Windows: the logon task, the service, the window nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import win32con
import win32gui
from fake_cloud import FakeCloud
from fake_pc import Pc
from programs import Program, until

from agent import farewell
from agent.drive import lock
from agent.drive.home import Home
from agent.startup import tools
from agent.startup.entry import entry_for, name_of
from agent.startup.errors import StarterRefusedError
from agent.startup.logon_task import LogonTask
from agent.startup.service import Service, service_name
from agent.window import CLASS

WITHOUT_CONSOLE = 0x00000008


def quiet(pc: Pc) -> Program:
    """Be the agent as the logon task starts it: no console, no handles."""
    return Program(*entry_for(pc.home).command, flags=WITHOUT_CONSOLE)


@pytest.fixture
def task(home: Home) -> LogonTask:
    return LogonTask(entry_for(home), tools.run, lambda: "PC\\anna", lambda: True)


def test_windows_takes_the_logon_task_and_takes_it_again(task: LogonTask) -> None:
    task.install()
    task.install()

    task.uninstall()


def test_a_task_that_is_not_there_is_not_removed_in_silence(task: LogonTask) -> None:
    with pytest.raises(StarterRefusedError, match="schtasks"):
        task.uninstall()


@pytest.fixture
def service(pc: Pc) -> Iterator[Service]:
    made = Service(entry_for(pc.home), tools.run, str(pc.home.key))
    yield made
    tools.run(["sc.exe", "stop", service_name(entry_for(pc.home))])
    tools.run(["sc.exe", "delete", service_name(entry_for(pc.home))])


def test_a_service_brings_files_home_and_stops_when_it_is_told(pc: Pc, cloud: FakeCloud, service: Service) -> None:
    pc.says(reserve_bytes=0)
    cloud.has(b"a photo", "a.jpg")

    service.install()
    service.start()
    cloud.wait_until(lambda: cloud.all_home)
    service.stop()

    until(lambda: not lock.is_held(pc.home))
    assert list(pc.files().values()) == [b"a photo"]
    service.uninstall()


def test_an_agent_without_a_console_stops_when_it_is_asked(pc: Pc) -> None:
    with quiet(pc) as running:
        until(lambda: lock.is_held(pc.home))
        until(lambda: farewell.ask(pc.home))

        assert running.process.wait(120) == 0


def test_an_agent_without_a_console_is_settled_before_the_session_ends(pc: Pc) -> None:
    with quiet(pc) as running:
        until(lambda: lock.is_held(pc.home))
        window = win32gui.FindWindow(CLASS, name_of(str(pc.home)))

        assert win32gui.SendMessage(window, win32con.WM_QUERYENDSESSION, 0, 0) == 1
        win32gui.SendMessage(window, win32con.WM_ENDSESSION, 1, 0)

        assert not lock.is_held(pc.home)
        assert running.process.wait(120) == 0
