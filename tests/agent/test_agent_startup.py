"""How the agent is started by itself: what each system is told, and in which order."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from agent.drive.home import Home
from agent.startup import plist, service, task, unit
from agent.startup.entry import Entry, entry_for, name_of
from agent.startup.errors import (
    NoSessionError,
    NoStarterError,
    NotAdministratorError,
    StarterRefusedError,
)
from agent.startup.launch_agent import LaunchAgent
from agent.startup.logon_task import LogonTask
from agent.startup.service import Service
from agent.startup.tools import Ran, run
from agent.startup.user_unit import UserUnit

WINDOWS = Entry("D:\\Anna & Söhne", ("C:\\Program Files\\B\\backhaulw.exe",), "C:\\app", ("C:\\Program Files\\B",))
LINUX = Entry('/home/anna/100% "mine" $HOME', ("/usr/bin/python3", "-m", "agent"), "/opt/50% off")
NAMESPACE = f"{{{task.NAMESPACE}}}"
USER = "PC\\anna"


class Tools:
    """Tools that do as they are told, and remember what they were asked; some words make them end otherwise."""

    def __init__(self, **ends: int) -> None:
        self.asked: list[list[str]] = []
        self._ends = ends

    def __call__(self, words: Sequence[str]) -> Ran:
        self.asked.append(list(words))
        code = next((code for word, code in self._ends.items() if word in [one.lstrip("/") for one in words]), 0)
        return Ran(code, "Zugriff verweigert\r\n" if code else "")

    @property
    def deeds(self) -> list[str]:
        return [" ".join(one.lstrip("/") for one in words[:3]) for words in self.asked]


# Names


@pytest.mark.parametrize(
    ("home", "word"),
    [
        ("D:\\Photos", "photos"),
        ("D:\\Anna & Söhne\\", "anna-s-hne"),
        ("/home/anna/Meine Fotos", "meine-fotos"),
        ("D:\\", "d"),
        ("/", "home"),
        ("/写真", "home"),
        ("/x/" + "y" * 300, "y" * 24),
    ],
)
def test_an_entry_is_named_after_its_folder(home: str, word: str) -> None:
    name, _, digits = name_of(home).rpartition("-")

    assert (name, len(digits)) == (word, 8)


def test_two_folders_of_one_name_are_two_entries() -> None:
    assert name_of("/a/photos") != name_of("/b/photos")


def test_the_portable_program_starts_without_a_window(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "backhaulw.exe").touch()

    entry = entry_for(Home(tmp_path / "home"), str(tmp_path / "python/python.exe"), windows=True)

    assert entry.command == (str(tmp_path / "backhaulw.exe"), "run", "--home", str(tmp_path / "home"))
    assert entry.reads == (str(tmp_path),)


def test_an_installed_python_starts_without_a_window_where_it_can(tmp_path: Path) -> None:
    (tmp_path / "pythonw.exe").touch()
    python, home = str(tmp_path / "python.exe"), Home(tmp_path / "home")

    assert entry_for(home, python, windows=True).program == (str(tmp_path / "pythonw.exe"), "-m", "agent")
    assert entry_for(home, python, windows=False).program == (python, "-m", "agent")


# What Windows is told


def the_task() -> ET.Element:
    return ET.fromstring(task.render(WINDOWS, USER).partition("\n")[2])  # noqa: S314 - we wrote it


def told(path: str) -> str | None:
    return the_task().findtext("/".join(NAMESPACE + word for word in path.split("/")))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Triggers/LogonTrigger/UserId", USER),
        ("Triggers/LogonTrigger/Repetition/Interval", "PT10M"),
        ("Principals/Principal/UserId", USER),
        ("Principals/Principal/LogonType", "InteractiveToken"),
        ("Principals/Principal/RunLevel", "LeastPrivilege"),
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/StopIfGoingOnBatteries", "false"),
        ("Settings/ExecutionTimeLimit", "PT0S"),
        ("Settings/RestartOnFailure/Interval", "PT1M"),
        ("Settings/IdleSettings/StopOnIdleEnd", "false"),
        ("Actions/Exec/Command", "C:\\Program Files\\B\\backhaulw.exe"),
        ("Actions/Exec/Arguments", 'run --home "D:\\Anna & Söhne"'),
        ("Actions/Exec/WorkingDirectory", "C:\\app"),
    ],
)
def test_the_logon_task_says(path: str, text: str) -> None:
    assert told(path) == text


def test_elements_of_a_trigger_stand_in_the_order_windows_wants() -> None:
    trigger = the_task().find(f".//{NAMESPACE}LogonTrigger")

    assert trigger is not None
    assert [part.tag.removeprefix(NAMESPACE) for part in trigger] == ["Repetition", "Enabled", "UserId"]


def test_the_restarts_of_a_task_are_as_many_as_windows_can_count() -> None:
    count = told("Settings/RestartOnFailure/Count")

    assert count is not None
    assert 1 <= int(count) <= 255


def test_a_task_is_written_in_the_encoding_that_it_names() -> None:
    read: list[str] = []

    def reads(words: Sequence[str]) -> Ran:
        read.append(Path(words[words.index("/xml") + 1]).read_bytes().decode("utf-16"))
        return Ran(0)

    LogonTask(WINDOWS, reads, lambda: USER, lambda: True).install()

    assert read[0].startswith('<?xml version="1.0" encoding="UTF-16"?>')
    assert "Söhne" in read[0]


def test_a_stopped_task_does_not_start_again_by_itself() -> None:
    tools = Tools()

    LogonTask(WINDOWS, tools, lambda: USER, lambda: True).stop()

    assert [words[-1] for words in tools.asked] == ["/disable"]


def test_an_agent_that_does_not_hear_is_ended() -> None:
    tools = Tools()

    LogonTask(WINDOWS, tools, lambda: USER, lambda: False).stop()

    assert tools.deeds[-1] == "schtasks.exe end tn"


def test_a_started_task_may_start_by_itself_again() -> None:
    tools = Tools()

    LogonTask(WINDOWS, tools, lambda: USER, lambda: True).start()

    assert (tools.asked[0][-1], tools.asked[1][1]) == ("/enable", "/run")


def test_a_service_may_do_no_more_than_it_needs() -> None:
    tools = Tools()

    Service(WINDOWS, tools, "D:\\key").install()

    who = f"NT SERVICE\\Backhaul-{WINDOWS.name}"
    assert who in tools.asked[0]
    assert [words[1:] for words in tools.asked if words[0] == "icacls.exe"] == [
        ["C:\\Program Files\\B", "/grant", f"{who}:(OI)(CI)RX"],
        ["D:\\Anna & Söhne", "/grant", f"{who}:(OI)(CI)M"],
        ["D:\\key", "/grant", f"{who}:R"],
    ]


def test_a_service_starts_with_the_pc_and_again_after_a_failure() -> None:
    tools = Tools()

    Service(WINDOWS, tools, "D:\\key").install()

    create, failure = tools.asked[0], tools.asked[2]
    assert create[create.index("start=") + 1] == "delayed-auto"
    assert create[create.index("binPath=") + 1] == service.image(WINDOWS)
    assert service.image(WINDOWS).endswith('backhaulw.exe" serve --home "D:\\Anna & Söhne"')
    assert "restart/60000" in failure[-1]


def test_a_service_that_is_there_is_changed() -> None:
    tools = Tools(create=service.EXISTS)

    Service(WINDOWS, tools, "D:\\key").install()

    assert tools.asked[1][3:] == tools.asked[0][3:]
    assert tools.deeds[1].startswith("sc.exe config")


@pytest.mark.parametrize("deed", ["create", "start", "stop", "delete"])
def test_who_is_no_administrator_is_told_so(deed: str) -> None:
    made = Service(WINDOWS, Tools(**{deed: 5}), "D:\\key")
    deeds: dict[str, Callable[[], None]] = {
        "create": made.install,
        "start": made.start,
        "stop": made.stop,
        "delete": made.uninstall,
    }

    with pytest.raises(NotAdministratorError, match="administrator alone") as refused:
        deeds[deed]()

    assert "Run as administrator" in refused.value.hint


def test_an_uninstalled_service_has_no_rights_left() -> None:
    tools = Tools()

    Service(WINDOWS, tools, "D:\\key").uninstall()

    who = f"*{service.account_number(WINDOWS)}"
    taken = [words[1:] for words in tools.asked if words[0] == service.RIGHTS_TOOL]
    assert [words[1] for words in tools.asked if words[0] == service.TOOL] == ["delete"]
    assert taken == [[place, "/remove", who] for place, _ in service.grants(WINDOWS, "D:\\key")]


def test_the_account_of_a_service_has_the_number_that_windows_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "service_name", lambda _: "TrustedInstaller")

    known = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert service.account_number(WINDOWS) == known


def test_starting_and_stopping_a_service_may_be_repeated() -> None:
    made = Service(WINDOWS, Tools(start=service.RUNNING_ALREADY, stop=service.NOT_RUNNING), "D:\\key")

    made.start()
    made.stop()


def test_a_tool_that_refuses_is_named_with_what_it_said() -> None:
    with pytest.raises(StarterRefusedError, match=r"`sc.exe start Backhaul-.*` failed with 1: Zugriff verweigert$"):
        Service(WINDOWS, Tools(start=1), "D:\\key").start()


# What Linux and macOS are told


def test_a_unit_takes_every_word_as_it_is() -> None:
    text = unit.render(LINUX)

    assert 'ExecStart="/usr/bin/python3" "-m" "agent" "run" "--home" "/home/anna/100%% \\"mine\\" $$HOME"\n' in text
    assert "WorkingDirectory=/opt/50%% off\n" in text


@pytest.mark.parametrize("line", ["Restart=on-failure", "RestartPreventExitStatus=2 3", "WantedBy=default.target"])
def test_a_unit_says(line: str) -> None:
    assert line in unit.render(LINUX).splitlines()


def test_a_folder_cannot_write_lines_of_its_own_into_a_unit() -> None:
    text = unit.render(Entry("/x\nExecStartPre=/bin/evil", ("/usr/bin/python3",), "/y\nUser=root"))

    assert not [line for line in text.splitlines() if line.startswith(("ExecStartPre", "User="))]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path) -> None:
    (tmp_path / "a dir").mkdir()
    entry = Entry(LINUX.home, (shutil.which("true") or "/bin/true", "-m"), str(tmp_path / "a dir"))
    path = tmp_path / unit.unit_name(entry)
    path.write_text(unit.render(entry))

    ran = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(path)], capture_output=True, text=True, check=False
    )

    assert path.name not in ran.stderr


def test_a_unit_starts_now_and_at_every_login(tmp_path: Path) -> None:
    tools = Tools()
    made = UserUnit(LINUX, tools, tmp_path / "user")

    made.install()
    made.start()

    assert made.is_installed()
    assert [words[2] for words in tools.asked] == ["daemon-reload", "enable", "restart"]


def test_an_uninstalled_unit_leaves_nothing(tmp_path: Path) -> None:
    made = UserUnit(LINUX, Tools(), tmp_path / "user")
    made.install()

    made.uninstall()

    assert list((tmp_path / "user").iterdir()) == []


NO_BUS = Ran(1, "Failed to connect to bus: No medium found")


def test_where_systemd_keeps_no_session_nothing_is_left_and_it_is_said(tmp_path: Path) -> None:
    made = UserUnit(LINUX, lambda _command: NO_BUS, tmp_path / "user")

    with pytest.raises(NoSessionError, match="no session") as told:
        made.install()

    assert "enable-linger" in told.value.hint
    assert not made.is_installed()


def test_a_unit_that_was_there_outlives_a_failure_to_replace_it(tmp_path: Path) -> None:
    UserUnit(LINUX, Tools(), tmp_path / "user").install()
    made = UserUnit(LINUX, Tools(**{"daemon-reload": 1}), tmp_path / "user")

    with pytest.raises(StarterRefusedError):
        made.install()

    assert made.is_installed()


def test_a_unit_goes_even_where_systemd_hears_of_nothing(tmp_path: Path) -> None:
    UserUnit(LINUX, Tools(), tmp_path / "user").install()
    (tmp_path / "user/default.target.wants").mkdir()
    link = tmp_path / "user/default.target.wants" / unit.unit_name(LINUX)
    link.touch()

    UserUnit(LINUX, lambda _command: NO_BUS, tmp_path / "user").uninstall()

    assert [path.name for path in (tmp_path / "user").rglob("*")] == ["default.target.wants"]


def test_a_launch_agent_starts_at_login_and_again_after_a_failure_alone() -> None:
    read = plistlib.loads(plist.render(LINUX, "/log"))

    assert read["ProgramArguments"] == list(LINUX.command)
    assert (read["RunAtLoad"], read["KeepAlive"]) == (True, {"SuccessfulExit": False})
    assert read["Label"] == f"backhaul.{LINUX.name}"


def test_launchd_forgets_an_earlier_agent_before_it_is_told_of_the_next(tmp_path: Path) -> None:
    tools = Tools(bootout=3, print=113)
    made = LaunchAgent(LINUX, tools, tmp_path, 501)

    made.install()
    made.start()

    assert [words[1] for words in tools.asked] == ["bootout", "print", "bootstrap", "kickstart"]
    assert made.is_installed()


def test_an_uninstalled_launch_agent_is_gone(tmp_path: Path) -> None:
    made = LaunchAgent(LINUX, Tools(), tmp_path, 501)
    made.install()

    made.uninstall()

    assert not made.is_installed()


def test_a_tool_that_is_missing_is_named() -> None:
    with pytest.raises(NoStarterError, match="no-such-tool is not there"):
        run(["no-such-tool"])
