"""An agent's life: wire the parts, work, wait for a home folder that went away, stop when asked."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from typing import TYPE_CHECKING

from agent.drive import disk
from agent.drive.catalog import Catalog
from agent.drive.lock import only_one
from agent.drive.today import Day
from agent.errors import HomeMissingError
from agent.fetch.breadth import Breadth, Timed
from agent.fetch.memory import Memory
from agent.fetch.ranges import Ranged
from agent.fetch.traffic import Traffic, WatchedCourier
from agent.loop import Loop
from agent.parts import Parts
from agent.patience import backoff
from agent.pause import Watch
from agent.show.screen import View
from agent.wire.api import DeviceApi
from agent.wire.bucket import S3Bucket
from agent.wire.credentials import Wallet
from agent.wire.inbox import SqsInbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.drive.home import Home, Pairing
    from agent.fetch.limits import Limit
    from agent.identity.keystore import KeyStore
    from agent.recall.recaller import Recaller

LOG = logging.getLogger(__name__)
HOME_CHECK_SECONDS = 5.0
STOP_SECONDS = 4.5


class Session:
    """The agent of one home folder, from start to stop."""

    def __init__(
        self, home: Home, keys: KeyStore, *, limit: Limit | None = None, patience: Callable[[int], float] = backoff
    ) -> None:
        """Take the home folder, where its key is, a limit that goes before the settings', and how patient to be."""
        self._home, self._keys, self._limit, self._patience = home, keys, limit, patience
        self._traffic: Traffic | None = None
        self._pause = Watch(home)
        self.stop = threading.Event()
        self._loop: Loop | None = None
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Work until asked to stop; raise when a person has to act.

        The work is done in a daemon thread, so that a call that hangs cannot delay the stop: whatever it was
        doing is as safe to be cut off as by a power cut.
        """
        worker = threading.Thread(target=self._live, name="agent", daemon=True)
        worker.start()
        while worker.is_alive() and not self.stop.wait(1):
            pass
        self._end_wait()
        worker.join(STOP_SECONDS)
        if self._failure is not None:
            raise self._failure

    def ask_to_stop(self, *_: object) -> None:
        """Ask to stop; safe in a signal handler."""
        self.stop.set()

    def view(self) -> View | None:
        """Return how it stands, for people to see; nothing before the work has begun."""
        if self._loop is None or self._traffic is None:
            return None
        glance, paused = self._traffic.glance(), self._pause.pause
        held_up = f"Paused {paused}" if paused else "The disk is full" if self._loop.room.full else ""
        return View(self._loop.left(), glance.under_way, glance.speed, self._day.came(glance.came), held_up)

    def _end_wait(self) -> None:
        if self._loop is not None:
            self._loop.wake()

    def _live(self) -> None:
        try:
            while not self.stop.is_set():
                self._work_while_home()
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits for us
            self._failure = error
            self.stop.set()

    def _work_while_home(self) -> None:
        """Work as long as the home folder is there, then wait until it is again."""
        try:
            self._home.mark()
            with self._ready() as loop:
                self._loop = loop
                loop.run()
        except HomeMissingError as error:
            LOG.error("%s (%s)", error, error.hint)  # noqa: TRY400 - the sentence says it all
            self._wait_for_home()

    def _wait_for_home(self) -> None:
        while not self.stop.wait(min(self._patience(3), HOME_CHECK_SECONDS)):
            with contextlib.suppress(HomeMissingError):
                self._home.mark()
                LOG.info("home folder %s is there again", self._home)
                return

    @contextlib.contextmanager
    def _ready(self) -> Iterator[Loop]:
        """Wire the parts. The only place that knows which real parts there are."""
        pairing, config = self._home.pairing(), self._home.config()
        key = self._keys.find(pairing.device_id)
        with only_one(self._home), Catalog(self._home.catalog) as catalog:
            disk.sweep_partials(self._home, time.time())
            breadth, memory = Breadth(), Memory()
            api = DeviceApi(pairing.url, pairing.device_id, key)
            wallet = Wallet(api.credentials)
            pause = self._pause
            self._traffic = traffic = Traffic(self._limit or config.limit, self.stop, pause.paused)
            self._day = Day(catalog.home_since)
            courier = WatchedCourier(
                self._home,
                self._home.mark(),
                Ranged(Timed(S3Bucket(wallet), breadth), breadth, memory, limited=traffic.limited),
                config.reserve_bytes,
                stopping=self.stop.is_set,
                passing=traffic.passing,
                memory=memory,
                traffic=traffic,
            )
            inbox, patience = SqsInbox(wallet), self._patience
            parts = Parts(
                self._home,
                config,
                catalog,
                api,
                inbox,
                courier,
                patience=patience,
                recall=self._ringer(pairing, key, traffic),
                may_fetch=pause.may_fetch,
                breadth=breadth,
            )
            LOG.info("agent of %s works for %s", self._home, pairing.url)
            yield Loop(parts, self.stop)

    def _ringer(self, pairing: Pairing, key: str, traffic: Traffic) -> Callable[[], None]:
        """Return what to call when files are asked back; what sends them is loaded then, and seldom needed."""

        @functools.cache
        def recaller() -> Recaller:
            from agent.recall.recaller import Recaller  # noqa: PLC0415 - as said

            return Recaller.of(self._home, pairing, key, self.stop, traffic.leaving, lambda: not self._pause.paused())

        return lambda: recaller().ring()
