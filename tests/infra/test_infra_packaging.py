import zipfile
from pathlib import Path

import pytest

from infra.packaging import Contents, complaints, look_into

GOOD = dict.fromkeys(("app.py", "chalicelib", "chalice", "jwt", "cryptography", "msgspec", "PIL", "pillow_heif"), 1000)
ARM_LIBRARY = b"\x7fELF" + bytes(14) + (0xB7).to_bytes(2, "little")


def test_a_good_zip_has_nothing_wrong_with_it() -> None:
    assert complaints(Contents(GOOD, {"msgspec/_core.so": "arm64"}), "arm64") == []


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_what_the_functions_need_must_be_there(missing: str) -> None:
    sizes = {name: size for name, size in GOOD.items() if name != missing}

    assert complaints(Contents(sizes, {}), "arm64") == [f"{missing} is missing from the zip"]


@pytest.mark.parametrize("tool", ["boto3", "pytest", "infra", "agent"])
def test_a_tool_that_slipped_in_is_named(tool: str) -> None:
    assert complaints(Contents(GOOD | {tool: 1}, {}), "arm64") == [f"{tool} has no business in the zip"]


def test_a_library_for_another_processor_is_named() -> None:
    (told,) = complaints(Contents(GOOD, {"msgspec/_core.so": "x86_64"}), "arm64")

    assert told == "msgspec/_core.so is built for x86_64, expected arm64"


def test_a_zip_that_slows_every_start_is_refused() -> None:
    (told,) = complaints(Contents(GOOD | {"jwt": 61_000_000}, {}), "arm64")

    assert "expected at most 60000000" in told


def test_the_processor_is_read_out_of_the_library_itself(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("msgspec/_core.so", ARM_LIBRARY)
        package.writestr("app.py", b"pass")

    found = look_into(file)

    assert found.processors == {"msgspec/_core.so": "arm64"}
    assert found.sizes == {"msgspec": len(ARM_LIBRARY), "app.py": 4}
