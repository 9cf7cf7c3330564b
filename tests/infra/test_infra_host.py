from typing import Any

import pytest

from infra import host


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("arm64", "arm64"), ("aarch64", "arm64")],
)
def test_processors_are_named_as_lambda_names_them(machine: str, expected: str) -> None:
    assert host.architecture(machine) == expected


def test_packages_are_installed_for_this_machine() -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> None:
        commands.append(command)

    host.install("requirements.txt", "there", run)

    assert commands[0][1:4] == ["-m", "pip", "install"]
    assert commands[0][-4:] == ["--target", "there", "--requirement", "requirements.txt"]
