"""The QR code of a link: drawn where a phone could read it, left out where it could not."""

from __future__ import annotations

import io

import pytest

from agent.identity import qr
from agent.show import terminal

LINK = "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/api/pair?code=ABCD-EFGH"


class Console(io.StringIO):
    def __init__(self, encoding: str | None, *, terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def read_back(drawn: list[str], *, colours: bool) -> list[list[bool]]:
    """Turn what was drawn into dots again."""
    plain = [line.removeprefix(qr.DARK_ON_LIGHT).removesuffix(qr.PLAIN) for line in drawn]
    backwards = {block: pair for pair, block in qr.BLOCKS.items()}
    rows = []
    for line in plain:
        pairs = [backwards[block] for block in line]
        rows += [[upper == colours for upper, _ in pairs], [lower == colours for _, lower in pairs]]
    return rows


@pytest.mark.parametrize("colours", [True, False])
def test_every_dot_is_drawn(colours: bool) -> None:
    rows = qr.dots(LINK)

    drawn = read_back(qr.lines(rows, colours=colours), colours=colours)

    assert drawn[: len(rows)] == rows
    assert not any(any(row) for row in drawn[len(rows) :])


def test_the_code_is_surrounded_by_light_ground() -> None:
    rows = qr.dots(LINK)

    assert not any(rows[0] + rows[1] + rows[-1] + rows[-2])
    assert all(not row[0] and not row[1] and not row[-1] and not row[-2] for row in rows)


def test_a_code_is_drawn_dark_on_light_whatever_the_terminal_is_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "can_draw", lambda _: True)

    shown = qr.shown(LINK, Console("utf-8"))

    assert all(line.startswith(qr.DARK_ON_LIGHT) and line.endswith(qr.PLAIN) for line in shown.splitlines())


def test_a_console_of_western_europe_can_draw_no_blocks() -> None:
    assert qr.shown(LINK, Console("cp1252")) == ""
    assert qr.shown(LINK, Console("cp850")) != ""


@pytest.mark.parametrize("stream", [None, Console("utf-8", terminal=False), Console(None), Console("no-such-code")])
def test_where_nobody_looks_nothing_is_drawn(stream: Console | None) -> None:
    assert qr.shown(LINK, stream) == ""


def test_a_link_too_long_for_a_window_is_not_drawn() -> None:
    assert qr.shown("https://example.com/" + "x" * 500, Console("utf-8")) == ""
