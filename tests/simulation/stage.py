"""Deeds that run side by side, one at a time, and switch only where they call AWS: the same seed, the same run.

A deed runs in a thread of its own, but only who holds the baton moves. Each call is a point at which the deed may be
interrupted, die, be refused, or lose its answer and ask again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.memory_table import UnderWay

_FOREVER = 1_000_000
_BUSY = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}, "CancellationReasons": []}


class KilledError(BaseException):
    """The function died here."""


class BrokenPromiseError(BaseException):
    """A promise does not hold; no handler may swallow this."""


@dataclass(frozen=True)
class Fate:
    """What befalls a deed at one of its calls, counted from one."""

    what: str = ""
    at: int = 0


@dataclass
class Deed:
    """Something that a function or a program does, with the calls it has made so far."""

    name: str
    do: Callable[[], Any]
    fate: Fate = Fate()
    calls: int = 0
    allowance: int = _FOREVER
    dead: bool = False
    over: bool = False
    error: BaseException | None = None
    go: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None


class Stage:
    """Runs deeds, and is the wire through which all of them reach AWS."""

    def __init__(self, tick: Callable[[], None], ended: Callable[[Deed], None]) -> None:
        self.chance, self._tick, self._ended = Random(0), tick, ended
        self.story: list[str] = []
        self.parked: list[Deed] = []
        self.late: list[UnderWay] = []
        self._current: Deed | None = None
        self._back = threading.Lock()
        self._back.acquire()

    def tell(self, line: str) -> None:
        self.story.append(line)

    # Running deeds

    def run(self, deed: Deed, calls: int = _FOREVER) -> None:
        """Run a deed for so many calls, or to its end."""
        if deed.thread is None and calls >= _FOREVER:
            self._run_here(deed)
        else:
            self._run_there(deed, calls)
        if isinstance(deed.error, BrokenPromiseError):
            raise deed.error
        if deed.over:
            self._ended(deed)

    def _run_here(self, deed: Deed) -> None:
        before, self._current = self._current, deed
        try:
            self._perform(deed)
        finally:
            self._current = before

    def _run_there(self, deed: Deed, calls: int) -> None:
        before, self._current = self._current, deed
        deed.allowance = calls
        if deed.thread is None:
            deed.go.acquire()
            deed.thread = threading.Thread(target=self._perform_there, args=[deed], daemon=True)
            self.parked.append(deed)
            deed.thread.start()
        else:
            deed.go.release()
        self._back.acquire()
        self._current = before
        if deed.over:
            self.parked.remove(deed)
            deed.thread.join()

    def _perform_there(self, deed: Deed) -> None:
        try:
            self._perform(deed)
        finally:
            self._back.release()

    def _perform(self, deed: Deed) -> None:
        try:
            deed.do()
        except KilledError:
            self.tell(f"      {deed.name} is dead")
        except BaseException as error:  # noqa: BLE001 (the world decides what may be raised)
            deed.error = error
            self.tell(f"      {deed.name} ends with {type(error).__name__}: {error}")
        finally:
            deed.over = True

    def finish(self) -> None:
        """Run what is parked to its end, in an order left to chance."""
        while self.parked:
            self.run(self.chance.choice(self.parked), self.chance.choice([1, 2, 5, _FOREVER]))
        while self.late:
            self._end_late()

    def close(self) -> None:
        """Kill what is parked, so that no thread is left."""
        for deed in list(self.parked):
            deed.dead = True
            self.run(deed)

    def nudge(self) -> None:
        """Let somebody who is parked go on for a while, or a write come through whose caller died."""
        if self.late and self.chance.random() < 0.5:
            self._end_late()
        elif self.parked:
            self.run(self.chance.choice(self.parked), self.chance.choice([1, 1, 2, 3, 8]))

    def _end_late(self) -> None:
        under_way = self.late.pop(self.chance.randrange(len(self.late)))
        self.tell("      a write of a dead function comes through")
        try:
            under_way.finish()
        except ClientError:
            self.tell("      and is refused")

    def sleep(self, _seconds: float) -> None:
        """Let the others go on while a deed waits."""
        deed = self._current
        if deed and deed.thread:
            self._hand_back(deed)
        else:
            self.nudge()

    # The wire

    def wire(self, operation: str, call: Callable[[], Any]) -> Any:
        deed = self._current
        if deed is None:
            return call()
        self._point(deed)
        deed.calls += 1
        self._tick()
        fate = deed.fate.what if deed.fate.at == deed.calls else ""
        self.tell(f"      {deed.name} {deed.calls}: {operation}" + (f", {fate}" if fate else ""))
        if fate == "dies before":
            self._die(deed)
        if fate == "is refused" and operation != "Publish":
            raise ClientError(_BUSY, operation)  # type: ignore[arg-type]
        answer = self._ask(operation, call)
        if fate == "loses its answer and asks again" and operation != "TransactWriteItems":
            answer = self._ask(operation, call)
        if fate in ("dies after", "dies during"):
            self._die(deed)
        return answer

    def _ask(self, operation: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ClientError as error:
            self.tell(f"        {operation} answers {error.response['Error']['Code']}{_reasons(error)}")
            raise

    def under_way(self, taken_in: UnderWay) -> None:
        """Let others meet a transaction before it is decided; its caller may die meanwhile."""
        deed = self._current
        if deed is None:
            return
        try:
            self._point(deed)
        except KilledError:
            taken_in.abandon()
            raise
        if deed.fate.what == "dies during" and deed.fate.at == deed.calls:
            if self.chance.random() < 0.7:
                self.late.append(taken_in)
            else:
                taken_in.abandon()
            self._die(deed)

    def _point(self, deed: Deed) -> None:
        if deed.thread:
            deed.allowance -= 1
            if deed.allowance < 0:
                self._hand_back(deed)
        if deed.dead:
            raise KilledError

    def _hand_back(self, deed: Deed) -> None:
        self._back.release()
        deed.go.acquire()
        self._current = deed
        if deed.dead:
            raise KilledError

    def _die(self, deed: Deed) -> None:
        deed.dead = True
        raise KilledError


def _reasons(error: ClientError) -> str:
    reasons = error.response.get("CancellationReasons")
    return f" {[reason['Code'] for reason in reasons]}" if reasons else ""  # type: ignore[union-attr]
