"""The home folder: where the agent's own things lie in it, and whether it is really there.

`<home>/.backhaul/` holds marker, pairing.json, config.toml, catalog.sqlite, lock, partials/, logs/, perhaps the key,
and pause.json while the agent is to fetch nothing.
The marker tells the home folder from the empty mount point of an unplugged drive.
"""

from __future__ import annotations

import errno
import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agent import config
from agent.drive.letting import patiently
from agent.drive.names import STATE_FOLDER
from agent.errors import HomeMissingError, NotPairedError, SettingsError, plain

Move = Callable[[Path, Path], object]
MARKER_TEXT = "This file tells Backhaul that the home folder is really here. Do not remove it.\n"


@dataclass(frozen=True)
class Pairing:
    """Which cloud this home folder belongs to, and as which device. The key lies elsewhere."""

    url: str
    device_id: str
    name: str


class Home:
    """The folder that files come home to."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is touched."""
        self.folder = Path(long_path(os.path.abspath(folder)))  # noqa: PTH100 - resolve() would follow links
        self.state = self.folder / STATE_FOLDER
        self.marker = self.state / "marker"
        self.catalog = self.state / "catalog.sqlite"
        self.lock = self.state / "lock"
        self.key = self.state / "key"
        self.partials = self.state / "partials"
        self.logs = self.state / "logs"
        self.pause = self.state / "pause.json"
        self._pairing = self.state / "pairing.json"
        self._settings = self.state / "config.toml"

    def __str__(self) -> str:
        """Show the folder as a person knows it."""
        return plain(self.folder)

    def require_possible(self) -> None:
        """Raise unless the folder can be made where it is to be; nothing is touched."""
        places = (self.folder, *self.folder.parents)
        nearest = next((folder for folder in places if os.path.lexists(folder)), None)
        if nearest is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(places[-1]))
        if not nearest.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(nearest))
        if not os.access(nearest, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(nearest))

    def prepare(self) -> None:
        """Make the folder, its state folder and the marker, where they are missing."""
        self.partials.mkdir(parents=True, exist_ok=True)
        if not self._settings.exists():
            self._settings.write_text(config.DOCUMENTED, encoding="utf-8")
        if not self.marker.exists():
            write_whole(self.marker, MARKER_TEXT + uuid.uuid4().hex + "\n")

    def mark(self) -> str:
        """Read the marker, which tells one home folder from another on the same path."""
        try:
            return self.marker.read_text(encoding="utf-8")
        except OSError as error:
            raise HomeMissingError(self) from error

    def remember(self, pairing: Pairing) -> None:
        """Keep which cloud and device this folder belongs to."""
        write_whole(self._pairing, json.dumps(asdict(pairing), indent=2) + "\n")

    def pairing(self) -> Pairing:
        """Recall the pairing."""
        try:
            return _read_pairing(self._pairing.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotPairedError(self, "pairing") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise SettingsError(self._pairing, [f"not a pairing ({error}); pair again"]) from error

    def forget_pairing(self) -> None:
        """Forget which cloud and device this folder belongs to."""
        self._pairing.unlink(missing_ok=True)

    def config(self) -> config.Config:
        """Read the settings a person may have changed."""
        try:
            text = self._settings.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return config.Config()
        except UnicodeDecodeError as error:
            raise SettingsError(self._settings, [f"not UTF-8 ({error})"]) from error
        return config.parse(text, self._settings)


def _read_pairing(text: str) -> Pairing:
    found = Pairing(**json.loads(text))
    if not all(isinstance(value, str) for value in asdict(found).values()):
        raise TypeError("each value must be text")
    return found


def write_whole(
    path: Path, text: str, *, mode: int = 0o644, move: Move = Path.replace, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Write a small file so that it is whole or absent, waiting a while for whoever has the old one open."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    patiently(lambda: move(draft, path), sleep)


def long_path(path: str, *, windows: bool = os.name == "nt") -> str:
    r"""Prefix a full Windows path with \\?\ so that it may be longer than 260 characters."""
    if not windows or path.startswith("\\\\?\\"):
        return path
    return "\\\\?\\UNC\\" + path[2:] if path.startswith("\\\\") else "\\\\?\\" + path
