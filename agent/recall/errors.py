"""What can go wrong with a recall beside what can with any file; grown onto the agent's own tree."""

from agent.errors import FileTroubleError


class RecallOverError(FileTroubleError):
    """Raised when the cloud does not wait for a file any more: it came back, was thrown away, or another PC sent it."""

    def __init__(self, what: str) -> None:
        """Keep what was asked."""
        super().__init__(f"{what}: the cloud does not wait for this file any more")
