"""Goes through a folder: yields each folder's files, and what is left out with the reason.

Follows no link. Holds the names of one folder at a time, so memory grows with the largest folder, not with the tree.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from agent.push import unwanted
from agent.push.local import Fate, LocalFile, Outcome, Stamp, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LOCAL_ID = 256
LINK = "it is a link; what it leads to is pushed if it lies in the folder"


def walk(root: Path, *, listdir: Callable[[Path], list[str]] = os.listdir) -> Iterator[list[LocalFile] | Outcome]:
    """Yield the files of one folder after another, and an outcome for whatever is not to be pushed."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            names = sorted(listdir(folder))
        except OSError as error:
            yield Outcome(
                local_id(root, folder), Fate.FAILED, reason=f"folder cannot be read: {error.strerror or error}"
            )
            continue
        files: list[LocalFile] = []
        below: list[Path] = []
        for name in names:
            found = look(root, folder / name)
            if isinstance(found, Outcome):
                yield found
            elif isinstance(found, LocalFile):
                files.append(found)
            else:
                below.append(found)
        yield files
        folders += reversed(below)


def look(root: Path, path: Path) -> LocalFile | Outcome | Path:
    """Look at one name: a file, a folder (its path), or nothing for us."""
    shown = local_id(root, path)
    if why := unwanted.reason(path.name):
        return Outcome(shown, Fate.SKIPPED, reason=why)
    try:
        found = path.lstat()
    except OSError as error:
        return Outcome(shown, Fate.FAILED, reason=f"it cannot be looked at: {error.strerror or error}")
    if why := _unwanted(found):
        return Outcome(shown, Fate.SKIPPED, reason=why)
    return path if stat.S_ISDIR(found.st_mode) else LocalFile(path, shown, stamp_of(found))


def stamp_of(found: os.stat_result) -> Stamp:
    """Take what tells one state of a file from another."""
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)


def local_id(root: Path, path: Path) -> str:
    """Name a path below the folder as it is shown and sent."""
    return fit(path.relative_to(root).as_posix(), LONGEST_LOCAL_ID)


def _unwanted(found: os.stat_result) -> str | None:
    if stat.S_ISLNK(found.st_mode):
        return LINK
    if why := unwanted.attribute_reason(found):
        return why
    if stat.S_ISDIR(found.st_mode):
        return None
    if not stat.S_ISREG(found.st_mode):
        return "it is neither file nor folder"
    return None if found.st_size else "it is empty, there is nothing to keep yet"
