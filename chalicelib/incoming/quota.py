"""How much an owner may have in the cloud. A file counts from the moment it is begun; one never sent is released. Pure.

The counters are read along with the hashes, so asking costs no call. Two phones that begin at the same instant may both
find the same room: the quota is then overshot by what one of them begins at once, and the next begin sees it.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from chalicelib.errors import Refusal
from chalicelib.incoming.wanted import Refused, Wanted

_COUNTED = ("pendingBytes", "uploadedBytes", "downloadedBytes", "trashedBytes", "lostBytes")
# Of those, what the cloud has no more: it takes no room there.
_GONE = "goneBytes"


class QuotaExceededError(Refusal):
    """Raised when a file does not fit into what its owner may still bring in."""

    STATUS_CODE = 409
    DETAILS: ClassVar = {"left": int}

    def __init__(self, size: int, left: int) -> None:
        super().__init__(_message(size, left), {"left": left})


def left(quota: int, usage: Mapping[str, int]) -> int:
    """Return how many bytes may still be begun."""
    kept = sum(usage.get(name, 0) for name in _COUNTED) - usage.get(_GONE, 0)
    return max(0, quota - max(0, kept))


def admit(quota: int, usage: Mapping[str, int], wanted: Iterable[Wanted]) -> tuple[list[Wanted], dict[str, Refused]]:
    """Let in what fits, in the order asked; a large file that does not fit keeps no small one out."""
    room, admitted, refused = left(quota, usage), [], {}
    for file in wanted:
        if quota and file.size > room:
            refused[file.sha256] = Refused("quota", _message(file.size, room), {"left": room})
            continue
        room -= file.size
        admitted.append(file)
    return admitted, refused


def _message(size: int, left: int) -> str:
    return f"{size} bytes must fit into the quota, of which {left} are left"
