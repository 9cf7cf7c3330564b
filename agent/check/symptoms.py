"""What a fact about this PC means for backing up, and what to do about it. Pure: the rules behind `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from agent.push.progress import amount, span

if TYPE_CHECKING:
    from datetime import datetime

SKEW_BAD_SECONDS, SKEW_WARN_SECONDS = 300, 60
"""AWS refuses what is signed a quarter of an hour off."""
ROOMY = 10
SLOW_FILE_SECONDS = 0.1
SYNCED = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "icloud drive": "iCloud Drive",
    "iclouddrive": "iCloud Drive",
    "nextcloud": "Nextcloud",
}


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """One line of the examination: what was looked at, what was found, what to do about it."""

    what: str
    level: Level
    said: str
    advice: str = ""


def clock(date: str | None, now: datetime) -> Check:
    """Judge this PC's clock by the time a server gave."""
    try:
        there = parsedate_to_datetime(date) if date else None
    except ValueError:
        there = None
    if there is None or there.tzinfo is None:
        return Check("clock", Level.WARN, "the cloud did not tell the time", "Compare this PC's clock with another.")
    off = (now - there).total_seconds()
    if abs(off) <= SKEW_WARN_SECONDS:
        return Check("clock", Level.OK, "right within a minute")
    level = Level.BAD if abs(off) > SKEW_BAD_SECONDS else Level.WARN
    said = f"{span(abs(off))} {'ahead of' if off > 0 else 'behind'} the cloud's"
    return Check("clock", level, said, "Set this PC's clock, and let it be set by itself from now on.")


def room(free: int, reserve: int) -> Check:
    """Judge what is free on the home drive."""
    said = f"{amount(free)} free, {amount(reserve)} are to stay free"
    if free <= reserve:
        return Check("room", Level.BAD, said, "Free some space: nothing is fetched until there is room.")
    if free < ROOMY * reserve:
        return Check("room", Level.WARN, said, "Free some space soon.")
    return Check("room", Level.OK, said)


def surroundings(path: str) -> Check:
    """Judge where the home folder lies, by its path as a person knows it."""
    folders = [part.lower() for part in path.replace("\\", "/").split("/")]
    for sign, name in SYNCED.items():
        if any(part == sign or part.startswith((sign + " ", sign + "-")) for part in folders):
            return Check(
                "place",
                Level.WARN,
                f"inside {name}, which uploads every file once more and may take it off this drive",
                "Pair again with a folder outside of it.",
            )
    if path.startswith("\\\\"):
        advice = "Let the agent run as the person who may open the share; a service does not see it."
        return Check("place", Level.WARN, "on another computer", advice)
    return Check("place", Level.OK, path)


def writing(seconds: float) -> Check:
    """Judge how long one small file takes to be written, flushed and named."""
    if seconds <= SLOW_FILE_SECONDS:
        return Check("writing", Level.OK, f"{seconds * 1000:.0f} ms for a small file")
    advice = "If an antivirus program looks at every file, let it leave out the home folder's .backhaul folder."
    return Check("writing", Level.WARN, f"{seconds * 1000:.0f} ms for a small file, which is slow", advice)


def file_system(*, links: bool, folds_case: bool) -> list[Check]:
    """Judge what the drive can do. Names are told apart without case anyway, so that either kind is fine."""
    case = "takes a.jpg and A.JPG for one name" if folds_case else "tells a.jpg from A.JPG"
    checks = [Check("names", Level.OK, f"the drive {case}; Backhaul never relies on it")]
    if links:
        return [*checks, Check("links", Level.OK, "names are given in one step")]
    advice = "Do not save files of your own into the folders of this month while files come home."
    return [*checks, Check("links", Level.WARN, "the drive knows no hard links (exFAT, some shares)", advice)]


def health(status: int) -> Check:
    """Judge what the cloud answered when asked for its health."""
    if status == 200:  # noqa: PLR2004 - statuses are known by their numbers
        return Check("cloud", Level.OK, "reached, and well")
    advice = "Is the address right, and is everything deployed there? A sign-in page in between answers like this, too."
    return Check("cloud", Level.BAD, f"answered {status}, expected 200", advice)


def worst(checks: list[Check]) -> Level:
    """Return the worst level of all."""
    order = list(Level)
    return max((check.level for check in checks), key=order.index, default=Level.OK)
