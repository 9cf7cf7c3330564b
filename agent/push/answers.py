"""The API's answers about uploads, read into values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from agent.errors import UnreachableError
from agent.push.plan import Have

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.wire.api import Answer

Read = TypeVar("Read")
ARRIVED = frozenset({"uploaded", "downloaded"})
TRASHED = "trashed"


@dataclass(frozen=True)
class Link:
    """A permission to PUT, with the headers that belong to it."""

    url: str = field(repr=False)
    headers: dict[str, str]
    part: int = 0


@dataclass(frozen=True)
class Single:
    """Send the file in one PUT."""

    file_id: str
    link: Link


@dataclass(frozen=True)
class Multipart:
    """Send the file in parts of this size."""

    file_id: str
    part_size: int


@dataclass(frozen=True)
class Duplicate:
    """The cloud has the file already, or has begun it."""

    file_id: str
    status: str


@dataclass(frozen=True)
class Refused:
    """The cloud does not want the file."""

    reason: str
    message: str


Begun = Single | Multipart | Duplicate | Refused


@dataclass(frozen=True)
class Standing:
    """How an upload stands: its status, the parts there are, and links for parts asked for (part 0: the whole)."""

    status: str
    have: list[Have]
    links: dict[int, Link]


def begun(told: Answer) -> Begun:
    """Read what became of one file of a batch."""
    readers: dict[str, Callable[[Answer], Begun]] = {
        "upload": lambda one: Single(str(one["fileId"]), _link(one["link"])),
        "multipart": lambda one: Multipart(str(one["fileId"]), int(one["partSize"])),
        "duplicate": lambda one: Duplicate(str(one["fileId"]), str(one["status"])),
        "refused": lambda one: Refused(str(one["reason"]), str(one.get("message") or one["reason"])),
    }
    return sound("uploads", lambda: readers[told["outcome"]](told))


def standing(told: Answer) -> Standing:
    """Read how an upload stands."""
    return sound("links", lambda: _standing(told))


def sound(what: str, read: Callable[[], Read]) -> Read:
    """Read an answer, or say that it makes no sense."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told = f"{type(error).__name__}: {error}"[:200]
        raise UnreachableError(what, f"the answer makes no sense ({told})") from error


def _standing(told: Answer) -> Standing:
    links = [_link(one) for one in told.get("links", [])] + ([_link(told["link"])] if told.get("link") else [])
    have = [Have(int(one["part"]), int(one["size"]), one.get("sha256")) for one in told.get("have", [])]
    return Standing(str(told["status"]), have, {link.part: link for link in links})


def _link(told: Any) -> Link:
    return Link(
        str(told["url"]), {str(name): str(value) for name, value in told["headers"].items()}, told.get("part", 0)
    )
