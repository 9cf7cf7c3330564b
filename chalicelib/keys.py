"""Object key <-> owner, file and a cleaned name. Pure.

    originals/<ownerId>/<fileId>-<name>
    previews/<ownerId>/<fileId>-<which>

The server makes every key; the name in it is for people who look into the bucket, and nothing ever depends on it.
"""

import re
import unicodedata
from dataclasses import dataclass

ORIGINALS = "originals/"
MOST_NAME_CHARACTERS = 80
_MOST_EXTENSION_CHARACTERS = 12
_ID = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"originals/([A-Za-z0-9-]{1,64})/([0-9a-f]{32})-([A-Za-z0-9_][A-Za-z0-9._-]{0,79})")


@dataclass(frozen=True)
class Original:
    """What a key of an original says."""

    owner_id: str
    file_id: str
    name: str

    @property
    def key(self) -> str:
        """The key it was read from."""
        return f"{ORIGINALS}{self.owner_id}/{self.file_id}-{self.name}"


def is_id(text: str) -> bool:
    """Whether the text has the form of our ids; nothing else may reach the table as one."""
    return _ID.fullmatch(text) is not None


def original(owner_id: str, file_id: str, name: str) -> str:
    """Make the key of a file's original from the name as it was given."""
    return Original(owner_id, file_id, clean(name)).key


def previews(owner_id: str, file_id: str) -> str:
    """Return what the keys of all previews of a file begin with, and no other file's."""
    return f"previews/{owner_id}/{file_id}-"


def parse(key: str) -> Original | None:
    """Read a key, or `None` for one that we did not make."""
    found = _KEY.fullmatch(key)
    if not found or ".." in found[3]:
        return None
    return Original(found[1], found[2], found[3])


def clean(name: str) -> str:
    """Reduce any name to ASCII that needs no quoting anywhere, cut so that the extension stays."""
    last = re.split(r"[/\\]", name)[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain)
    plain = re.sub(r"\.{2,}", ".", plain).strip(".").lstrip("-._")
    return _cut(plain) or "file"


def _cut(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if len(name) <= MOST_NAME_CHARACTERS:
        return name
    if not dot or len(extension) > _MOST_EXTENSION_CHARACTERS:
        return name[:MOST_NAME_CHARACTERS].rstrip(".")
    return stem[: MOST_NAME_CHARACTERS - len(extension) - 1].rstrip(".") + "." + extension
