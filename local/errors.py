"""What can stand in the way of running Backhaul on this machine. Touches nothing.

LocalError                    one sentence for a person, a hint, exit code 1
├── PortTakenError            somebody else listens where we must
├── StateFolderError          the state folder cannot be used
│   ├── UnwritableStateError      no permission, or no such disk
│   ├── BrokenStateError          a file in it cannot be read
│   ├── ForeignStateError         it holds things we did not make
│   └── NewerStateError           a later version of Backhaul made it
├── AlreadyRunningError       another `make run` holds the state folder
├── MissingToolError          a package of local/requirements.txt is not installed
├── EmulatorError             the embedded cloud did not come up
├── DeployError               `chalice deploy --stage local` failed
├── OfflineError              … because packages could not be fetched
├── ApiError                  our own API answered something unexpected
├── OwnerError                the demo owner cannot sign in
├── PairingError              the demo PC could not be paired
└── DemoError                 a demo file did not come home
"""

from pathlib import Path

NO_ANSWER = 0
TOO_MANY = 429
SERVER_FAULT = 500


class LocalError(Exception):
    """Anything that stops a command of `local`, told in one sentence."""

    hint = ""


class PortTakenError(LocalError):
    """Raised when a port is in use before we open it."""

    def __init__(self, port: int, option: str, holder: str) -> None:
        super().__init__(f"Port {port} is in use by {holder}")
        self.port = port
        self.hint = f"Stop that program, or choose another port: make run {option}={port + 100}"


class StateFolderError(LocalError):
    """Raised when the state folder cannot be used."""

    hint = "Run `make reset` to start fresh (your home folder is not touched)."


class UnwritableStateError(StateFolderError):
    """Raised when the state folder cannot be written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The state folder {str(folder)!r} cannot be written: {reason}")
        self.hint = "Make it writable, or choose another: make run STATE=/some/folder"


class BrokenStateError(StateFolderError):
    """Raised when a file of the state cannot be read as what it must be."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"The state file {str(file)!r} is broken: {reason}")


class ForeignStateError(StateFolderError):
    """Raised when a folder holds files but no state of ours."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The folder {str(folder)!r} is not empty and holds no state of Backhaul")
        self.hint = "Choose an empty folder (make run STATE=/some/folder), or move what is in it away."


class NewerStateError(StateFolderError):
    """Raised when the state was made by a later version than this one reads."""

    def __init__(self, folder: Path, *, what: str, found: str, expected: str) -> None:
        super().__init__(f"The state folder {str(folder)!r} was made with {what} {found}; this one has {expected}")
        self.hint = "Install the newer local/requirements.txt, or run `make reset` to start fresh."


class AlreadyRunningError(LocalError):
    """Raised when another process holds the state folder's lock."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(f"Backhaul is already running with the state folder {str(folder)!r}{who}")
        self.hint = "Use that one, or stop it with Ctrl-C in its terminal" + (f" or `kill {pid}`." if pid else ".")


class MissingToolError(LocalError):
    """Raised when a package that only development needs is missing."""

    def __init__(self, package: str) -> None:
        super().__init__(f"The package {package!r} is not installed in this Python")
        self.hint = "Install the tools: pip install -r local/requirements.txt"


class EmulatorError(LocalError):
    """Raised when the embedded cloud ends before it is ready, or while it is needed."""

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(f"The embedded cloud did not start: {reason}")
        self.hint = f"Its log is {log}."


class DeployError(LocalError):
    """Raised when the resources or the functions could not be put up."""

    def __init__(self, what: str, log: Path, last_line: str = "") -> None:
        super().__init__(f"{what} failed" + (f": {last_line}" if last_line else ""))
        self.hint = f"The whole story is in {log}."


class OfflineError(LocalError):
    """Raised when packages for the functions could not be fetched."""

    def __init__(self, packages: str) -> None:
        super().__init__(f"Packages for the functions could not be fetched: {packages}")
        self.hint = "The first start needs a package registry: connect to the internet and run `make run` again."


class ApiError(LocalError):
    """Raised when our own API answers with an error that nobody expected."""

    hint = "Run it again; what the functions said is in logs/cloud.log of the state folder."

    def __init__(self, method: str, path: str, status: int, code: str, message: str) -> None:
        super().__init__(f"{method} {path} answered {status} {code}: {message}")
        self.status = status
        self.code = code

    @property
    def is_refusal(self) -> bool:
        """Whether the answer was about what was asked, and not about the server's own health or haste."""
        return self.status not in (NO_ANSWER, TOO_MANY) and self.status < SERVER_FAULT


class OwnerError(LocalError):
    """Raised when the demo owner can neither sign in nor be made."""

    hint = "Run `make reset` to start fresh (your home folder is not touched)."


class PairingError(LocalError):
    """Raised when the agent could not be paired with the demo owner."""

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(f"The PC could not be paired: {reason}")
        self.hint = f"The agent's log is {log}."


class DemoError(LocalError):
    """Raised when the demo cannot go on."""
