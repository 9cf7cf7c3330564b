"""The cloud's REST API as this PC uses it: one attempt a call, answers checked, refusals turned into our errors.

Knows nothing of files on disk, and never repeats a call by itself: who calls decides when to try again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import urllib3

from agent import VERSION
from agent.errors import BusyError, RequestRefusedError, RevokedError, UnreachableError, UnsafeAddressError
from agent.wire import proxies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent.drive.catalog import Receipt

TIMEOUT = urllib3.Timeout(connect=5, read=30)
CONNECTIONS = 2
"""The loop asks, and whoever needs credentials: doorbell or a worker, one at a time."""
NO_SUCH_ROUTE = "Missing Authentication Token"
"""What API Gateway says, with 403, where nothing is deployed (yet): as `message`, or as our template has it."""
Answer = dict[str, Any]


class Http(Protocol):
    """What we need of an HTTP client."""

    def request(
        self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """Make one request."""


@dataclass(frozen=True)
class Outcome:
    """What the cloud did with one receipt."""

    file_id: str
    outcome: str
    reason: str


def safe_address(url: str) -> str:
    """Return the address with one trailing slash, or refuse one that would show the key to others."""
    if not proxies.is_safe(url):
        raise UnsafeAddressError(url)
    return url.rstrip("/") + "/"


class Api:
    """The calls that need no key."""

    def __init__(self, url: str, http: Http | None = None) -> None:
        """Take the address of the API."""
        self._url = safe_address(url)
        self._http = http or proxies.pool(self._url, TIMEOUT, maxsize=CONNECTIONS)
        self._headers = {"Accept": "application/json", "User-Agent": f"backhaul-agent/{VERSION}"}

    def begin_pairing(self, name: str, platform: str) -> Answer:
        """Ask to be paired: a code for the person, another for us."""
        return self._call("POST", "pairings", {"name": name, "kind": "pc", "platform": platform})

    def claim(self, device_code: str) -> Answer:
        """Ask whether the person has agreed; the key comes once."""
        return self._call("POST", "pairings/claim", {"deviceCode": device_code})

    def _call(self, method: str, path: str, body: object = None) -> Answer:
        """Make one request and decode the answer."""
        encoded = None if body is None else json.dumps(body).encode()
        headers = self._headers if encoded is None else {**self._headers, "Content-Type": "application/json"}
        try:
            response = self._http.request(method, self._url + path, body=encoded, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{method} {path}", type(error).__name__) from error
        return self._answer(f"{method} {path}", response.status, _decoded(response.data or b""))

    def _answer(self, what: str, status: int, told: Answer | None) -> Answer:
        if status == 429 or status >= 500:  # noqa: PLR2004 - statuses are known by their numbers
            raise BusyError(what, status)
        if told is None or 300 <= status < 400:  # noqa: PLR2004 - as above
            raise UnreachableError(what, f"it answered {status} and no JSON; is a sign-in page in between?")
        if status >= 400:  # noqa: PLR2004 - as above
            code, message = told.get("Code", ""), told.get("Message", told.get("message", ""))
            raise RequestRefusedError(what, status, str(code), str(message))
        return told


class DeviceApi(Api):
    """The calls of a paired PC."""

    def __init__(self, url: str, device_id: str, key: str, http: Http | None = None) -> None:
        """Take the device and its key, which no message or log ever shows."""
        super().__init__(url, http)
        self._device_id = device_id
        self._headers = {**self._headers, "Authorization": f"Bearer {key}"}
        self._base = f"devices/{quote(device_id, safe='')}"

    def credentials(self) -> Answer:
        """Get credentials for the bucket and the queue, good for about an hour."""
        return self._call("POST", f"{self._base}/credentials", {})

    def owed(self, limit: int, following: str | None = None) -> Answer:
        """Get one page of what this PC is owed."""
        query = {"limit": str(limit)} | ({"next": following} if following else {})
        return self._call("GET", f"{self._base}/owed?{urlencode(query)}")

    def send_receipts(self, receipts: Sequence[Receipt]) -> list[Outcome]:
        """Send receipts, and return what became of each."""
        told = [{"fileId": r.file_id, "sha256": r.sha256, "size": r.size, "path": r.path} for r in receipts]
        answer = self._call("POST", f"{self._base}/receipts", {"receipts": told})
        return [_outcome(one) for one in listed(answer, "receipts") if isinstance(one, dict)]

    def report_losses(self, losses: Mapping[str, str]) -> list[Outcome]:
        """Tell that files are not at home any more, `damaged` or `gone`, and return what became of each."""
        told = [{"fileId": file_id, "what": what} for file_id, what in losses.items()]
        answer = self._call("POST", f"{self._base}/losses", {"losses": told})
        return [_outcome(one) for one in listed(answer, "losses") if isinstance(one, dict)]

    def tell_holdings(self, holdings: Sequence[Answer]) -> list[Outcome]:
        """Tell what is whole at home, and return what the cloud made of each."""
        answer = self._call("POST", f"{self._base}/holdings", {"files": holdings})
        return [_outcome(one) for one in listed(answer, "files") if isinstance(one, dict)]

    def heartbeat(self, free_bytes: int, owed: int) -> Answer:
        """Tell that this PC is alive, and learn what it ought to know."""
        told = {"version": VERSION, "freeBytes": free_bytes, "owed": owed}
        return self._call("POST", f"{self._base}/heartbeat", told)

    def revoke(self) -> None:
        """Give up this device's key for good; the cloud owes it nothing from then on."""
        self._call("DELETE", self._base)

    def _answer(self, what: str, status: int, told: Answer | None) -> Answer:
        """Take 401, 403 and 404 for a revoked key: a paired PC asks only for what is its own."""
        if (
            status in (401, 403)
            and told is not None
            and NO_SUCH_ROUTE not in (told.get("message"), told.get("Message"))
        ):
            raise RevokedError(self._device_id)
        if status == 404 and told is not None and told.get("Code"):  # noqa: PLR2004 - as above
            raise RevokedError(self._device_id)
        if status in (401, 403, 404):
            raise UnreachableError(what, f"it answered {status}; is anything deployed there?")
        return super()._answer(what, status, told)


def _decoded(body: bytes) -> Answer | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def listed(answer: Answer, name: str) -> list[Any]:
    """Return a list out of an answer. What has something else in its place is not the cloud's, and tells nothing."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise UnreachableError(name, "the answer lists none; is something in between?")
    return found


def _outcome(told: Answer) -> Outcome:
    return Outcome(str(told.get("fileId")), str(told.get("outcome")), str(told.get("reason") or ""))
