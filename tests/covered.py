"""Holds what the tests run through against two floors: all of each pure module, nearly all of everything.

    python -m tests.covered build/coverage.json     read what `make test COVERED=1` measured

A module is pure if all it imports is pure: no AWS, network, drive, process or thread is in its reach. Nobody lists
them, so nobody forgets one. What only another system runs (`agent/` has branches for Windows) counts as not run.
"""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HALVES = "chalicelib", "agent"
OVERALL = 95.0
# fmt: off
HARMLESS = frozenset((
    "__future__", "abc", "base64", "binascii", "bisect", "calendar", "chalice", "collections", "contextlib", "copy",
    "dataclasses", "datetime", "email", "enum", "functools", "hashlib", "heapq", "hmac", "html", "io", "ipaddress",
    "itertools", "json", "jwt", "math", "msgspec", "operator", "plistlib", "random", "re", "reprlib", "secrets",
    "string", "struct", "textwrap", "time", "tomllib", "types", "typing", "unicodedata", "uuid", "zlib"
))
# fmt: on
"""What a pure module may import: it computes. Clock and dice are among them, as what is taken where none is given."""


@dataclass(frozen=True, slots=True)
class Run:
    """Lines and branches of a file: how many were run, how many not, and where."""

    run: int
    missed: int
    where: tuple[int, ...] = ()

    @property
    def percent(self) -> float:
        """Tell the share that was run; of nothing, all."""
        return 100 * self.run / (self.run + self.missed) if self.run + self.missed else 100.0

    def __add__(self, other: "Run") -> "Run":
        return Run(self.run + other.run, self.missed + other.missed)


def pure_modules(project: Path = PROJECT) -> list[str]:
    """Name the files of both halves that import nothing which reaches outside the process, not even by a detour."""
    files = {
        _module_name(path.relative_to(project)): path for half in HALVES for path in (project / half).rglob("*.py")
    }
    imports = {name: set(_imported(path, files)) for name, path in files.items()}
    pure = set(files)
    while reaching := {name for name in pure if not all(one in pure or _harmless(one) for one in imports[name])}:
        pure -= reaching
    return sorted(files[name].relative_to(project).as_posix() for name in pure)


def read(report: Path) -> dict[str, Run]:
    """Read a report, by file."""
    told = json.loads(report.read_text("utf-8"))["files"]
    return {name: _run(file) for name, file in told.items()}


def complaints(runs: dict[str, Run], pure: list[str], overall: float = OVERALL) -> list[str]:
    """Say in words what is below its floor."""
    total = sum(runs.values(), start=Run(0, 0))
    found = [f"{name} was not measured" for name in pure if name not in runs]
    found += [
        f"{name} is pure, and {_where(runs[name])} never ran" for name in pure if name in runs and runs[name].missed
    ]
    if total.percent < overall:
        found.append(f"{total.percent:.1f} % of lines and branches were run, fewer than {overall:g} %")
    return found


def main(report: str) -> int:
    """Print what was covered, the least covered files, and what is wrong; return the exit code."""
    runs, pure = read(Path(report)), pure_modules()
    for half in HALVES:
        of_half = sum((run for name, run in runs.items() if name.startswith(f"{half}/")), start=Run(0, 0))
        _say(f"{half}: {of_half.percent:.1f} % of {of_half.run + of_half.missed} lines and branches")
    for name, run in sorted(runs.items(), key=lambda told: -told[1].missed)[:8]:
        _say(f"  {run.percent:5.1f} %  {run.missed:3} not run  {name}")
    wrong = complaints(runs, pure)
    total = sum(runs.values(), start=Run(0, 0))
    _say(f"covered: {total.percent:.2f} % in all (at least {OVERALL:g}), {len(pure)} pure modules (all of each)")
    for line in wrong:
        _say(f"covered: {line}")
    return 1 if wrong else 0


def _harmless(module: str) -> bool:
    return module == "urllib.parse" or module.partition(".")[0] in HARMLESS


def _imported(path: Path, files: dict[str, Path]) -> Iterator[str]:
    """Name what a file imports when it runs; what is imported for types alone does not count."""
    for node in _running(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in files else node.module


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _running(node)


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _run(file: dict[str, object]) -> Run:
    told = file["summary"]
    assert isinstance(told, dict)
    lines = [*file["missing_lines"], *(first for first, _ in file.get("missing_branches", []))]  # type: ignore[misc, attr-defined]
    run = told["covered_lines"] + told.get("covered_branches", 0)
    return Run(run, told["missing_lines"] + told.get("missing_branches", 0), tuple(sorted(set(lines))))


def _where(run: Run) -> str:
    told = ", ".join(str(line) for line in run.where[:8])
    return f"line {told}{' and more' if len(run.where) > 8 else ''}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
