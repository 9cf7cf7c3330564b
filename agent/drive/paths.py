"""Where a file goes below the home folder. Pure.

A path is relative to home, with forward slashes. The template is evaluated once a file; the catalog keeps the result.

    {year} {month} {day}  of the capture date, as `dates` finds it
    {kind}                photos, videos, sounds or others
    {device}              how the phone is called; `phone` where the cloud does not say
    {album}               the album it is in; `no album` where it is in none, or the cloud does not say
    {name}                the file's own name, with its ending: the last word, exactly once
"""

from __future__ import annotations

import string
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agent.drive import dates, names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from agent.fetch.notices import Notice

DEFAULT_TEMPLATE = "{year}/{year}-{month}/{name}"
WORDS = ("year", "month", "day", "kind", "device", "album", "name")
KINDS = {"image": "photos", "video": "videos", "audio": "sounds"}
NO_DEVICE, NO_ALBUM = "phone", "no album"
MOST_FOLDERS = 16


def template_problems(template: str) -> list[str]:
    """Say all that is wrong with a template."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        return [f"must be like {DEFAULT_TEMPLATE!r} ({error})"]
    used = [word for _, word, _, _ in parts if word is not None]
    strange = ", ".join(f"{{{word}}}" for word in used if word not in WORDS)
    wrong = {
        f"must be made of {', '.join(WORDS)}, not of {strange}": strange,
        "must name its words plainly, without ! and :": any(spec or conversion for _, _, spec, conversion in parts),
        "must end in {name}": not template.endswith("{name}"),
        "must hold {name} once": used.count("name") > 1,
        f"must make {MOST_FOLDERS} folders at most": template.count("/") > MOST_FOLDERS,
    }
    return [problem for problem, true in wrong.items() if true]


def candidates(template: str, notice: Notice, zone: tzinfo | None = None) -> list[str]:
    """List the paths a file may have, best first, always in the same order.

    The marks come from the contents, so a second attempt finds the first one's path and no `(1) (1)` creeps in.
    """
    return list(offers(template, notice, zone))


def offers(template: str, notice: Notice, zone: tzinfo | None = None) -> Iterator[str]:
    """Go through the candidates, and make none that is not asked for: nearly always the first is free."""
    best = _fill(template, notice, zone)
    yield best
    for mark in ((notice.sha256 or notice.contents)[:8], notice.file_id[:32]):
        yield str(PurePosixPath(best).with_name(names.suffixed(PurePosixPath(best).name, mark)))


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
        "device": notice.device or NO_DEVICE,
        "album": notice.album or NO_ALBUM,
    }
    folders = [names.legal_name(part.format(**words)) for part in template.split("/")[:-1] if part]
    last = template.rpartition("/")[2].format(**words, name=notice.name)
    return "/".join([*folders, names.legal_name(last)])
