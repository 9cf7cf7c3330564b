"""What we were told: a notice, read strictly where we rely on it and leniently elsewhere. Pure.

Unknown fields are ignored and a newer minor version is fine, so that the cloud half may be deployed first.
"""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from agent.errors import UnsoundNoticeError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAJOR = 1
RECALL = '{"recall": true}'
LARGEST = 5 * 1024**4
FILE_ID = re.compile(r"[0-9a-f]{32}")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Notice:
    """This file is ready for you."""

    file_id: str
    bucket: str
    key: str
    version_id: str | None
    size: int
    sha256: str | None
    name: str
    kind: str
    taken_at: str | None
    uploaded_at: str | None
    device: str | None = None
    album: str | None = None

    @cached_property
    def contents(self) -> str:
        """Name the contents in 16 hex digits, so that a partial of other contents is never resumed."""
        told = f"{self.sha256} {self.version_id} {self.size}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def is_recall(body: str) -> bool:
    """Whether a message says no more than that this PC is asked to send a file back; which one, the cloud tells."""
    return body.strip() == RECALL


def parse(body: str | bytes) -> Notice:
    """Read a notice from the body of a message."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        problem = f"body must be JSON, got {body[:80]!r}"
        raise UnsoundNoticeError(problem) from error
    return from_json(told)


def from_json(told: object) -> Notice:
    """Read a notice from decoded JSON, or refuse it naming the field."""
    if not isinstance(told, dict):
        problem = f"notice must be an object, got {_short(told)}"
        raise UnsoundNoticeError(problem)
    fields = cast("Mapping[str, object]", told)
    _check_version(fields.get("v", MAJOR))
    file_id = _matching(fields, "fileId", FILE_ID, "32 lower hex digits")
    return Notice(
        file_id=file_id,
        bucket=_text(fields, "bucket"),
        key=_key(fields, file_id),
        version_id=_optional_text(fields, "versionId"),
        size=_size(fields),
        sha256=None if fields.get("sha256") is None else _matching(fields, "sha256", SHA256, "64 lower hex digits"),
        name=_optional_text(fields, "name") or file_id,
        kind=_optional_text(fields, "type") or "application/octet-stream",
        taken_at=_optional_text(fields, "takenAt"),
        uploaded_at=_optional_text(fields, "uploadedAt"),
        device=_optional_text(fields, "deviceName"),
        album=_optional_text(fields, "album"),
    )


def _check_version(version: object) -> None:
    major = str(version).split(".")[0] if isinstance(version, int | float | str) else ""
    if major != str(MAJOR):
        problem = f"v must be {MAJOR} or {MAJOR}.x, got {_short(version)} (is there a newer agent?)"
        raise UnsoundNoticeError(problem)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        problem = f"{name} must be a non-empty string, got {_short(value)}"
        raise UnsoundNoticeError(problem)
    return value


def _optional_text(fields: Mapping[str, object], name: str) -> str | None:
    """Take a hint if it is text; a hint of another type, or half a character in it, is no reason to lose a file."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        return None
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _matching(fields: Mapping[str, object], name: str, pattern: re.Pattern[str], expected: str) -> str:
    value = _text(fields, name)
    if not pattern.fullmatch(value):
        problem = f"{name} must be {expected}, got {value[:80]!r}"
        raise UnsoundNoticeError(problem)
    return value


def _key(fields: Mapping[str, object], file_id: str) -> str:
    key = _text(fields, "key")
    segments = key.split("/")
    if segments[0] != "originals" or not segments[-1].startswith(file_id) or {"", ".", ".."} & set(segments):
        problem = f"key must be originals/<owner>/{file_id}-<name>, got {key[:160]!r}"
        raise UnsoundNoticeError(problem)
    return key


def _size(fields: Mapping[str, object]) -> int:
    size = fields.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST:
        problem = f"size must be a whole number from 0 to {LARGEST}, got {_short(size)}"
        raise UnsoundNoticeError(problem)
    return size


def _short(value: object) -> str:
    """Quote what was told, however long it is and however deep."""
    return repr(value[:80]) if isinstance(value, str) else reprlib.repr(value)
