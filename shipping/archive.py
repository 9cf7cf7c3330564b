"""A ZIP whose bytes follow from its contents and one date alone."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

_READABLE = 0o100644 << 16
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
"""A ZIP can say nothing earlier."""


def pack(tree: Path, target: Path, moment: datetime) -> None:
    """Pack a folder, itself included, in the order of its names; every entry bears the same moment."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            packed.writestr(entry(path.relative_to(tree.parent).as_posix(), moment), path.read_bytes())
    draft.replace(target)


def entry(name: str, moment: datetime) -> zipfile.ZipInfo:
    """Describe one entry without a trace of the machine it was made on."""
    made = zipfile.ZipInfo(name, max(moment.astimezone(UTC), _EARLIEST).timetuple()[:6])
    made.compress_type = zipfile.ZIP_DEFLATED
    made.create_system = 3
    made.external_attr = _READABLE
    return made
