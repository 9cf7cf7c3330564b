"""The seeded faults, read from the tables beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


class UnsoundFaultError(Exception):
    """Raised when a fault does not fit the sources, or is not told as README.md wants it."""


@dataclass(frozen=True)
class Fault:
    """One change to one rule, and the tests that must notice it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    table: str = ""

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.file}: {_short(self.old)} -> {_short(self.new)}"

    def fits(self, word: str) -> bool:
        """Whether a word names the table that this is in, or occurs in its file or tests."""
        return word == self.table or word in self.file + " ".join(self.tests)

    def needs(self, tests: list[str]) -> bool:
        """Whether one of these tests is named here, as it is or as a case of a test or a file."""
        return any(test.startswith(named) for test in tests for named in self.tests)

    def applied(self, project: Path) -> str:
        """Return the faulty source; the old text must be there exactly once."""
        source = (project / self.file).read_text(encoding="utf-8") if (project / self.file).is_file() else ""
        if (found := source.count(self.old)) != 1:
            raise UnsoundFaultError(f"old text must occur once, it occurs {found} times: {self}")
        return source.replace(self.old, self.new)

    def seed(self, project: Path) -> None:
        """Change the source, and see to it that no compiled one is used in its place."""
        faulty = self.applied(project)
        (project / self.file).write_text(faulty, encoding="utf-8")
        for compiled in (project / self.file).parent.glob(f"__pycache__/{Path(self.file).stem}.*"):
            compiled.unlink()


def require_seedable(faults: list[Fault], project: Path) -> None:
    """Raise with every fault that does not fit the sources, not just the first."""
    unfit = []
    for fault in faults:
        try:
            fault.applied(project)
        except UnsoundFaultError as error:
            unfit.append(str(error))
    if unfit:
        raise UnsoundFaultError("\n".join(unfit))


def read_all(folder: Path) -> list[Fault]:
    """Read every table."""
    return [_fault(told, table.name) for table in sorted(folder.glob("*.toml")) for told in _told(table)]


def chosen(faults: list[Fault], words: list[str]) -> list[Fault]:
    """Keep the faults that one of the words fits; all, if there are no words."""
    kept = [one for one in faults if not words or any(one.fits(word) for word in words)]
    if not kept:
        raise UnsoundFaultError(f"there is no fault for {words!r}")
    return kept


def share(faults: list[Fault], one_in: int, turn: int) -> list[Fault]:
    """Keep one fault in so many, evenly out of all tables; another turn keeps others."""
    return faults[turn % one_in :: one_in]


def _told(table: Path) -> list[dict[str, object]]:
    try:
        told: list[dict[str, object]] = tomllib.loads(table.read_text(encoding="utf-8")).get("fault", [])
    except tomllib.TOMLDecodeError as error:
        raise UnsoundFaultError(f"{table.name} is no TOML: {error}") from error
    return told


def _fault(told: dict[str, object], table: str) -> Fault:
    """Read one entry strictly: an entry misread is a fault never tried."""
    tests = told.get("tests")
    texts = (told.get("file"), told.get("old"), told.get("new"))
    sound = all(isinstance(text, str) for text in texts) and isinstance(tests, list) and tests
    if not sound or set(told) != {"file", "old", "new", "tests"} or told["old"] == told["new"]:
        raise UnsoundFaultError(f"in {table} a fault must have file, old, new and tests, got {told!r}")
    return Fault(str(told["file"]), str(told["old"]), str(told["new"]), tuple(map(str, tests or [])), table)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")
