"""What S3's answer to a PUT means for us. Pure: the whole retry policy of sending."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,80})</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]{1,300})</Message>")

STALE_LINK = frozenset({"ExpiredToken", "InvalidToken", "TokenRefreshRequired"})
OTHER_BYTES = frozenset({"BadDigest", "InvalidDigest", "InvalidRequest", "XAmzContentChecksumMismatch"}) | {
    "XAmzContentSHA256Mismatch"
}
PASSING = frozenset({"IncompleteBody", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "SlowDown"})
BUSY = frozenset({408, 409, 425, 429})


class Meaning(Enum):
    """What to do next."""

    TAKEN = auto()
    """S3 has it and checked it."""
    THERE = auto()
    """Something is there under this key, which only these contents can be: ask for the status."""
    AGAIN = auto()
    """Try the same again after a pause."""
    STALE = auto()
    """The link is not good any more: get another."""
    OTHER = auto()
    """The bytes are not those declared: hash the file again."""
    GONE = auto()
    """The upload is known no more: ask what there is."""
    REFUSED = auto()
    """Trying again cannot help."""


@dataclass(frozen=True)
class Reply:
    """S3's answer; status 0 means that there was none."""

    status: int
    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        """Say it as a reason."""
        return " ".join(filter(None, [f"S3 answered {self.status}" if self.status else "S3", self.code, self.message]))


def read(status: int, body: bytes) -> Reply:
    """Read an answer: the little that we want of its XML."""
    code, message = _CODE.search(body), _MESSAGE.search(body)
    return Reply(status, code[1].decode() if code else "", message[1].decode("utf-8", "replace") if message else "")


def meaning(reply: Reply) -> Meaning:
    """Judge an answer. What AWS calls it goes before its number: an expired token is a 400."""
    if 200 <= reply.status < 300:  # noqa: PLR2004 - statuses are known by their numbers
        return Meaning.TAKEN
    if reply.code in PASSING or reply.status in BUSY or reply.status < 400 or reply.status >= 500:  # noqa: PLR2004
        return Meaning.AGAIN
    if reply.code in OTHER_BYTES:
        return Meaning.OTHER
    if reply.status in (401, 403) or reply.code in STALE_LINK:
        return Meaning.STALE
    known = {404: Meaning.GONE, 412: Meaning.THERE}
    return known.get(reply.status, Meaning.REFUSED)
