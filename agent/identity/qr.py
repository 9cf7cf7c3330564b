"""A link as a QR code in a terminal, so that a phone opens it. Drawing is pure.

Two rows of dots a line, as half blocks. A phone wants dark dots on light ground, whatever the terminal's colours: so
both are set where colours may be, and elsewhere a dark terminal is taken for granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from agent.show import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

QUIET = 2
"""Dots of light ground around; the standard wants four, phones are content with two."""
DARK_ON_LIGHT, PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
MOST_ROWS = 45
"""Dots a side; more do not fit an ordinary window, and a cut code is worse than none."""


def shown(link: str, stream: TextIO | None) -> str:
    """Return the code ready to be written to a stream, or nothing where it would not be readable."""
    if stream is None or not stream.isatty() or not _encodable(stream.encoding):
        return ""
    rows = dots(link)
    if len(rows) > MOST_ROWS or len(rows) > terminal.columns():
        return ""
    return "\n".join(lines(rows, colours=terminal.can_draw(stream)))


def dots(link: str) -> list[list[bool]]:
    """Return the rows of the code, quiet ground included; true is dark."""
    import segno  # noqa: PLC0415 - wanted in pairing alone

    code = segno.make(link, error="l", micro=False)
    return [[bool(dot) for dot in row] for row in code.matrix_iter(border=QUIET)]


def lines(rows: Sequence[Sequence[bool]], *, colours: bool) -> list[str]:
    """Draw rows of dots, two a line. Without colours the light ground is drawn, and the dark dots are left out."""
    height, width = len(rows), len(rows[0])
    padded = [*rows, *([[False] * width] * (height % 2))]
    pairs = [zip(padded[row], padded[row + 1], strict=True) for row in range(0, len(padded), 2)]
    drawn = ["".join(BLOCKS[(upper == colours, lower == colours)] for upper, lower in pair) for pair in pairs]
    return [DARK_ON_LIGHT + line + PLAIN for line in drawn] if colours else drawn


def _encodable(encoding: str | None) -> bool:
    try:
        "".join(BLOCKS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
