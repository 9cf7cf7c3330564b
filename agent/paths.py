"""Where a file goes below the home folder. Pure.

A path is relative to home, with forward slashes. The template is evaluated once a file; the catalog keeps the result.
"""

from __future__ import annotations

import string
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agent import dates, names

if TYPE_CHECKING:
    from datetime import tzinfo

    from agent.notices import Notice

DEFAULT_TEMPLATE = "{year}/{year}-{month}/{name}"
WORDS = ("year", "month", "day", "kind", "name")
KINDS = {"image": "photos", "video": "videos", "audio": "sounds"}


def template_problem(template: str) -> str | None:
    """Say what is wrong with a template, or `None`."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        return f"template must be like {DEFAULT_TEMPLATE!r}, got {template!r} ({error})"
    used = [word for _, word, _, _ in parts if word is not None]
    plain = all(not spec and not conversion for _, _, spec, conversion in parts)
    if not plain or set(used) - set(WORDS) or not template.endswith("{name}") or used.count("name") != 1:
        return f"template must be made of {WORDS} and end in {{name}}, got {template!r}"
    return None


def candidates(template: str, notice: Notice, zone: tzinfo | None = None) -> list[str]:
    """List the paths a file may have, best first, always in the same order.

    The marks come from the contents, so a second attempt finds the first one's path and no `(1) (1)` creeps in.
    """
    best = _fill(template, notice, zone)
    marks = [mark[:length] for mark, length in ((notice.sha256 or notice.contents, 8), (notice.file_id, 32))]
    return [best, *(str(PurePosixPath(best).with_name(names.suffixed(PurePosixPath(best).name, m))) for m in marks)]


def next_candidate(offered: list[str], path: str) -> str | None:
    """Return the path to try when `path` turned out to be taken, or `None` when there is no other."""
    position = offered.index(path) + 1 if path in offered else 0
    return offered[position] if position < len(offered) else None


def _fill(template: str, notice: Notice, zone: tzinfo | None) -> str:
    when = dates.wall_time(notice.taken_at, notice.uploaded_at, zone)
    words = {
        "year": f"{when.year:04}",
        "month": f"{when.month:02}",
        "day": f"{when.day:02}",
        "kind": KINDS.get(notice.kind.partition("/")[0], "others"),
    }
    folders = [names.legal_name(part.format(**words)) for part in template.split("/")[:-1] if part]
    last = template.rpartition("/")[2].format(**words, name=notice.name)
    return "/".join([*folders, names.legal_name(last)])
