"""What a failure means: for this file, for all, or for a while. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import AgentError, DiskFullError, FileTroubleError, HomeMissingError, RevokedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 5
ASIDE_SECONDS = 86_400.0
DISK_FULL_TRIES = 5


@dataclass(frozen=True)
class Again:
    """Try again after a pause; nobody is to blame."""

    pause: float


@dataclass(frozen=True)
class Blame:
    """Count it against the file, and try again after a pause."""

    tries: int
    pause: float


@dataclass(frozen=True)
class SetAside:
    """Leave the file alone for a long while; somebody should look at it."""

    tries: int
    pause: float = ASIDE_SECONDS


@dataclass(frozen=True)
class LetGo:
    """Nothing to do: the agent is stopping."""


@dataclass(frozen=True)
class NobodyFlies:
    """It concerns all files: the home folder went away."""


@dataclass(frozen=True)
class Suspect:
    """The key may have been revoked: ask the cloud, and try again meanwhile."""

    pause: float


Verdict = Again | Blame | SetAside | LetGo | NobodyFlies | Suspect


def seconds_left(until: float, now: float) -> float:
    """Return how long a file is to be left alone yet: not at all if only a wrong clock can have named that moment."""
    left = until - now
    return left if 0.0 < left <= ASIDE_SECONDS else 0.0


def verdict(error: Exception, blamed: int, tries: int, patience: Callable[[int], float]) -> Verdict:
    """Judge a failure, given how often the file was blamed before and how often it was tried in this flight."""
    if isinstance(error, HomeMissingError):
        return NobodyFlies()
    if isinstance(error, StoppedError):
        return LetGo()
    if isinstance(error, RevokedError):
        return Suspect(patience(tries + 1))
    if isinstance(error, DiskFullError):
        return Again(patience(DISK_FULL_TRIES + tries))
    if isinstance(error, FileTroubleError) or not isinstance(error, AgentError):
        return SetAside(blamed + 1) if blamed + 1 >= TRIES else Blame(blamed + 1, patience(blamed + 1))
    return Again(patience(tries + 1))
