"""How much is asked and begun at once, and in which words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.push import kinds
from agent.push.local import fit

if TYPE_CHECKING:
    from collections import deque

    from agent.push.local import Hashed

LOT = 1_000
FIRST_LOT = 16
LOT_SECONDS = 2.0
BATCH = 100
BATCH_BYTES = 256 * 1024**2
"""A link lives 15 minutes: no more is begun at once than a slow line sends in that time."""
LONGEST_NAME = 1_024


def lot_is_due(count: int, goal: int, waited: float, *, hungry: bool, last: bool) -> bool:
    """Decide whether to ask for a lot now: when it is full, when there will be no more, or when sending would idle."""
    return count > 0 and (count >= goal or last or (hungry and waited >= LOT_SECONDS))


def next_batch(ready: deque[Hashed]) -> list[Hashed]:
    """Take what to begin next: up to 100 files, and not many bytes."""
    batch = [ready.popleft()]
    size = batch[0].file.size
    while ready and len(batch) < BATCH and size + ready[0].file.size <= BATCH_BYTES:
        size += ready[0].file.size
        batch.append(ready.popleft())
    return batch


def wanted(hashed: Hashed) -> dict[str, Any]:
    """Declare a file as the API wants it."""
    file = hashed.file
    told = {
        "name": fit(file.name, LONGEST_NAME),
        "type": kinds.of(file.name),
        "size": file.size,
        "sha256": hashed.sha256,
        "localId": file.local_id,
    }
    hints = {"takenAt": file.taken_at, "groupId": hashed.group_id}
    return told | {name: value for name, value in hints.items() if value}
