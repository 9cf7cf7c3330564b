"""The demo's table. Pure: what became of each file in, text out."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from local.samples import Sample

HEAD = ("file", "size", "sha256", "up s", "home s", "verdict")
RIGHT = frozenset({1, 3, 4})
UNITS = ("B", "KiB", "MiB", "GiB")
STEP = 1024
LONGEST_NAME = 34


@dataclass(frozen=True)
class Sent:
    """What became of one file."""

    sample: Sample
    file_id: str
    up_seconds: float | None = None
    up_at: float = 0.0
    home_seconds: float | None = None
    status: str = "unknown"
    verdict: str = ""
    good: bool = False


def table(sent: Sequence[Sent]) -> str:
    """Lay the files out in columns."""
    rows = [HEAD, *(_row(one) for one in sent)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(_cell(text, column, widths[column]) for column, text in enumerate(row)) for row in rows]
    rule = "  ".join("-" * wide for wide in widths)
    return "\n".join(line.rstrip() for line in (lines[0], rule, *lines[1:]))


def _row(one: Sent) -> tuple[str, ...]:
    sample = one.sample
    return (
        shortened(sample.name),
        size_text(sample.size),
        sample.sha256[:12],
        seconds_text(one.up_seconds),
        seconds_text(one.home_seconds),
        one.verdict,
    )


def _cell(text: str, column: int, wide: int) -> str:
    fill = " " * (wide - width(text))
    return fill + text if column in RIGHT else text + fill


def width(text: str) -> int:
    """How many columns a terminal gives a text: two for wide characters, none for those that combine."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def shortened(name: str) -> str:
    """Cut a long name in the middle of nothing: its end is shown by dots."""
    return name if width(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."


def size_text(size: int) -> str:
    """A size as a person reads it."""
    amount, unit = float(size), 0
    while amount >= STEP and unit < len(UNITS) - 1:
        amount, unit = amount / STEP, unit + 1
    return f"{amount:.0f} {UNITS[unit]}" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"


def seconds_text(seconds: float | None) -> str:
    """Seconds with one place after the point, or a dash where there were none."""
    return "-" if seconds is None else f"{seconds:.1f}"
