"""What is done about files that are not whole at home any more: the cloud is told, and damaged ones make room.

The order matters. First the catalog says that a file is lost, so that a running agent answers no notice with what lies
there; then the cloud is told; only when it owes the file again does the damaged one get another name. A death on any
line leaves a file that the next `verify --repair` reports once more. So does a refusal: a file that the cloud cannot
send again stays lost until its bytes are at home, wherever they come from.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agent.check.soundness import LOST, State
from agent.drive import disk, names
from agent.errors import UnwritableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agent.check.audit import Audit
    from agent.check.soundness import Finding
    from agent.drive.home import Home
    from agent.wire.api import DeviceApi, Outcome

LOG = logging.getLogger(__name__)
OWED = frozenset({"owedAgain", "repeated"})
MOST_ASIDE = 100


class Losses:
    """Reports losses, and puts damaged files aside."""

    def __init__(self, home: Home, audit: Audit, api: DeviceApi) -> None:
        """Take what it works with."""
        self._home, self._audit, self._api = home, audit, api

    def follow(self, finding: Finding) -> None:
        """Record where a person moved a file."""
        if self._audit.moved(finding.kept.file_id, finding.told):
            LOG.info("followed file_id=%s path=%s", finding.kept.file_id, finding.told)

    def report(self, findings: Sequence[Finding], moment: str) -> dict[str, Outcome]:
        """Report up to 100 losses, and return what the cloud says to each."""
        self._audit.lose([one.kept.file_id for one in findings], moment)
        asked = {one.kept.file_id: LOST[one.state] for one in findings}
        outcomes = {one.file_id: one for one in self._api.report_losses(asked) if one.file_id in asked}
        for finding in findings:
            self._settle(finding, outcomes.get(finding.kept.file_id), moment)
        return outcomes

    def _settle(self, finding: Finding, outcome: Outcome | None, moment: str) -> None:
        """Make room for a file that is owed again; one that the cloud cannot send is left as it is."""
        kept = finding.kept
        if outcome is None:
            return
        if outcome.outcome not in OWED:
            LOG.error("not owed again file_id=%s path=%s reason=%s", kept.file_id, kept.path, outcome.reason)
            return
        LOG.info("owed again file_id=%s path=%s found=%s", kept.file_id, kept.path, finding.state)
        if finding.state is State.DAMAGED:
            self._put_aside(finding, moment[:10])

    def _put_aside(self, finding: Finding, day: str) -> None:
        """Give a damaged file a readable name beside; where that cannot be, the new one comes beside it."""
        try:
            aside = put_aside(disk.place(self._home, finding.kept.path), day)
        except (OSError, UnwritableError) as error:
            LOG.warning("file_id=%s stays where it is: %s", finding.kept.file_id, error)
            return
        LOG.info("damaged file_id=%s put aside as %s", finding.kept.file_id, aside.name)


def put_aside(path: Path, day: str) -> Path:
    """Rename a damaged file to `IMG_1 (damaged 2026-11-21).jpg`, or the next free name; nothing is ever replaced."""
    for number in range(1, MOST_ASIDE):
        mark = f"damaged {day}" + (f" {number}" if number > 1 else "")
        aside = path.with_name(names.suffixed(path.name, mark))
        try:
            disk.rename_unless_taken(path, aside)
        except FileExistsError:
            continue
        return aside
    raise UnwritableError(path, "every name for a damaged file is taken")
