from typing import Any

import pytest

from infra import host


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("arm64", "arm64"), ("aarch64", "arm64")],
)
def test_processors_are_named_as_lambda_names_them(machine: str, expected: str) -> None:
    assert host.architecture(machine) == expected


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", False),
        ("darwin", "arm64", False),
        ("darwin", "x86_64", False),
        ("win32", "AMD64", False),
    ],
)
def test_packages_for_lambda_run_on_its_own_kind_of_machine_alone(system: str, machine: str, *, expected: bool) -> None:
    assert host.runs_lambda_packages(system, machine) is expected


def test_elsewhere_packages_are_installed_for_this_machine() -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> None:
        commands.append(command)

    host.install("requirements.txt", "there", run)

    assert commands[0][1:4] == ["-m", "pip", "install"]
    assert commands[0][-4:] == ["--target", "there", "--requirement", "requirements.txt"]
