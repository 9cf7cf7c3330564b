"""Which files of one folder belong together: the photo and the film of a Live Photo. Pure.

Their group id comes from their contents, so that the same pair pushed again, from anywhere, is the same group.
"""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent.push.local import LocalFile

PHOTOS = frozenset({"heic", "heif", "jpg", "jpeg"})
FILMS = frozenset({"mov"})
FILMS_OF_HEIC = frozenset({"mov", "mp4"})
"""Takeout names the film of a HEIC .MP4; beside a JPG an .MP4 is mostly a video with its thumbnail."""


def split(files: Iterable[LocalFile]) -> Iterator[list[LocalFile]]:
    """Split a folder's files into families, most of them of one."""
    for _, twins in groupby(sorted(files, key=lambda file: (_stem(file), file.name)), _stem):
        same_stem = list(twins)
        if len(same_stem) > 1 and _is_live({_ending(file) for file in same_stem}):
            yield [file for file in same_stem if _ending(file) in PHOTOS | FILMS_OF_HEIC]
            yield from ([file] for file in same_stem if _ending(file) not in PHOTOS | FILMS_OF_HEIC)
        else:
            yield from ([file] for file in same_stem)


def group_id(hashes: Iterable[str]) -> str | None:
    """Name a family after its contents; a single file is no group."""
    members = sorted(set(hashes))
    return hashlib.sha256(" ".join(members).encode()).hexdigest()[:32] if len(members) > 1 else None


def _is_live(endings: set[str]) -> bool:
    films = FILMS_OF_HEIC if endings & {"heic", "heif"} else FILMS
    return bool(endings & PHOTOS) and len(endings & films) == 1


def _stem(file: LocalFile) -> str:
    return file.name.rpartition(".")[0] or file.name


def _ending(file: LocalFile) -> str:
    return file.name.rpartition(".")[2].lower()
