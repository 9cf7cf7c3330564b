"""What a stack's status and events mean. Pure."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any

_CAN_BE_UPDATED = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_CONSEQUENCES = ("cancelled", "canceled")


class Step(Enum):
    """What a stack's status asks for before it can be deployed."""

    CREATE = auto()
    UPDATE = auto()
    WAIT = auto()
    CLEAR = auto()
    STOP = auto()


def next_step(status: str | None) -> Step:
    """Decide what to do about a stack that is in this state.

    A first creation that was rolled back leaves a stack that can only be deleted; where the roll-back failed, it was
    for the protection of table and owners, which survive the deletion and come back. What else failed to roll back or
    to be deleted is for a person to look at: it may still hold something.
    """
    if status in (None, "DELETE_COMPLETE", "REVIEW_IN_PROGRESS"):
        return Step.CREATE
    if status in _CAN_BE_UPDATED:
        return Step.UPDATE
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        return Step.CLEAR
    return Step.WAIT if str(status).endswith("_IN_PROGRESS") else Step.STOP


def is_over(status: str | None) -> bool:
    """Whether a stack has come to rest."""
    return status is None or not status.endswith("_IN_PROGRESS")


def is_good(status: str | None) -> bool:
    """Whether a stack came to rest as it was asked to."""
    return status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


def says_no_changes(reason: str) -> bool:
    """Whether a change set failed only because there is nothing to change."""
    return any(words in reason for words in _NO_CHANGES)


def is_news(event: Mapping[str, Any]) -> bool:
    """Whether a person wants to hear of an event: that something is done or failed, not that it began."""
    return is_over(event["ResourceStatus"])


def told(event: Mapping[str, Any]) -> str:
    """Say an event in one line, with AWS's reason where something went wrong."""
    status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
    line = f"  {status:<28} {event['LogicalResourceId']}"
    return f"{line}: {reason}" if reason and "FAILED" in status else line


def tells_the_end(event: Mapping[str, Any], stack: str) -> bool:
    """Whether an event is the stack's own word that it came to rest."""
    return event["LogicalResourceId"] == stack and is_over(event["ResourceStatus"])


def reasons(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name what failed, first cause first, without the failures that only followed from it."""
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    causes = [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in failed
        if event.get("ResourceStatusReason")
        and not any(word in event["ResourceStatusReason"] for word in _CONSEQUENCES)
    ]
    return list(dict.fromkeys(causes))


def change_told(change: Mapping[str, Any]) -> str:
    """Say what a change set would do to one resource; a replacement is what a person has to see."""
    sign = {"Add": "+", "Remove": "-", "Import": "+"}.get(change["Action"], "~")
    replaced = ", REPLACED" if change.get("Replacement") in ("True", "Conditional") else ""
    return f"{sign} {change['ResourceType']} {change['LogicalResourceId']}{replaced}"
