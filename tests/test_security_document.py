"""docs/SECURITY.md against the tests it names, and what it says that only a look at the whole code can show."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", DOCUMENT)))
SPEAKS = ("http.client", "requests", "socket", "ssl", "urllib.request", "urllib3")
MAY_SPEAK = {"chalicelib/auth/public_keys.py": "the pool's keys, from an address made of the stage's own settings"}


def names_of_tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{one.name}" for one in node.names))


def test_each_defence_names_a_test_that_exists() -> None:
    assert len(NAMED) > 40
    assert not set(NAMED) - names_of_tests()


@pytest.mark.parametrize("row", [line for line in DOCUMENT.splitlines() if line.startswith("| ")][1:])
def test_each_defence_has_a_test(row: str) -> None:
    assert "`test_" in row.split("|")[3]


def test_the_cloud_half_calls_nobody_but_aws() -> None:
    files = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
    speaking = {str(file.relative_to(ROOT)) for file in files if set(imports(file)) & set(SPEAKS)}

    assert speaking == set(MAY_SPEAK)
