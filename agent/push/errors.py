"""What can go wrong with a push, grown onto the agent's own tree: its first branch is the retry policy here too.

TransientError
└── FileTroubleError
    ├── ChangedFileError     the file is not what it was when it was hashed: hash again
    ├── OtherContentsError   S3 found other bytes than were declared: hash again, without the cache
    ├── GoneUploadError      the cloud knows the upload no more: begin again
    └── PartsMissingError    complete was asked too early: send what lacks
PermanentError
├── UnreadableError          the operating system does not let us read a file
├── RefusedUploadError       API or S3 refuse a file for good
├── NotAFolderError          there is no such folder to push
├── NoPhoneKeyError          nobody paired the state folder
└── MayNotUploadError        the key is no phone's, or was revoked
"""

from __future__ import annotations

from agent.errors import FileTroubleError, NotPairedError, PermanentError, RevokedError

PAIR_HINT = "Pair first: backhaul pair URL --home DIR --kind phone, then push with --state DIR."


class ChangedFileError(FileTroubleError):
    """Raised when a file is not what the walk found, or did not stay so while it was read."""

    hint = "It is still being written. Push again when that is over."

    def __init__(self, path: object) -> None:
        """Keep the path."""
        super().__init__(f"file {str(path)!r} changed while it was read")


class OtherContentsError(FileTroubleError):
    """Raised when S3 refuses the bytes because they are not those that were declared."""

    hint = "Is the drive or the memory failing? Copy the file elsewhere and compare."

    def __init__(self, path: object, code: str) -> None:
        """Keep the path and what S3 said."""
        super().__init__(f"file {str(path)!r} was read with other contents than before, S3 says {code}")


class GoneUploadError(FileTroubleError):
    """Raised when an upload that was begun is known no more: it expired, or was called off."""

    def __init__(self, file_id: str) -> None:
        """Keep the file's id."""
        super().__init__(f"upload of file {file_id!r} is known no more, beginning again")


class PartsMissingError(FileTroubleError):
    """Raised when the cloud cannot complete an upload because parts lack: it tells which when asked how it stands."""

    def __init__(self, said: str) -> None:
        """Keep what the cloud said."""
        super().__init__(f"the upload is not complete: {said}")


class UnreadableError(PermanentError):
    """Raised when the operating system does not let us read a file or folder."""

    hint = "Check its permissions, and whether it is still there."

    def __init__(self, path: object, why: object) -> None:
        """Keep the path and the reason."""
        super().__init__(f"file {str(path)!r} cannot be read: {why}")


class RefusedUploadError(PermanentError):
    """Raised when a file is refused for good, or after the last try."""

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        super().__init__(why)


class NotAFolderError(PermanentError):
    """Raised when what should be pushed is no folder."""

    def __init__(self, folder: object) -> None:
        """Keep what was given."""
        super().__init__(f"folder to push must be an existing folder, got {str(folder)!r}")


class NoPhoneKeyError(NotPairedError):
    """Raised when the state folder has no pairing, or its key cannot be found."""

    hint = PAIR_HINT

    def __init__(self, state: object) -> None:
        """Keep the folder."""
        super(NotPairedError, self).__init__(f"state folder {str(state)!r} holds no pairing with its key")


class MayNotUploadError(RevokedError):
    """Raised when the cloud does not take our key for an upload: it was revoked, or is a PC's."""

    hint = PAIR_HINT

    def __init__(self, why: str) -> None:
        """Keep what the cloud said."""
        super(RevokedError, self).__init__(f"the cloud does not let this key upload: {why}")
