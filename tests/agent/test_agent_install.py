"""`install`, `uninstall`, `start`, `stop`: what happens when a person types them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import pytest
from fake_cloud import DEVICE, FakeCloud
from fake_pc import Pc

from agent.drive.home import Home
from agent.drive.lock import only_one
from agent.errors import NotPairedError
from agent.identity.keystore import KeyStore
from agent.show import status
from agent.startup import command, leave
from agent.startup.errors import NoStarterError, NotInstalledError, StillRunningError
from agent.startup.tools import Ran


class Stub:
    """A starter that remembers what it was told."""

    def __init__(self, what: str, deeds: list[str], *, there: bool = False) -> None:
        self.what, self._deeds, self._there = what, deeds, there

    def is_installed(self) -> bool:
        return self._there

    def install(self) -> None:
        self._deeds.append(f"install {self.what}")

    def uninstall(self) -> None:
        self._deeds.append(f"uninstall {self.what}")

    def start(self) -> None:
        self._deeds.append(f"start {self.what}")

    def stop(self) -> None:
        self._deeds.append(f"stop {self.what}")


@pytest.fixture
def deeds() -> list[str]:
    return []


def chosen(*, service: bool = False) -> argparse.Namespace:
    return argparse.Namespace(service=service)


def test_installing_starts_the_agent(pc: Pc, deeds: list[str]) -> None:
    said = command.install(chosen(), pc.home, pc.keys, [Stub("task", deeds), Stub("service", deeds)])

    assert deeds == ["install task", "start task"]
    assert str(pc.home) in said


def test_installing_again_replaces_what_runs(pc: Pc, deeds: list[str]) -> None:
    command.install(chosen(), pc.home, pc.keys, [Stub("task", deeds, there=True)])

    assert deeds == ["stop task", "install task", "start task"]


def test_one_home_folder_is_not_installed_in_two_ways(pc: Pc, deeds: list[str]) -> None:
    command.install(chosen(service=True), pc.home, pc.keys, [Stub("task", deeds, there=True), Stub("service", deeds)])

    assert deeds == ["stop task", "uninstall task", "install service", "start service"]


def test_a_service_finds_the_key_in_a_file(home: Home, cloud: FakeCloud, deeds: list[str]) -> None:
    pc = Pc(home, cloud)
    key = pc.keys.find(DEVICE)
    home.key.unlink()

    class Vault(KeyStore):
        def find(self, _device_id: str) -> str:
            return key

    command.install(chosen(service=True), home, Vault(home), [Stub("task", deeds), Stub("service", deeds)])

    assert home.key.read_text().strip() == key


def test_without_services_there_is_a_sentence(pc: Pc, deeds: list[str]) -> None:
    with pytest.raises(NoStarterError, match="a Windows service is not there on this system"):
        command.install(chosen(service=True), pc.home, pc.keys, [Stub("unit", deeds)])


def test_an_unpaired_folder_is_not_installed(home: Home, deeds: list[str]) -> None:
    with pytest.raises(NotPairedError):
        command.install(chosen(), home, KeyStore(home), [Stub("task", deeds)])

    assert deeds == []


def test_uninstalling_leaves_files_settings_and_pairing(pc: Pc, deeds: list[str]) -> None:
    pc.puts("2024/a.jpg", b"a photo")
    before = sorted(pc.home.folder.rglob("*"))

    command.uninstall(chosen(), pc.home, pc.keys, [Stub("task", deeds, there=True), Stub("service", deeds)])

    assert deeds == ["stop task", "uninstall task"]
    assert sorted(pc.home.folder.rglob("*")) == before


def test_what_cannot_be_stopped_is_started_by_nothing_any_more(pc: Pc, deeds: list[str]) -> None:
    class Stubborn(Stub):
        def stop(self) -> None:
            raise StillRunningError(pc.home, 10)

    with pytest.raises(StillRunningError):
        command.uninstall(chosen(), pc.home, pc.keys, [Stubborn("unit", deeds, there=True)])

    assert deeds == ["uninstall unit"]


def test_uninstalling_twice_is_no_mistake(pc: Pc, deeds: list[str]) -> None:
    said = command.uninstall(chosen(), pc.home, pc.keys, [Stub("task", deeds)])

    assert said == f"Nothing is installed for {pc.home}."


@pytest.mark.parametrize("deed", [command.start, command.stop])
def test_what_is_not_installed_is_neither_started_nor_stopped(
    pc: Pc, deeds: list[str], deed: Callable[..., str]
) -> None:
    with pytest.raises(NotInstalledError, match="no agent is installed"):
        deed(chosen(), pc.home, pc.keys, [Stub("task", deeds)])


def test_a_stop_that_does_not_stop_says_so(pc: Pc) -> None:
    with only_one(pc.home):
        assert not command.gone(pc.home, sleep=lambda _: None)

    assert command.gone(pc.home)
    assert "10 s after it was asked to stop" in str(StillRunningError(pc.home, command.STOP_SECONDS))


def test_an_unknown_system_has_no_starter(home: Home) -> None:
    with pytest.raises(NoStarterError, match="'aix'"):
        command.starters(home, platform="aix")


@pytest.mark.parametrize(("platform", "count"), [("win32", 2), ("linux", 1)])
def test_each_system_has_its_starters(home: Home, platform: str, count: int) -> None:
    there = command.starters(home, lambda _: Ran(1), platform)

    assert len(there) == count
    assert not any(one.is_installed() for one in there)


LISTED = """\
"\\Backhaul\\photos-1a2b3c4d","N/A","Ready"
"\\Backhaul\\photos-1a2b3c4d","21.11.2026 10:00:00","Ready"
"\\Backhaul\\films-0d0d0d0d","N/A","Wird ausgeführt"
"\\Microsoft\\Windows\\Backhaul\\x","N/A","Ready"
INFO: nothing
"""


def test_the_installer_finds_every_task_of_ours_and_no_other() -> None:
    assert leave.task_names(LISTED) == ["\\Backhaul\\films-0d0d0d0d", "\\Backhaul\\photos-1a2b3c4d"]


@pytest.mark.parametrize(("for_good", "deleted"), [(True, 2), (False, 0)])
def test_who_leaves_for_good_takes_the_tasks_along(*, for_good: bool, deleted: int) -> None:
    asked: list[Sequence[str]] = []
    there = {"films-0d0d0d0d": 3, "photos-1a2b3c4d": 0}

    def tool(words: Sequence[str]) -> Ran:
        asked.append(words)
        return Ran(0, LISTED)

    def close(title: str) -> bool:
        there[title] -= 1
        return there[title] >= 0

    leave.leave(tool, close, for_good=for_good, sleep=lambda _: None)

    assert sum("/delete" in words for words in asked) == deleted
    assert there == {"films-0d0d0d0d": -1, "photos-1a2b3c4d": -1}


def test_status_says_what_starts_the_agent(pc: Pc) -> None:
    told = status.of(pc.home, starter=lambda _: "logon task")

    assert told["startedBy"] == "logon task"
    assert "a logon task starts it" in status.text(told)


def test_status_says_how_the_agent_may_start_by_itself(pc: Pc) -> None:
    told = status.of(pc.home, starter=lambda _: None)

    assert told["startedBy"] is None
    assert "`backhaul install`" in status.text(told)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (None, "backhaul run "),
        ("logon task", "backhaul install --home"),
        ("Windows service", "install --service --home"),
    ],
)
def test_who_pairs_an_installed_agent_anew_is_told_to_install_it_again(pc: Pc, by: str | None, said: str) -> None:
    assert said in command.after_pairing(pc.home, lambda _: by)
