"""Every way the cloud half says no.

Refusals reach the caller: the class name is the JSON `Code`, so it is part of the API.

    ChaliceUnhandledError           the one kind that Chalice lets through to the middleware, which answers it (edge.py)
    └── Refusal                     what a caller asked for is not to be had, and why
        ├── BadInputError      400  a field, its value, what was expected
        │   └── BadCursorError 400  a `next` that no page of ours handed out
        ├── NotAllowedError    403  the right key for another deed
        ├── NotFoundError      404  unknown here, or somebody else's: the answer is the same
        └── CrowdedError       503  the table answered "conflict" or "slow down" for longer than we may wait
    BackhaulError                   our own trouble, for the log and the alarm, never for a caller
    ├── MissingSettingsError        the function was deployed without its settings
    ├── BadSettingError             or with one that makes no sense
    └── ConditionFailedError        a conditional write found another state than it was told to expect

Nouns with refusals of their own keep them beside their rules and subclass `Refusal`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from chalice.app import ChaliceUnhandledError


class Refusal(ChaliceUnhandledError):  # noqa: N818 (the leaves end in Error)
    """Raised when a request is understood and refused; `details` holds what `DETAILS` promises, by name and type."""

    STATUS_CODE: ClassVar[int] = 400
    DETAILS: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})

    def headers(self) -> dict[str, str]:
        """Headers of the answer beside the usual ones."""
        return {}


class BadInputError(Refusal):
    """Raised when a request's body, query or path does not fit its type."""

    DETAILS: ClassVar = {"field": str}

    def __init__(self, field: str, expected: str, got: object = None) -> None:
        super().__init__(
            f"{field} must be {expected}" + ("" if got is None else f", got {_short(got)}"), {"field": field}
        )


class BadCursorError(BadInputError):
    """Raised when `next`, or `since`, was not handed out by the list it is given to."""

    def __init__(self, got: str, field: str = "next") -> None:
        super().__init__(field, "the value the page before it gave", got)


class NotAllowedError(Refusal):
    """Raised when the caller is known but its scopes do not cover the deed."""

    STATUS_CODE = 403
    DETAILS: ClassVar = {"scope": str}

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs the scope {scope!r}", {"scope": scope})


class NotFoundError(Refusal):
    """Raised for what does not exist and for what is another owner's alike."""

    STATUS_CODE = 404

    def __init__(self, what: str, given: str) -> None:
        super().__init__(f"there is no {what} {_short(given)}")


class CrowdedError(Refusal):
    """Raised when a write met conflicts or throttling through all its tries; the event or request may come again."""

    STATUS_CODE = 503

    def headers(self) -> dict[str, str]:
        """Ask for a pause before the next try."""
        return {"Retry-After": "1"}


class BackhaulError(Exception):
    """The root of our own trouble."""


class MissingSettingsError(BackhaulError):
    """Raised once, at the start, with every setting that is absent."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"these settings are missing from the environment: {', '.join(names)}")
        self.names = tuple(names)


class BadSettingError(BackhaulError):
    """Raised at the start for a setting that cannot be read."""

    def __init__(self, name: str, expected: str, got: str) -> None:
        super().__init__(f"{name} must be {expected}, got {_short(got)}")


class ConditionFailedError(BackhaulError):
    """Raised when the state in the table forbids a write; `found` holds the item each failed operation met."""

    def __init__(self, found: Mapping[int, Mapping[str, Any] | None]) -> None:
        super().__init__(f"the table refused operations {sorted(found)}")
        self.found = dict(found)


def _short(value: object, most: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"
