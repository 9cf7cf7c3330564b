"""The judgement: what was sent is at every home, once, byte for byte; nothing is owed; who has to know, knows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

LOST, DOUBLED, DAMAGED, UNENDED, OWED = "lost", "doubled", "damaged", "never ended", "still owed"
MISCOUNTED, UNTOLD, FALSE_ALARM, UNTRIED = "audit disagrees", "stopped, and nobody told", "told wrongly", "never tried"
SURPRISED = "an agent met what it did not expect"
KINDS = (LOST, DOUBLED, DAMAGED, UNENDED, OWED, MISCOUNTED, UNTOLD, FALSE_ALARM, SURPRISED, UNTRIED)
MOST_SHOWN = 20
Stop = tuple[str, str]
"""What stopped, and which."""


@dataclass(frozen=True)
class Kept:
    """A file as the cloud knows it."""

    file_id: str
    sha256: str
    status: str
    is_owed: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything there is to judge."""

    wanted: frozenset[str]
    at_home: Mapping[str, Counter[str]]
    """By home, how often which contents are there."""
    unsent: Sequence[str] = ()
    partials: Sequence[str] = ()
    kept: Sequence[Kept] = ()
    owed: Sequence[str] = ()
    audited: Sequence[str] = ()
    stopped: frozenset[Stop] = frozenset()
    told: frozenset[Stop] = frozenset()
    surprised: Sequence[str] = ()


@dataclass(frozen=True)
class Verdict:
    """Everything that is wrong, by kind; nothing, if the promises were kept."""

    wrong: Mapping[str, Sequence[str]]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.wrong.values())

    def lines(self) -> Iterator[str]:
        """Tell a line a kind, and what belongs to it."""
        for kind in KINDS:
            found = self.wrong.get(kind, [])
            yield f"{len(found):>8}  {kind}"
            yield from (f"          {one}" for one in found[:MOST_SHOWN])


def judge(found: Found) -> Verdict:
    """Judge everything."""
    kept = Counter(one.sha256 for one in found.kept)
    homes = found.at_home.items()
    wrong = {
        LOST: [
            *(f"{one[:12]} is not at {name}" for name, there in homes for one in sorted(found.wanted - set(there))),
            *(f"{one[:12]} is no file" for one in sorted(found.wanted - set(kept))),
        ],
        DOUBLED: [
            *(f"{one[:12]} is {n} times at {name}" for name, there in homes for one, n in there.items() if n > 1),
            *(f"{one[:12]} is {n} files" for one, n in kept.items() if n > 1),
        ],
        DAMAGED: [
            f"{one[:12]} at {name} was never sent" for name, there in homes for one in sorted(set(there) - found.wanted)
        ],
        UNENDED: [
            *(f"{one} was never taken" for one in found.unsent),
            *(f"{one} lies half fetched" for one in found.partials),
            *(f"{one.file_id} is {one.status}" for one in found.kept if one.status != "downloaded"),
        ],
        OWED: [*found.owed, *(f"{one.file_id} says it is owed" for one in found.kept if one.is_owed)],
        MISCOUNTED: list(found.audited),
        UNTOLD: [f"{what}: {which}" for what, which in sorted(found.stopped - found.told)],
        FALSE_ALARM: [f"{what}: {which}" for what, which in sorted(found.told - found.stopped)],
        SURPRISED: list(found.surprised),
    }
    return Verdict(wrong)


def judge_trials(faults: Mapping[str, int], possible: Iterable[str]) -> Verdict:
    """Judge the run itself: a fault that never came proves nothing."""
    return Verdict({UNTRIED: sorted(one for one in possible if not faults.get(one))})


def merged(verdicts: Iterable[Verdict]) -> Verdict:
    """Add verdicts up."""
    wrong: dict[str, list[str]] = {}
    for one in verdicts:
        for kind, found in one.wrong.items():
            wrong.setdefault(kind, []).extend(found)
    return Verdict(wrong)
