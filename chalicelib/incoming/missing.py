"""Which contents are not here yet: what a phone asks before it begins anything.

Contents that were begun and have not arrived are missing: who begins them again gets a link for the same file.
"""

from typing import Annotated

from msgspec import Meta

from chalicelib.auth import scopes
from chalicelib.auth.callers import Caller
from chalicelib.bodies import Reply, Request
from chalicelib.cloud import Cloud
from chalicelib.incoming.wanted import Sha256
from chalicelib.metadata import files

MOST_HASHES = 1000


class Hashes(Request, frozen=True):
    """Contents as a phone knows them."""

    hashes: Annotated[list[Sha256], Meta(min_length=1, max_length=MOST_HASHES)]


class Missing(Reply, frozen=True):
    """Those that have not arrived, in the order asked, each once."""

    missing: list[Sha256]


def find(world: Cloud, caller: Caller, asked: Hashes) -> Missing:
    """Name what the owner has not got in the cloud or at home, and never trashed: one call a hundred."""
    caller.must_have(scopes.UPLOAD)
    hashes = list(dict.fromkeys(asked.hashes))
    held = files.held(world.table, caller.owner_id, hashes)
    return Missing([sha256 for sha256 in hashes if sha256 not in held])
