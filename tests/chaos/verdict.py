"""The judgement: what was sent is at every home, once, byte for byte; nothing is owed; the counters are right."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from admin.audit import Orders, audit
from chalicelib.cloud import Cloud
from chalicelib.metadata import files
from chalicelib.metadata.files import File, Status

OURS = ".backhaul"
PAGE = 500


@dataclass(frozen=True)
class Verdict:
    """Everything that is wrong, by kind; nothing, if the promises were kept."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    kinds: tuple[str, ...] = ("lost", "doubled", "damaged", "never ended", "owed", "disagrees")

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.wrong.values())

    def told(self) -> list[str]:
        """A line a kind, and what belongs to it."""
        lines = []
        for kind in self.kinds:
            found = self.wrong.get(kind, [])
            lines += [f"{len(found):>8}  {kind}", *(f"          {one}" for one in found[:20])]
        return lines


def judge(world: Cloud, owner_id: str, homes: Iterable[Path], wanted: set[str], unsent: Iterable[str]) -> Verdict:
    """Look at everything there is. Pure but for the looking."""
    wrong: dict[str, list[str]] = {"never ended": [f"{name} was never taken" for name in unsent]}
    for home in homes:
        _judge_home(home, wanted, wrong)
    kept = list(_all_files(world, owner_id))
    _judge_files(kept, wanted, wrong)
    devices = {device for file in kept for device in file.home}
    wrong["owed"] = [f"{device} is owed {one}" for device in devices for one in _owed(world, device)]
    wrong["disagrees"] = [f"{told.finding.damage} {told.finding.detail}" for told in audit(world, Orders(), owner_id)]
    return Verdict(wrong)


def _judge_home(home: Path, wanted: set[str], wrong: dict[str, list[str]]) -> None:
    found = contents(home)
    for sha256 in wanted - set(found):
        wrong.setdefault("lost", []).append(f"{sha256[:12]} is not at {home.name}")
    for sha256, count in found.items():
        if count > 1:
            wrong.setdefault("doubled", []).append(f"{sha256[:12]} is {count} times at {home.name}")
        if sha256 not in wanted:
            wrong.setdefault("damaged", []).append(f"{sha256[:12]} at {home.name} was never sent")
    for partial in (home / OURS / "partials").glob("*"):
        wrong.setdefault("never ended", []).append(f"{partial.name} lies in {home.name}")


def _judge_files(kept: list[File], wanted: set[str], wrong: dict[str, list[str]]) -> None:
    counts = Counter(file.sha256 for file in kept)
    wrong.setdefault("doubled", []).extend(f"{one} is {n} files" for one, n in counts.items() if n > 1)
    wrong.setdefault("lost", []).extend(f"{one} is no file" for one in wanted - set(counts))
    wrong["never ended"] += [
        f"{file.file_id} is {file.status}" for file in kept if file.status != Status.DOWNLOADED or file.owed_to
    ]


def contents(home: Path) -> Counter[str]:
    """Hash everything at home but the agent's own things."""
    found: Counter[str] = Counter()
    for file in home.rglob("*"):
        if file.is_file() and OURS not in file.relative_to(home).parts:
            with file.open("rb") as read:
                found[hashlib.file_digest(read, "sha256").hexdigest()] += 1
    return found


def all_home(world: Cloud, owner_id: str, wanted: set[str]) -> bool:
    """Whether every contents is a file that is home everywhere."""
    home = {
        file.sha256 for file in _all_files(world, owner_id) if file.status == Status.DOWNLOADED and not file.owed_to
    }
    return wanted <= home


def _all_files(world: Cloud, owner_id: str) -> Iterator[File]:
    after = None
    while True:
        page = files.page(world.table, owner_id, limit=PAGE, after=after)
        yield from map(files.read, page.items)
        if page.last is None:
            return
        after = page.last


def _owed(world: Cloud, device_id: str) -> list[str]:
    return [item["sk"] for item in world.table.page(f"pc#{device_id}", "owed#", limit=PAGE).items]
