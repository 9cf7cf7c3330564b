"""What a PC tells that it has: for a cloud whose table was lost. Of files that were just looked at, and found whole."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.drive import disk
from agent.errors import UnwritableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.check.audit import Audit
    from agent.check.soundness import Finding
    from agent.drive.home import Home
    from agent.wire.api import DeviceApi


class Holdings:
    """Tells the cloud, a page at a time."""

    def __init__(self, home: Home, audit: Audit, api: DeviceApi) -> None:
        """Take what it works with."""
        self._home, self._audit, self._api = home, audit, api

    def tell(self, whole: Sequence[Finding]) -> Counter[str]:
        """Tell of files that are whole; return how many the cloud took, and how many it knows otherwise."""
        asked = {one.kept.file_id: self._told(one) for one in whole}
        outcomes = self._api.tell_holdings(list(asked.values())) if asked else []
        return Counter(one.outcome for one in outcomes if one.file_id in asked)

    def _told(self, finding: Finding) -> dict[str, object]:
        kept = finding.kept
        told: dict[str, object] = {"fileId": kept.file_id, "sha256": kept.sha256, "size": kept.size}
        told |= {"name": self._audit.name_of(kept.file_id), "homeAt": kept.home_at}
        taken = _taken_at(self._home, finding.told or kept.path)
        return told | ({"takenAt": taken} if taken else {})


def _taken_at(home: Home, path: str) -> str | None:
    """Return the time that the file bears: the agent gave it the one when it was taken."""
    try:
        seen = disk.place(home, path).stat(follow_symlinks=False)
        return datetime.fromtimestamp(seen.st_mtime, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OSError, OverflowError, ValueError, UnwritableError):
        return None
