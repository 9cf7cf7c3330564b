"""The calls about recalls: what this PC is asked for, links for what lacks of it. One attempt a call, as `wire.api`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from agent.push import answers
from agent.push.answers import Multipart, Single
from agent.push.errors import PartsMissingError
from agent.push.sending import PENDING
from agent.recall.errors import RecallOverError
from agent.wire.api import DeviceApi, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.push.answers import Standing
    from agent.push.plan import Part
    from agent.wire.api import Answer

PAGE = 100
NOT_FOUND = 404


@dataclass(frozen=True)
class Recall:
    """A file that the cloud asks for."""

    file_id: str
    size: int
    sha256: str


class RecallApi(DeviceApi):
    """The calls of a paired PC about what it is asked to send back."""

    def recalls(self, following: str | None = None) -> tuple[list[Recall], str | None]:
        """Get one page of what this PC is asked for, and where to go on."""
        query = {"limit": str(PAGE)} | ({"next": following} if following else {})
        told = self._call("GET", f"{self._base}/recalls?{urlencode(query)}")
        following = told.get("next")
        asked = answers.sound("recalls", lambda: [_read(one) for one in listed(told, "files")])
        return asked, following if isinstance(following, str) and following else None

    def begin(self, file_id: str) -> Single | Multipart | None:
        """Ask how a file is to be sent; `None` if the cloud has it by now."""
        told = self._ask(file_id, [])
        if told.get("partSize"):
            return answers.sound("recalls", lambda: Multipart(file_id, int(told["partSize"])))
        link = answers.standing(told).links.get(0)
        return Single(file_id, link) if link else None

    def links(self, file_id: str, parts: Iterable[Part]) -> Standing:
        """Ask what the cloud has of a file, and for links for these parts. While it wants any it says so by them."""
        told = self._ask(file_id, parts)
        wanted = told.get("partSize") or told.get("link")
        return answers.standing({**told, "status": PENDING} if wanted else told)

    def complete(self, file_id: str) -> str:
        """Have the parts put together; return the file's status."""
        told = self._call("POST", f"{self._recall(file_id)}/complete", {})
        return answers.sound("complete", lambda: str(told["status"]))

    def _ask(self, file_id: str, parts: Iterable[Part]) -> Answer:
        wanted = [{"part": part.number, "sha256": part.sha256} for part in parts]
        return self._call("POST", f"{self._recall(file_id)}/links", {"parts": wanted})

    def _recall(self, file_id: str) -> str:
        return f"{self._base}/recalls/{quote(file_id, safe='')}"

    def _answer(self, what: str, status: int, told: Answer | None) -> Answer:
        """Tell apart what is over: here a 404 is about the file, not about this PC's key."""
        code = told.get("Code") if told is not None else None
        if status == NOT_FOUND and code:
            raise RecallOverError(what)
        if code == "PartsMissingError":
            raise PartsMissingError(str(told and told.get("Message")))
        return super()._answer(what, status, told)


def _read(told: Answer) -> Recall:
    return Recall(str(told["fileId"]), int(told["size"]), str(told["sha256"]))
