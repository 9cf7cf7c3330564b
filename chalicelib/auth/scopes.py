"""What a caller may do, by what it is. Pure."""

from collections.abc import Collection
from typing import Annotated, Literal

from msgspec import Meta

Kind = Literal["phone", "pc"]

READ, UPLOAD, PC, OWNER, ADMIN = "read", "upload", "pc", "owner", "admin"
Scope = Annotated[str, Meta(extra_json_schema={"enum": [READ, UPLOAD, PC, OWNER, ADMIN]})]

PERSON = frozenset({OWNER, READ, UPLOAD})
_OF_DEVICE = {"phone": frozenset({READ, UPLOAD}), "pc": frozenset({PC})}


def of_device(kind: str) -> frozenset[str]:
    """Return what a key of this kind of device is for: a phone sends and looks, a PC takes its owner's files home."""
    return _OF_DEVICE[kind]


def of_person(groups: Collection[str]) -> frozenset[str]:
    """Return what a person signed in may do; only such a person may pair, revoke, or close the account."""
    return PERSON | {ADMIN} if ADMIN in groups else PERSON
