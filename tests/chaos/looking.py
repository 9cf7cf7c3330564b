"""Looks at what there is in the end: on the homes' disks, in the table, in the queues. Judges nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from admin.audit import Orders, audit
from chalicelib.cloud import Cloud
from chalicelib.library import usage
from chalicelib.metadata import devices, files, owners
from chalicelib.metadata.files import File
from tests.chaos.verdict import Kept

OURS = ".backhaul"
PAGE = 500


def contents(home: Path) -> Counter[str]:
    """Hash everything at home but the agent's own things."""
    found: Counter[str] = Counter()
    for file in home.rglob("*"):
        if file.is_file() and OURS not in file.relative_to(home).parts:
            with file.open("rb") as read:
                found[hashlib.file_digest(read, "sha256").hexdigest()] += 1
    return found


def partials(homes: Iterable[Path]) -> list[str]:
    """Find what was begun at home and not ended."""
    return [f"{one.name} at {home.name}" for home in homes for one in (home / OURS / "partials").glob("*")]


def kept(world: Cloud, owner_id: str) -> list[Kept]:
    """Read all files there are."""
    return [Kept(file.file_id, file.sha256 or "", file.status, bool(file.owed_to)) for file in every(world, owner_id)]


def every(world: Cloud, owner_id: str) -> Iterator[File]:
    """Read all files, page by page."""
    after = None
    while True:
        page = files.page(world.table, owner_id, limit=PAGE, after=after)
        yield from map(files.read, page.items)
        if page.last is None:
            return
        after = page.last


def owed(world: Cloud, owner_id: str) -> list[str]:
    """Read what PCs are owed: the first few hundred of each."""
    pcs = [one for one in devices.every(world.table, owner_id) if one.kind == "pc"]
    return [
        f"{pc.name} is owed {item['sk']}"
        for pc in pcs
        for item in world.table.page(f"pc#{pc.device_id}", "owed#", limit=PAGE).items
    ]


def on_the_way(world: Cloud, owner_id: str) -> int:
    """Say how many files are begun or in, and not yet home everywhere, by the counters alone."""
    standing = usage.by_status(owners.counters(world.table, owner_id))
    return standing.pending.files + standing.uploaded.files


def audited(world: Cloud, owner_id: str) -> list[str]:
    """Say what the audit finds: table against bucket, and every counter against a recount."""
    return [f"{told.finding.damage} {told.finding.detail}" for told in audit(world, Orders(), owner_id)]
