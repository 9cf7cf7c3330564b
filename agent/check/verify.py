"""`verify`: looks whether what came home is still there, byte for byte, and with `--repair` has lost files sent again.

Reads every file, so it gives way to all else and goes on where it was broken off. Without `--repair` it changes nothing
but its own notes. May run beside the agent.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.check import humble
from agent.check.audit import Audit
from agent.check.elsewhere import Elsewhere
from agent.check.holdings import Holdings
from agent.check.losses import OWED, Losses
from agent.check.soundness import LOST, Finding, State, look
from agent.errors import HomeMissingError
from agent.push.progress import amount, span
from agent.show import journal, terminal
from agent.wire.api import DeviceApi
from agent.words import at_home, checked, several

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from agent.check.audit import Kept
    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

PAGE = 100
DRAW_SECONDS = 0.5
FINE = frozenset({State.WHOLE, State.MOVED})
WORDS = {
    State.MOVED: "moved",
    State.DAMAGED: "damaged",
    State.EDITED: "edited since they came",
    State.GONE: "gone",
    State.UNREADABLE: "not readable",
}


@dataclass
class Tally:
    """What was found so far."""

    states: Counter[State] = field(default_factory=Counter)
    size: int = 0
    owed: int = 0
    refused: int = 0
    told: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        """How many files are not home any more."""
        return sum(self.states[state] for state in LOST)

    def all_is_well(self) -> bool:
        """Whether everything is at home, or owed again."""
        return self.lost == self.owed and not self.states[State.UNREADABLE]


class Verification:
    """One pass over the files of a home folder, or over a share of them."""

    def __init__(
        self, home: Home, audit: Audit, losses: Losses | None, tell: Teller, holdings: Holdings | None = None
    ) -> None:
        """Take who repairs and who tells the cloud what is whole, if anybody does, and who tells the person."""
        self._home, self._audit, self._losses, self._tell, self._holdings = home, audit, losses, tell, holdings
        self._mark = home.mark()
        self._elsewhere = Elsewhere(home, audit.is_free, tell.passed)
        self.tally = Tally()

    def run(self, share: float, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Tally:
        """Look at the files; what was done so far counts, wherever it is broken off."""
        with contextlib.closing(self._elsewhere):
            files = self._audit.begin(_moment(now()), share)
            self._tell.begin(files, self._audit.chosen_bytes())
            for page in self._audit.chosen(PAGE):
                self._settle(self._look(page, _moment(now())), _moment(now()))
            self._audit.ended(_moment(now()), whole=share >= 1)
        return self.tally

    def _look(self, page: list[Kept], moment: str) -> list[Finding]:
        """Look at a page of files, and note which are whole, however it ends."""
        findings: list[Finding] = []
        try:
            for kept in page:
                findings.append(self._find(kept))
                self.tally.size += kept.size
        finally:
            with contextlib.suppress(sqlite3.OperationalError):  # the drive may have gone
                self._audit.verified([one.kept.file_id for one in findings if one.state in FINE], moment)
        return findings

    def _find(self, kept: Kept) -> Finding:
        found = look(self._home, kept, self._tell.passed)
        if found.state not in LOST:
            return found
        # A drive that was unplugged in the middle has every file gone: its files are not lost.
        if self._home.mark() != self._mark:
            raise HomeMissingError(self._home)
        elsewhere = self._elsewhere.find(kept)
        return Finding(kept, State.MOVED, elsewhere) if elsewhere else found

    def _settle(self, findings: list[Finding], moment: str) -> None:
        """Tell what was found, and repair it if that is wanted."""
        self.tally.states.update(one.state for one in findings)
        if self._holdings:
            self.tally.told.update(self._holdings.tell([one for one in findings if one.state in FINE]))
        lost = [one for one in findings if one.state in LOST]
        outcomes = self._losses.report(lost, moment) if self._losses and lost else {}
        for finding in findings:
            outcome = outcomes.get(finding.kept.file_id)
            if finding.state is State.MOVED and self._losses:
                self._losses.follow(finding)
            self._tell.found(finding, f"{outcome.outcome} {outcome.reason}".strip() if outcome else "")
        self.tally.owed += sum(one.outcome in OWED for one in outcomes.values())
        self.tally.refused += sum(one.outcome not in OWED for one in outcomes.values())


class Teller:
    """Tells a person, or a program, what is found; in a terminal also how far it is."""

    def __init__(self, *, as_json: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the manner."""
        self._as_json, self._clock = as_json, clock
        self._canvas = terminal.Canvas(sys.stderr) if terminal.can_draw(sys.stderr) else None
        self._files = self._bytes = self._read = self._looked_at = 0
        self._began = self._drawn = clock()

    def begin(self, files: int, size: int) -> None:
        """Take how much there is to look at."""
        self._files, self._bytes, self._began = files, size, self._clock()

    def passed(self, count: int) -> None:
        """Count bytes as they are read, and draw now and then."""
        self._read += count
        if self._canvas and self._clock() - self._drawn >= DRAW_SECONDS:
            self._drawn = self._clock()
            seconds = max(self._drawn - self._began, 0.001)
            self._canvas.draw([terminal.fitted(self._progress(seconds), terminal.columns() - 1)])

    def found(self, finding: Finding, outcome: str) -> None:
        """Tell of one file, unless it is whole."""
        self._looked_at += 1
        if finding.state is State.WHOLE:
            return
        if self._canvas:
            self._canvas.clear()
        print(_as_json(finding, outcome) if self._as_json else _as_text(finding, outcome), flush=True)

    def sum_up(self, tally: Tally, *, repair: bool) -> None:
        """Tell how it is in all."""
        if self._canvas:
            self._canvas.clear()
        if self._as_json:
            states = {state.value: tally.states[state] for state in State}
            more = {"told": dict(tally.told)} if tally.told else {}
            summed = {"summary": states, "bytes": tally.size, "owedAgain": tally.owed, "refused": tally.refused, **more}
            print(json.dumps(summed))
            return
        found = [f"{tally.states[state]:,} {words}" for state, words in WORDS.items() if tally.states[state]]
        print(", ".join([f"{several(tally.states[State.WHOLE])} whole ({amount(tally.size)} looked at)", *found]))
        for sentence in advice(tally, repair=repair):
            print(sentence)

    def _progress(self, seconds: float) -> str:
        pace, left = self._read / seconds, max(0, self._bytes - self._read)
        words = [f"{self._looked_at:,} of {self._files:,} files", f"{amount(self._read)} read", f"{amount(pace)}/s"]
        return " · ".join([*words, f"{span(left / pace)} left"] if pace else words)


def advice(tally: Tally, *, repair: bool) -> list[str]:
    """Say what a person can do. Pure."""
    said = {
        "`backhaul verify --repair` has lost files sent again. Nothing at home is ever overwritten.": tally.lost
        and not repair,
        f"Owed again: {tally.owed:,}. They come home while the agent runs.": tally.owed,
        f"Not to be had from the cloud: {tally.refused:,}. What is at home is left as it is.": tally.refused,
        f"The cloud was told of {several(tally.told.total())}: {_sorted(tally.told)}.": tally.told.total(),
    }
    return [sentence for sentence, true in said.items() if true]


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("verify", help="look whether what came home is still there, byte for byte")
    asked.add_argument(
        "--sample",
        type=checked(parse_share),
        default=1.0,
        metavar="N%",
        help="only this share, what was not looked at for the longest first",
    )
    asked.add_argument("--repair", action="store_true", help="have damaged and lost files sent again")
    asked.add_argument("--tell", action="store_true", help="tell a cloud that lost its table what is whole here")
    at_home(asked, verify, tells_json=True)


def verify(chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
    """Verify, and return 0 when everything is at home or owed again, else 6."""
    home.mark()
    pairing = home.pairing()
    tell = Teller(as_json=chosen.json)
    humble.give_way()
    if chosen.repair:
        journal.begin(home)
    with Audit(home.catalog) as audit:
        asks = chosen.repair or chosen.tell
        api = DeviceApi(pairing.url, pairing.device_id, keys.find(pairing.device_id)) if asks else None
        losses = Losses(home, audit, api) if api and chosen.repair else None
        holdings = Holdings(home, audit, api) if api and chosen.tell else None
        if holdings:
            audit.start_over()
        tally = Verification(home, audit, losses, tell, holdings).run(chosen.sample)
    tell.sum_up(tally, repair=chosen.repair)
    return 0 if tally.all_is_well() else 6


def parse_share(text: str) -> float:
    """Read a share like `5%` or `5`."""
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise ValueError(f"must be a share like 5%, more than 0% and at most 100%, got {text!r}")
    return share


def _sorted(told: Counter[str]) -> str:
    words = {"restored": "known again", "taken": "receipts taken", "repeated": "known already", "refused": "refused"}
    return ", ".join(f"{told[outcome]:,} {said}" for outcome, said in words.items() if told[outcome])


def _as_text(finding: Finding, outcome: str) -> str:
    told = {State.MOVED: f" -> {finding.told}", State.WHOLE: ""}.get(
        finding.state, finding.told and f": {finding.told}"
    )
    return f"{finding.state:10}  {finding.kept.path}{told}" + (f"  ({outcome})" if outcome else "")


def _as_json(finding: Finding, outcome: str) -> str:
    told = {"fileId": finding.kept.file_id, "path": finding.kept.path, "state": finding.state.value}
    more = {"told": finding.told, "outcome": outcome}
    return json.dumps(told | {name: value for name, value in more.items() if value})


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
