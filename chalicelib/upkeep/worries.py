"""What counts as stopped, and when it is told: at once, then once a day, and once when it is well again. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import moments
from chalicelib.metadata.watches import Worry

TOLD_EVERY = timedelta(days=1)
# Less than the hour between two runs: what is to be looked at by the next one is due by then.
NEXT_RUN = timedelta(minutes=30)
# A PC that owes nothing is looked at once a day: a debt that is made meanwhile is seen long before it is old.
NEXT_DAY = timedelta(days=1)


class Word(StrEnum):
    """What there is to tell."""

    TROUBLE = "trouble"
    WELL = "well"


def next_word(kept: Worry, bad_since: str | None, now: datetime) -> Word | None:
    """Say what is to be told. What comes and goes is told as often as what stays: once a day."""
    if bad_since is None:
        return Word.WELL if kept.since else None
    told_at = moments.from_text(kept.told_at) if kept.told_at else None
    return Word.TROUBLE if told_at is None or now - told_at >= TOLD_EVERY else None


def after(kept: Worry, word: Word | None, bad_since: str | None, now: datetime) -> Worry:
    """Return what is kept once the word was told."""
    if word is None:
        return kept
    return Worry(bad_since, moments.to_text(now)) if word is Word.TROUBLE else Worry(None, kept.told_at)


def overdue(since: str | None, patience: timedelta, now: datetime) -> str | None:
    """Return the moment if it is longer ago than our patience lasts."""
    return since if since and now - moments.from_text(since) > patience else None


def silent(heard_at: str | None, upload_at: str | None, patience: timedelta, now: datetime) -> str | None:
    """Return since when a phone is silent, if for too long; one that never brought a file in is nobody's worry."""
    return overdue(max(upload_at, heard_at or ""), patience, now) if upload_at else None


def next_look_at_pc(*, owes: bool, now: datetime) -> datetime:
    """Look at a PC that owes, and so at one that is in trouble, with every run."""
    return now + (NEXT_RUN if owes else NEXT_DAY)


def next_look_at_phone(sign_at: str, patience: timedelta, now: datetime) -> datetime:
    """Look at a phone when it may have been silent for too long; at one that is, with every run."""
    return max(moments.from_text(sign_at) + patience, now + NEXT_RUN)
