"""What a phone wants to bring in: each file a typed value or a refusal of its own. Pure."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib import bodies
from chalicelib.bodies import Request
from chalicelib.errors import BadInputError
from chalicelib.incoming.parts import MOST_BYTES, MOST_SINGLE_BYTES
from chalicelib.metadata.files import Status

MOST_FILES = 100

Name = Annotated[str, Meta(min_length=1, max_length=1024)]
# type/subtype and parameters as RFC 9110 has them; printable ASCII, since the link signs it as a header.
Type = Annotated[
    str,
    Meta(max_length=255, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[\x21-\x7e]+=[\x20-\x7e]+)*\Z"),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
# The rules of these two are in _check, which gives each its own reason; here they are only told.
Size = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": MOST_BYTES})]
TakenAt = Annotated[
    str, Meta(description="A moment as 2026-11-21T10:00:00Z; where the zone is unknown it is left out.")
]
Hint = Annotated[str, Meta(max_length=256)]
Restore = Annotated[bool, Meta(description="Bring contents in that were thrown away.")]

Reason = Literal[
    "badFile",
    "badName",
    "badType",
    "badSize",
    "badSha256",
    "badTakenAt",
    "empty",
    "tooLarge",
    "otherSize",
    "quota",
    "trashed",
]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?")
_REASONS: dict[str, Reason] = {
    "name": "badName",
    "type": "badType",
    "size": "badSize",
    "sha256": "badSha256",
    "takenAt": "badTakenAt",
}


class Wanted(Request, frozen=True):
    """A file as a phone declares it."""

    name: Name
    type: Type
    size: Size
    sha256: Sha256
    taken_at: TakenAt | None = None
    group_id: Hint | None = None
    local_id: Hint | None = None
    restore: Restore = False


class Refused(msgspec.Struct, frozen=True):
    """Why one file of a batch is not wanted."""

    reason: Reason
    message: str
    details: dict[str, int] | None = None
    file_id: str | None = None
    status: Status | None = None


class Simple(Request, frozen=True):
    """A file as the simplest client declares it; a hash needs a size beside it."""

    file_name: Name
    file_type: Type
    size: Annotated[int, Meta(ge=1, le=MOST_SINGLE_BYTES)] | None = None
    sha256: Sha256 | None = None
    restore: Restore = False


# Read one by one, so that a bad one spoils no other; each is to be a Wanted all the same.
OneWanted = Annotated[msgspec.Raw, Meta(extra_json_schema={"$ref": f"#/components/schemas/{Wanted.__name__}"})]


class Batch(Request, frozen=True):
    """Files as a phone declares them, each still unread."""

    files: Annotated[list[OneWanted], Meta(min_length=1, max_length=MOST_FILES)]


def parse(batch: Batch) -> list[Wanted | Refused]:
    """Read each file on its own, so that a bad one spoils no other."""
    return [_parse_one(bytes(member)) for member in batch.files]


def _parse_one(raw: bytes) -> Wanted | Refused:
    try:
        wanted = bodies.parse(raw, Wanted)
    except BadInputError as refusal:
        return Refused(_REASONS.get(refusal.details["field"], "badFile"), refusal.message)
    return _check(wanted) or wanted


def _check(wanted: Wanted) -> Refused | None:
    if wanted.size == 0:
        return Refused("empty", "size must be at least 1, got 0: the file holds nothing yet")
    if wanted.size < 0:
        return Refused("badSize", f"size must be a whole number from 1 to {MOST_BYTES}, got {wanted.size}")
    if wanted.size > MOST_BYTES:
        return Refused("tooLarge", f"size must be at most {MOST_BYTES}, got {wanted.size}")
    if wanted.taken_at is not None and not _is_moment(wanted.taken_at):
        return Refused("badTakenAt", f"takenAt must be a moment as 2026-11-21T10:00:00Z, got {wanted.taken_at[:40]!r}")
    return None


def _is_moment(text: str) -> bool:
    """Whether a calendar knows the moment; the year may be any from 1 to 9999, and the zone may be missing."""
    if not _MOMENT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def as_fields(wanted: Wanted) -> dict[str, Any]:
    """Return what a file takes over from its declaration."""
    return {name: value for name, value in msgspec.structs.asdict(wanted).items() if name != "restore"}
