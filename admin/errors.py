"""Every way the commands stop, beside those of `infra`: one sentence each, and what a person can do.

InfraError
├── UnknownQueueError    a queue of dead letters that the stage does not have
├── UnknownOwnerError    an owner who has neither a profile nor an object
├── MissingOwnerError    nobody said whose data
├── MoveFailedError      SQS stopped moving letters
├── ForeignFolderError   a folder to export to that holds something else
├── OtherBytesError      an object that is not what its file says
└── ErasureRefusedError  a person did not agree that an owner's data is erased
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


class MissingOwnerError(InfraError):
    """Raised when a command about one owner's data does not say whose."""

    hint = "For instance: make export STAGE=dev OWNER=<ownerId> TO=folder"

    def __init__(self) -> None:
        super().__init__("OWNER is missing, expected the ownerId that `GET /me` shows")


class ForeignFolderError(InfraError):
    """Raised for a folder to export to that holds something that no export of this owner left there."""

    hint = "Name a folder that is empty or not there yet, or the one of an export that was stopped."

    def __init__(self, folder: str) -> None:
        super().__init__(f"folder {folder!r} holds something else than an export of this owner")


class OtherBytesError(InfraError):
    """Raised for an object whose bytes have another hash than its file has."""

    hint = "Run `make audit`; the other files were exported."

    def __init__(self, file_id: str, expected: str, got: str) -> None:
        super().__init__(f"the object of file {file_id!r} must have the SHA-256 {expected}, got {got}")


class ErasureRefusedError(InfraError):
    """Raised when a person did not agree that an owner's data is erased."""

    hint = "Nothing was touched. To agree, type the owner's id; in a script, pass --yes-erase OWNER."

    def __init__(self, owner_id: str, answer: str) -> None:
        super().__init__(f"owner {owner_id!r} stays: expected the id as the answer, got {answer!r}")
