"""A small client of Backhaul's own API, as a phone would use it. Knows HTTP; knows no AWS."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from local.errors import ApiError

SECONDS = 60
PAUSES = (1.0, 3.0, 6.0)
MORE_WORDS = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Api:
    """The API at one address, called by nobody or by the holder of a token."""

    url: str
    token: str = ""

    def __repr__(self) -> str:
        """Leave the token out of tracebacks and logs."""
        return f"Api({self.url!r})"

    def signed_in(self, token: str) -> "Api":
        """The same API, called by the holder of this token."""
        return replace(self, token=token)

    def get(self, path: str) -> dict[str, Any]:
        """Read something."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for a deed."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change something."""
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        """Take something away."""
        return self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)  # noqa: S310 - our own address
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
                return _object(answer.read())
        except urllib.error.HTTPError as error:
            told = _object(_what_came_of(error))
            raise ApiError(method, path, error.code, *_complaint(told)) from error
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(method, path, 0, "UnreachableError", str(error)) from error


def patiently(
    ask: Callable[[], T], *, pauses: Sequence[float] = PAUSES, sleep: Callable[[float], None] = time.sleep
) -> T:
    """Ask again while the server itself is unwell; only for what may be asked twice.

    On a busy machine the first call of a function can run into its timeout while Python is still importing.
    """
    for pause in pauses:
        try:
            return ask()
        except ApiError as error:
            if error.is_refusal:
                raise
        sleep(pause)
    return ask()


def _what_came_of(error: urllib.error.HTTPError) -> bytes:
    """Read what an error says, as far as it came."""
    try:
        return error.read()
    except http.client.IncompleteRead as cut:
        return cut.partial
    except OSError:
        return b""


def _object(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text or b"{}")
    except ValueError:
        return {"Message": text.decode("utf-8", errors="replace")[:MORE_WORDS]}
    return told if isinstance(told, dict) else {"Message": f"expected an object, got {type(told).__name__}"}


def _complaint(told: dict[str, Any]) -> tuple[str, str]:
    """The code and the message of an error, in our API's shape or in the gateway's."""
    return str(told.get("Code", "Error")), str(told.get("Message", told.get("message", "no message")))
