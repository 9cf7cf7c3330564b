"""Words: what a file can be found by, and what somebody looks for. Pure; `postings` keeps them.

A word is a run of letters, digits and the marks upon them, folded (NFKC, no capitals), at most 32 characters of it. A
date as 2024-07-13 is one word, and gives its month and year as well. Scripts that put no space between words (Chinese,
Japanese, Thai...) are cut into pairs of characters, each overlapping the next: so whatever is looked for is found,
wherever it begins.

Of a file these are the words of its name, type and camera, of the device that sent it, and the year, month and month's
English name of its capture: at most 24.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

MOST_WORDS = 24
MOST_TERMS = 8
MOST_CHARACTERS = 32
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DATE = re.compile(r"(?<![0-9])(\d{4}-\d{2})(-\d{2})?(?![0-9-])", re.ASCII)
# Han and Kana; Thai, Lao, Tibetan, Myanmar, Khmer; their extensions.
_UNSPACED = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff]+"
)


class Found(Protocol):
    """What is known of a file that can be found."""

    @property
    def name(self) -> str: ...  # noqa: D102 (the file's own)
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def camera(self) -> str | None: ...  # noqa: D102
    @property
    def device_name(self) -> str | None: ...  # noqa: D102
    @property
    def captured_at(self) -> str | None: ...  # noqa: D102
    @property
    def taken_at(self) -> str | None: ...  # noqa: D102
    @property
    def created_at(self) -> str: ...  # noqa: D102


class Terms(NamedTuple):
    """What is looked for: each of the words whole, and one that begins with the last."""

    whole: tuple[str, ...]
    beginning: str


def of(file: Found) -> tuple[str, ...]:
    """Return the words that a file is found by, in order; of too many, the last of its name are left out."""
    told = [
        _captured(file),
        *map(read, (file.camera or "", file.device_name or "", _subtype(file.type))),
        read(file.name),
    ]
    return tuple(sorted(list(dict.fromkeys(word for words in told for word in words))[:MOST_WORDS]))


def parse(text: str) -> Terms | None:
    """Read what somebody looks for; `None` if there is no word in it."""
    found = list(_terms(text))
    return Terms(tuple(dict.fromkeys(found[:-1])), found[-1]) if found else None


def count(text: str) -> int:
    """Count the words of a text as people do: a run of an unspaced script is one."""
    return sum(1 for _ in _pieces(_folded(text)))


def read(text: str) -> list[str]:
    """Return the words of a text that is to be found."""
    told: list[str] = []
    for piece in _pieces(_folded(text)):
        if _UNSPACED.fullmatch(piece):
            told += [*(piece[at : at + 2] for at in range(len(piece) - 1)), piece[-1]]
        elif _DATE.fullmatch(piece):
            told += [piece[:4], piece[:7], piece]
        else:
            told.append(piece[:MOST_CHARACTERS])
    return told


def fits(known: Iterable[str], terms: Terms) -> bool:
    """Whether words are what is looked for."""
    there = set(known)
    return there.issuperset(terms.whole) and any(word.startswith(terms.beginning) for word in there)


def _terms(text: str) -> Iterator[str]:
    """Yield the words that must all be there. Of an unspaced run, as few pairs as cover it: the file has them all."""
    for piece in list(_pieces(_folded(text)))[:MOST_TERMS]:
        if _UNSPACED.fullmatch(piece) and len(piece) > 1:
            run = piece[: 2 * MOST_TERMS]
            yield from (run[at : at + 2] for at in range(0, len(run) - 1, 2))
            if len(run) % 2:
                yield run[-2:]
        else:
            yield piece[:MOST_CHARACTERS]


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for date in _DATE.finditer(text):
        yield from _runs(text[at : date.start()])
        yield date[0]
        at = date.end()
    yield from _runs(text[at:])


def _runs(text: str) -> Iterator[str]:
    """Yield runs of letters, digits and marks; one of an unspaced script ends where another script begins."""
    plain = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in text)
    for run in plain.split():
        at = 0
        for unspaced in _UNSPACED.finditer(run):
            yield from filter(None, (run[at : unspaced.start()], unspaced[0]))
            at = unspaced.end()
        yield from filter(None, (run[at:],))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _subtype(media_type: str) -> str:
    return media_type.partition(";")[0]


def _captured(file: Found) -> list[str]:
    day = (file.captured_at or file.taken_at or file.created_at)[:10]
    return [day[:4], day[:7], day, _MONTHS[int(day[5:7]) - 1]]
