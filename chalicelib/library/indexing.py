"""Indexing: a file can be searched for once its contents have been looked into, as part of that work, or given up.

It is found by what it says of itself at the moment of the write: who changes that meanwhile makes it be read again.
"""

from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.metadata import files, media, postings
from chalicelib.metadata.files import Status
from chalicelib.metadata.table import Operation

_TRIES = 6
# Nothing has come in of the first, nothing is left of the others.
_NOTHING_TO_FIND = (Status.PENDING, Status.REFUSED, Status.PURGING)


def settle(world: Cloud, owner_id: str, file_id: str) -> None:
    """Let a file be found, and strike off the debt of looking into it, which is done with this."""
    if not index(world, owner_id, file_id, media.struck_off(owner_id, file_id)):
        world.table.put(media.struck_off(owner_id, file_id))


def index(world: Cloud, owner_id: str, file_id: str, *along: Operation) -> bool:
    """Let a file be found, and do what goes along with that in the same write; `False` if there is nothing to find."""
    for _ in range(_TRIES):
        file = files.find(world.table, owner_id, file_id)
        if file is None or file.status in _NOTHING_TO_FIND:
            return False
        try:
            world.table.write(*postings.written(file), *along)
        except ConditionFailedError:
            continue
        return True
    raise CrowdedError(f"what file {file_id!r} is found by met other writers {_TRIES} times")
