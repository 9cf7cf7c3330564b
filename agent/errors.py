"""What can go wrong on the PC. The first branch is the retry policy.

AgentError
├── TransientError              try again; nobody has to act
│   ├── UnreachableError        no connection, no answer, or an answer that makes no sense
│   ├── BusyError               429 or 5xx
│   ├── WrongClockError         AWS refuses whatever is signed by this PC's clock
│   ├── HomeMissingError        the home folder or its marker is not there (unplugged drive)
│   ├── DiskFullError           too little room for this file
│   ├── StoppedError            asked to stop in the middle of a file
│   ├── PausedError             asked to pause in the middle of a file
│   └── FileTroubleError        one file's trouble; after a few tries it is set aside
│       ├── CutShortError       the body ended early
│       ├── WrongContentsError  size or SHA-256 differ from what was declared
│       ├── ChangedObjectError  the object is not the one that the partial was begun for
│       ├── RefusedObjectError  S3 refuses it, or has it no more
│       ├── UnwritableError     the operating system refuses to write it
│       └── PathTakenError      every path that the file may have is taken
└── PermanentError              a person has to act; the program says so and stops
    ├── RevokedError            the cloud does not know this PC's key any more
    ├── NotPairedError          nobody paired this home folder, or its key is lost
    ├── AlreadyRunningError     another agent has this home folder
    ├── SettingsError           config.toml, all that is wrong with it
    ├── BrokenCatalogError      catalog.sqlite is damaged, or cannot be opened
    ├── UnsafeAddressError      an address that would show the key to others
    ├── PairingError            denied, expired, or refused by the person
    ├── RequestRefusedError     the cloud refuses a request for good
    └── UnsoundNoticeError      a notice that cannot be understood (never stops the others)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

LONG = "\\\\?\\"
LONG_SHARE = LONG + "UNC\\"


def plain(path: object) -> str:
    r"""Write a path as a person knows it: without the \\?\ of long Windows paths, a share as \\server\share."""
    text = str(path)
    return "\\\\" + text.removeprefix(LONG_SHARE) if text.startswith(LONG_SHARE) else text.removeprefix(LONG)


def shown(path: object) -> str:
    """Quote a path as a person knows it, with single backslashes."""
    return f"'{plain(path)}'"


class AgentError(Exception):
    """Anything the agent expects to go wrong."""

    hint: ClassVar[str] = ""


class TransientError(AgentError):
    """Trying again later may well succeed."""


class UnreachableError(TransientError):
    """Raised when a server cannot be reached or does not answer sensibly."""

    hint = "Check this PC's network connection."

    def __init__(self, what: str, why: object) -> None:
        """Keep what was tried and why it failed."""
        super().__init__(f"{what} could not be reached: {why}")


class BusyError(TransientError):
    """Raised when a server asks for patience (429 or 5xx)."""

    hint = "Wait a few minutes: it is asked again by itself. If it stays so, look at the cloud's own alarms."

    def __init__(self, what: str, status: int) -> None:
        """Keep the status it answered with."""
        super().__init__(f"{what} asks for patience, it answered {status}")
        self.status = status


class WrongClockError(TransientError):
    """Raised when AWS refuses a request for the time it bears: no file is to blame, and none comes home until then."""

    hint = "Set this PC's clock, and let it be set by itself from now on."

    def __init__(self, what: str) -> None:
        """Keep what was asked, and what this PC takes for the time."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        super().__init__(f"{what} was refused because this PC's clock is wrong, it says {now}")


class HomeMissingError(TransientError):
    """Raised when the home folder, or the marker in it, is not there."""

    hint = "Plug the drive in, or pair this PC again with a folder that exists."

    def __init__(self, home: object) -> None:
        """Keep the folder that is missing."""
        super().__init__(f"home folder {shown(home)} or the marker in it is not there; nothing is written until it is")


class DiskFullError(TransientError):
    """Raised when there is not room enough for a file and the reserve."""

    hint = "Free some space on the drive of the home folder."

    def __init__(self, size: int, free: int, reserve: int) -> None:
        """Keep what is needed and what there is."""
        super().__init__(f"disk has {free} bytes free, expected {size} for the file and {reserve} in reserve")


class StoppedError(TransientError):
    """Raised in the middle of a file when the agent was asked to stop."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("asked to stop")


class PausedError(TransientError):
    """Raised in the middle of a file when the agent was asked to pause; what came of it so far is kept."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("paused")


class FileTroubleError(TransientError):
    """One file's trouble: it counts against that file and never holds up the others."""


class CutShortError(FileTroubleError):
    """Raised when a body ended before the declared size."""

    def __init__(self, got: int, expected: int) -> None:
        """Keep both sizes."""
        super().__init__(f"body ended after {got} bytes, expected {expected}")


class WrongContentsError(FileTroubleError):
    """Raised when size or SHA-256 differ from what was declared. Such bytes are thrown away."""

    def __init__(self, got: object, expected: object) -> None:
        """Keep what was found and what was declared."""
        super().__init__(f"contents are {got}, expected {expected}; thrown away")


class ChangedObjectError(FileTroubleError):
    """Raised when the object is not the version that the partial was begun for."""

    def __init__(self, key: str, why: str) -> None:
        """Keep the key."""
        super().__init__(f"object {key!r} cannot be resumed, {why}; starting over")


class RefusedObjectError(FileTroubleError):
    """Raised when S3 refuses an object or has it no more (without the right to list, S3 says 403 for both)."""

    hint = "Was the file deleted in the cloud? Then it will soon not be owed any more."

    def __init__(self, key: str, why: str) -> None:
        """Keep the key."""
        super().__init__(f"object {key!r} cannot be read: {why}")


class UnwritableError(FileTroubleError):
    """Raised when the operating system refuses to write or publish a file."""

    hint = "Close the program that has the file open, and check the folder's permissions."

    def __init__(self, path: object, why: object) -> None:
        """Keep the path."""
        super().__init__(f"file {shown(path)} cannot be written: {why}")


class PathTakenError(FileTroubleError):
    """Raised when every path that a file may have belongs to another file."""

    hint = "Move the file that has the name elsewhere."

    def __init__(self, path: object) -> None:
        """Keep the last path tried."""
        super().__init__(f"path {shown(path)} is taken by another file, and so is every other the file may have")


class PermanentError(AgentError):
    """Trying again cannot help; a person has to act."""


class RevokedError(PermanentError):
    """Raised when the cloud does not accept this PC's key any more."""

    hint = "Pair again: backhaul pair URL --home DIR"

    def __init__(self, device_id: str) -> None:
        """Keep which device it was."""
        super().__init__(f"device {device_id!r} is not known to the cloud any more, pair again")


class NotPairedError(PermanentError):
    """Raised when a home folder has no pairing, or its key cannot be found."""

    hint = "Pair first: backhaul pair URL --home DIR. If the folder is on a drive, plug that drive in."

    def __init__(self, home: object, what: str) -> None:
        """Keep the folder and what it lacks."""
        super().__init__(f"home folder {shown(home)} has no {what}")


class AlreadyRunningError(PermanentError):
    """Raised when another agent has the home folder."""

    hint = "Stop the other agent first."

    def __init__(self, home: object) -> None:
        """Keep the folder."""
        super().__init__(f"another agent is already running for home folder {shown(home)}")


class SettingsError(PermanentError):
    """Raised with everything that is wrong in the settings, not just the first."""

    hint = "Correct the file. Without a config.toml every setting has its default."

    def __init__(self, where: object, wrong: list[str]) -> None:
        """Keep all that is wrong."""
        told = f" {wrong[0]}" if len(wrong) == 1 else "".join(f"\n- {one}" for one in wrong)
        super().__init__(f"settings in {shown(where)} are wrong:{told}")
        self.wrong = wrong


class BrokenCatalogError(PermanentError):
    """Raised when the catalog cannot be opened."""

    hint = "Free some space if the drive is full. If the file is damaged, delete it: what is home is found again."

    def __init__(self, path: object, why: object) -> None:
        """Keep which file it is."""
        super().__init__(f"catalog {shown(path)} cannot be opened: {why}")


class UnsafeAddressError(PermanentError):
    """Raised for an address that would send the key in clear over a network, or is none."""

    def __init__(self, url: str) -> None:
        """Keep the address."""
        super().__init__(f"address must begin with https:// (http:// only on this PC itself), got {url!r}")


class PairingError(PermanentError):
    """Raised when a pairing ended without a key."""

    def __init__(self, why: str) -> None:
        """Say how it ended."""
        super().__init__(f"pairing did not succeed: {why}")


class RequestRefusedError(PermanentError):
    """Raised when the cloud refuses a request and would refuse it again."""

    hint = "Is this program as new as the cloud? `backhaul --version` says how old it is."

    def __init__(self, what: str, status: int, code: str, message: str) -> None:
        """Keep the code, which callers decide by."""
        super().__init__(f"{what} was refused with {status} {code}: {message}")
        self.status, self.code = status, code


class UnsoundNoticeError(PermanentError):
    """Raised when a notice cannot be understood. It is left for the dead-letter queue."""

    def __init__(self, problem: str) -> None:
        """Name the field, the value and what was expected."""
        super().__init__(f"notice is unsound: {problem}")
