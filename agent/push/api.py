"""The API as a phone uses it. Each call may come twice without harm, so passing trouble is waited out here."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from agent.errors import BusyError, UnreachableError
from agent.patience import backoff
from agent.push import answers
from agent.push.errors import MayNotUploadError, PartsMissingError
from agent.wire.api import Answer, Api, Http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from agent.push.answers import Begun, Standing
    from agent.push.plan import Part

TRIES = 8
LONGEST_PAUSE = 30.0
NO_SUCH_ROUTE = "Missing Authentication Token"
Got = TypeVar("Got")


class PhoneApi(Api):
    """Asks to be paired as a phone: its key may upload, and fetch nothing."""

    def begin_pairing(self, name: str, platform: str) -> Answer:
        """Ask to be paired."""
        return self._call("POST", "pairings", {"name": name, "kind": "phone", "platform": platform})


class PushApi(Api):
    """The calls of a paired phone."""

    def __init__(self, url: str, key: str, http: Http, pause: Callable[[float], None]) -> None:
        """Take the key, which no message or log ever shows, and how to pause."""
        super().__init__(url, http)
        self._headers = {**self._headers, "Authorization": f"Bearer {key}"}
        self._pause = pause

    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Return which of up to 1,000 hashes the cloud does not have."""
        told = self._call("POST", "files/missing", {"hashes": hashes})
        return answers.sound("files/missing", lambda: {str(one) for one in told["missing"]})

    def begin(self, wanted: Sequence[dict[str, Any]]) -> list[Begun]:
        """Begin up to 100 uploads; the answers come in the order asked."""
        told = self._call("POST", "uploads", {"files": wanted})
        begun = answers.sound("uploads", lambda: [answers.begun(one) for one in told["files"]])
        if len(begun) != len(wanted):
            what = "uploads"
            raise UnreachableError(what, f"it answered about {len(begun)} files, expected {len(wanted)}")
        return begun

    def links(self, file_id: str, parts: Iterable[Part]) -> Standing:
        """Ask how an upload stands, and for links for these parts."""
        wanted = [{"part": part.number, "sha256": part.sha256} for part in parts]
        return answers.standing(self._call("POST", f"uploads/{quote(file_id, safe='')}/links", {"parts": wanted}))

    def complete(self, file_id: str) -> str:
        """Put the parts together; return the file's status."""
        told = self._call("POST", f"uploads/{quote(file_id, safe='')}/complete", {})
        return answers.sound("complete", lambda: str(told["status"]))

    def abort(self, file_id: str) -> None:
        """Call an upload off."""
        self._call("DELETE", f"uploads/{quote(file_id, safe='')}")

    def status(self, file_id: str) -> str:
        """Return how far a file has come."""
        told = self._call("GET", f"files/{quote(file_id, safe='')}")
        return answers.sound("files", lambda: str(told["status"]))

    def newest(self, following: str | None) -> tuple[dict[str, str], str | None]:
        """Return the statuses of one page of files, the newest first, and where to go on."""
        after = f"&next={quote(following, safe='')}" if following else ""
        told = self._call("GET", f"files?limit=100{after}")
        found = answers.sound("files", lambda: {str(one["fileId"]): str(one["status"]) for one in told["files"]})
        return found, told.get("next")

    def _call(self, method: str, path: str, body: object = None) -> Answer:
        """Make a request, again and again while the trouble may pass."""
        return patiently(lambda: super(PushApi, self)._call(method, path, body), self._pause)

    def _answer(self, what: str, status: int, told: Answer | None) -> Answer:
        """Tell apart what a push must treat differently."""
        said = str(told.get("Message") or told.get("message")) if told is not None else ""
        if told is not None and told.get("Code") == "PartsMissingError":
            raise PartsMissingError(said)
        if status == 401 or (status == 403 and told is not None and said != NO_SUCH_ROUTE):  # noqa: PLR2004 - as in api
            raise MayNotUploadError(said)
        return super()._answer(what, status, told)


def patiently(deed: Callable[[], Got], pause: Callable[[float], None]) -> Got:
    """Do something, waiting out what may pass: about a minute and a half in all."""
    for tries in itertools.count(1):
        try:
            return deed()
        except (BusyError, UnreachableError):
            if tries == TRIES:
                raise
            pause(backoff(tries, LONGEST_PAUSE))
    raise AssertionError
