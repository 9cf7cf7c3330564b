"""Every way the commands stop, beside those of `infra`: one sentence each, and what a person can do.

InfraError
├── UnknownQueueError    a queue of dead letters that the stage does not have
├── UnknownOwnerError    an owner who has neither a profile nor an object
└── MoveFailedError      SQS stopped moving letters
"""

from collections.abc import Sequence

from infra.errors import InfraError


class UnknownQueueError(InfraError):
    """Raised for a queue of dead letters that no stage has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no queue of dead letters {name!r}, expected one of {', '.join(known)}")


class UnknownOwnerError(InfraError):
    """Raised for an owner of whom the stage knows nothing."""

    hint = "An owner's id is what `GET /me` shows as ownerId."

    def __init__(self, owner_id: str) -> None:
        super().__init__(f"owner {owner_id!r} has neither a profile nor an object")


class MoveFailedError(InfraError):
    """Raised when SQS stopped moving letters before all were moved."""

    hint = "Run the command again; what was moved is not moved twice."

    def __init__(self, queue: str, status: str) -> None:
        super().__init__(f"moving the letters of {queue!r} ended as {status}")
