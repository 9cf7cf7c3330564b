"""Builds notices for tests: a good one, changed where a test says so."""

from __future__ import annotations

import hashlib
from typing import Any

from agent.fetch import notices
from agent.fetch.notices import Notice

FILE_ID = "0192f5a0c0de7000800000000000beef"


def told(**changes: Any) -> dict[str, Any]:
    """Return a notice as the cloud tells it."""
    return {
        "v": 1,
        "fileId": FILE_ID,
        "bucket": "bucket",
        "key": f"originals/owner/{FILE_ID}-IMG_1.jpg",
        "versionId": "v1",
        "size": 5,
        "sha256": hashlib.sha256(b"bytes").hexdigest(),
        "name": "IMG_1.jpg",
        "type": "image/jpeg",
        "takenAt": "2024-07-01T12:00:00",
        "uploadedAt": "2026-11-21T10:00:00.123Z",
    } | changes


def a_notice(**changes: Any) -> Notice:
    """Return a parsed notice."""
    return notices.from_json(told(**changes))
