"""`doctor`: looks at everything that files need to come home, and says of each what is wrong and what to do.

One line a check: ok, warn or bad. Changes nothing but a small file that it makes and removes again in the state folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3

from agent import pause
from agent.check import symptoms
from agent.check.symptoms import Check, Level
from agent.config import Config
from agent.drive import disk, lock
from agent.drive.catalog import Catalog
from agent.errors import AgentError, RefusedObjectError
from agent.fetch.notices import Notice
from agent.wire import proxies
from agent.wire.api import DeviceApi, safe_address
from agent.wire.credentials import Wallet
from agent.wire.inbox import SqsInbox
from agent.words import at_home, several

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

TIMEOUT = urllib3.Timeout(connect=5, read=15)
SAMPLES = 5
PATIENCE_HINT = "It is tried again by itself; `backhaul logs` says more."
SLEEP_HINT = "`backhaul run` starts it; `backhaul install` lets it start by itself."


class Doctor:
    """Examines one home folder and what it needs."""

    def __init__(self, home: Home, keys: KeyStore) -> None:
        """Take the home folder and where its key is."""
        self._home, self._keys = home, keys

    def examine(self) -> Iterator[Check]:
        """Look at one thing after another; what rests on something that is broken is not looked at."""
        config = Config()
        with contextlib.suppress(AgentError):
            config = self._home.config()
        yield from self._tried("settings", self._settings)
        home = list(self._tried("home", lambda: self._writable(config)))
        yield from home
        if any(check.what == "home" and check.level is Level.BAD for check in home):
            return
        paired = list(self._tried("pairing", self._pairing))
        yield from paired
        yield from self._tried("agent", self._agent)
        yield from self._tried("trouble", self._trouble)
        if symptoms.worst(paired) is not Level.BAD:
            yield from self._network()

    def _network(self) -> Iterator[Check]:
        pairing = self._home.pairing()
        url = safe_address(pairing.url)
        yield from self._tried("name", lambda: [resolved(url)])
        reached = list(self._tried("cloud", lambda: reach(url)))
        yield from reached
        if symptoms.worst(reached) is Level.BAD and not any(check.what == "clock" for check in reached):
            return
        api = DeviceApi(url, pairing.device_id, self._keys.find(pairing.device_id))
        wallet = Wallet(api.credentials)
        key = list(self._tried("key", lambda: self._credentials(wallet)))
        yield from key
        if symptoms.worst(key) is not Level.BAD:
            yield from self._tried("queue", lambda: queue(wallet))
            yield from self._tried("bucket", lambda: bucket(wallet))

    def _tried(self, what: str, look: Callable[[], list[Check]]) -> Iterator[Check]:
        """Look, and turn whatever goes wrong into a line of its own."""
        try:
            yield from look()
        except AgentError as error:
            yield Check(what, Level.BAD, str(error), error.hint)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            yield Check(what, Level.BAD, str(error)[:300], network_advice(error))

    def _settings(self) -> list[Check]:
        self._home.config()
        return [Check("settings", Level.OK, "understood")]

    def _writable(self, config: Config) -> list[Check]:
        self._home.mark()
        seconds, links, folds_case = try_out(self._home)
        return [
            Check("home", Level.OK, f"{self._home} is there, and may be written to"),
            symptoms.surroundings(str(self._home)),
            symptoms.room(disk.free_bytes(self._home), config.reserve_bytes),
            *symptoms.file_system(links=links, folds_case=folds_case),
            symptoms.writing(seconds),
        ]

    def _pairing(self) -> list[Check]:
        pairing = self._home.pairing()
        self._keys.find(pairing.device_id)
        return [Check("pairing", Level.OK, f"{pairing.name} ({pairing.device_id}) at {pairing.url}")]

    def _agent(self) -> list[Check]:
        if not lock.is_held(self._home):
            return [Check("agent", Level.WARN, "not running", SLEEP_HINT)]
        if held := pause.find(self._home):
            return [Check("agent", Level.WARN, f"paused {held}", "`backhaul resume` ends the pause.")]
        return [Check("agent", Level.OK, "running")]

    def _trouble(self) -> list[Check]:
        with Catalog(self._home.catalog) as catalog:
            troubles, counts = catalog.troubles(), catalog.counts()
        found = [
            Check("trouble", Level.WARN, f"file {one.file_id}, tried {one.tries} times: {one.error}", PATIENCE_HINT)
            for one in troubles[:SAMPLES]
        ]
        if refused := counts["receiptsRefused"]:
            said = f"{several(refused, 'receipt')} refused by the cloud"
            found.append(Check("trouble", Level.WARN, said, "`backhaul logs` says why."))
        return found or [Check("trouble", Level.OK, f"none; {several(counts['filesHome'])} at home")]

    def _credentials(self, wallet: Wallet) -> list[Check]:
        expires = wallet.current().expires_at
        return [Check("key", Level.OK, f"accepted by the cloud; credentials until {expires}")]


def try_out(home: Home) -> tuple[float, bool, bool]:
    """Write small files as a download does; return how long one takes, and whether links work and case is folded."""
    taken, links, folds_case = [], True, False
    first, second = home.state / "doctor.try", home.state / "doctor.try2"
    for path in (first, second):
        path.unlink(missing_ok=True)
    try:
        for _ in range(SAMPLES):
            began = time.perf_counter()
            disk.write_flushed(first, b"Backhaul tries whether it may write here.\n")
            first.replace(second)
            taken.append(time.perf_counter() - began)
        folds_case = (home.state / "DOCTOR.TRY2").exists()
        try:
            os.link(second, first)
        except OSError:
            links = False
    finally:
        for path in (first, second):
            path.unlink(missing_ok=True)
    return sorted(taken)[SAMPLES // 2], links, folds_case


def resolved(url: str) -> Check:
    """Look the name up; behind a proxy that is the proxy's business, so its own name is looked up."""
    proxy = proxies.proxy_for(url)
    parts = urlsplit(proxy or url)
    found = {one[4][0] for one in socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)}
    through = f", the proxy {proxies.without_password(proxy)}" if proxy else ""
    return Check("name", Level.OK, f"{parts.hostname}{through} is known ({', '.join(sorted(map(str, found))[:2])})")


def reach(url: str) -> list[Check]:
    """Ask the cloud how it is; its answer tells the time, too."""
    http = proxies.pool(url, TIMEOUT)
    with contextlib.closing(http.request("GET", url + "health", headers={"Accept": "application/json"})) as answer:
        judged = symptoms.clock(answer.headers.get("Date"), datetime.now(UTC))
        return [symptoms.health(answer.status), judged]


def queue(wallet: Wallet) -> list[Check]:
    """Ask the queue how many notices wait in it."""
    return [Check("queue", Level.OK, f"reached; about {SqsInbox(wallet).waiting()} notices wait in it")]


def bucket(wallet: Wallet) -> list[Check]:
    """Ask the bucket for an object that is not there: a refusal is an answer."""
    from agent.wire.bucket import S3Bucket  # noqa: PLC0415 - slow to import, and every command imports this module

    nothing = "0" * 32
    asked = Notice(nothing, wallet.current().bucket, f"originals/{nothing}", None, 0, None, "", "", None, None)
    with contextlib.suppress(RefusedObjectError):
        S3Bucket(wallet).open(asked)
    return [Check("bucket", Level.OK, "reached")]


def network_advice(error: Exception) -> str:
    """Say what to do about a connection that did not come about."""
    text = f"{type(error).__name__} {error}".lower()
    if "certificate" in text or "ssl" in text:
        return (
            "Something between this PC and the cloud shows a certificate of its own: an antivirus program, a company's"
            " proxy, or a sign-in page. Let it leave out the cloud's address."
        )
    if "proxy" in text:
        return "Check the proxy in the system's settings or in HTTPS_PROXY."
    if isinstance(error, socket.gaierror) or "getaddrinfo" in text or "resolve" in text:
        return "Check the network connection and the address: the name is not known here."
    if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):
        return "Check the folder's permissions, and that the drive is not write-protected."
    return "Check the network connection, and that a firewall lets this program through."


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("doctor", help="look at all that files need to come home, and say what to do")
    at_home(asked, doctor, tells_json=True)


def doctor(chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
    """Examine, tell, and return 6 if anything is bad, else 0."""
    checks = []
    for check in Doctor(home, keys).examine():
        checks.append(check)
        print(as_json(check) if chosen.json else as_text(check), flush=True)
    return 6 if symptoms.worst(checks) is Level.BAD else 0


def as_text(check: Check) -> str:
    """Write a check for a person."""
    advice = f"\n{'':16}{check.advice}" if check.advice else ""
    return f"{check.level:4}  {check.what:8}  {check.said}{advice}"


def as_json(check: Check) -> str:
    """Write a check for a program."""
    told = {"check": check.what, "level": check.level.value, "said": check.said}
    return json.dumps(told | ({"advice": check.advice} if check.advice else {}))
