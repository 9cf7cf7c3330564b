"""Reads the descriptions that Takeout laid beside a folder's photos, and takes them out of what is pushed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.push import sidecars
from agent.push.local import Fate, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent.push.local import LocalFile


def described(files: Sequence[LocalFile]) -> Iterator[LocalFile | Outcome]:
    """Yield a folder's files with the dates that their descriptions tell; a description itself is skipped."""
    by_name = {file.path.name: file for file in files}
    owners = {kept: photo for photo, kept in reversed(sidecars.match(by_name).items())}
    read = {kept: sidecars.taken_at(_text(by_name[kept])) for kept in owners}
    matched = sidecars.match(by_name)
    for name, file in by_name.items():
        is_description, _ = read.get(name, (False, None))
        if is_description:
            yield Outcome(file.local_id, Fate.SKIPPED, reason=f"it describes {owners[name]}, its date goes along")
        else:
            _, taken_at = read.get(matched.get(name, ""), (False, None))
            yield replace(file, taken_at=taken_at)


def _text(file: LocalFile) -> str:
    """Read a small file; what cannot be read describes nothing, and its own trouble is told when it is hashed."""
    if file.size > sidecars.LARGEST_BYTES:
        return ""
    try:
        return file.path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return ""
