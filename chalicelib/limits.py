"""How often somebody may try what costs or could be guessed: so many times within a span, then 429.

Counted by address and, where a person is aimed at, by a hash of what names the person. Beginning uploads is counted in
the very write that begins them, since it may cost no call more; what writes nothing is left to the throttling of API
Gateway.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError, Refusal
from chalicelib.metadata import limits
from chalicelib.metadata.table import Operation

_QUARTER, _TEN_MINUTES, _HOUR = 900, 600, 3600


class TooManyRequestsError(Refusal):
    """Raised when somebody tried too often; the header says when the next try counts."""

    STATUS_CODE: ClassVar[int] = 429
    DETAILS: ClassVar = {"retryAfter": int}

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries, the next one counts in {seconds} seconds", {"retryAfter": seconds})
        self.seconds = seconds

    def headers(self) -> dict[str, str]:
        """Tell clients when to come again, in the header they look at."""
        return {"Retry-After": str(self.seconds)}


@dataclass(frozen=True)
class Limit:
    """At most so many tries in so many seconds."""

    what: str
    most: int
    seconds: int


REGISTER_BY_ADDRESS = Limit("register-address", 30, _HOUR)
REGISTER_BY_EMAIL = Limit("register-email", 10, _HOUR)
SIGN_IN_BY_ADDRESS = Limit("sign-in-address", 100, _QUARTER)
SIGN_IN_BY_EMAIL = Limit("sign-in-email", 20, _QUARTER)
CODE_BY_ADDRESS = Limit("code-address", 50, _QUARTER)
CODE_BY_EMAIL = Limit("code-email", 10, _QUARTER)
MAIL_BY_ADDRESS = Limit("mail-address", 20, _HOUR)
MAIL_BY_EMAIL = Limit("mail-email", 5, _HOUR)
PASSWORD_BY_OWNER = Limit("password-owner", 10, _QUARTER)
PAIR_BY_ADDRESS = Limit("pair-address", 30, _TEN_MINUTES)
CLAIM_BY_ADDRESS = Limit("claim-address", 600, _TEN_MINUTES)
USER_CODE_BY_OWNER = Limit("user-code-owner", 20, _TEN_MINUTES)
USER_CODE_BY_ADDRESS = Limit("user-code-address", 40, _TEN_MINUTES)
# A hundred a second, twice what a phone on a good line was designed for: this stops loops, not people.
BEGIN_BY_OWNER = Limit("begin-owner", 60_000, _TEN_MINUTES)
# Each is a call to some PCs, and the sending of a file: this stops loops, too.
RECALL_BY_OWNER = Limit("recall-owner", 8_000, _TEN_MINUTES)
# One counter would make all writes of a busy owner meet; the parts are refused one by one, so the limit is a rough one.
_PARTS = 8


def count(world: Cloud, limit: Limit, who: str) -> None:
    """Count one try, or refuse it; a refused try counts too, so that hammering does not pay."""
    start, left = _span(world, limit)
    if limits.count(world.table, limit.what, who, start=start, seconds=limit.seconds) > limit.most:
        raise TooManyRequestsError(left)


def riding(world: Cloud, limit: Limit, who: str, amount: int) -> Operation:
    """Return the counting of so many as part of another write, to be its last operation."""
    start, _ = _span(world, limit)
    part = f"{who}.{secrets.randbelow(_PARTS)}"
    most = limit.most // _PARTS
    return limits.riding(limit.what, part, amount, most=most, start=start, seconds=limit.seconds)


def check_ridden(world: Cloud, limit: Limit, operations: Sequence[Operation], failed: ConditionFailedError) -> None:
    """Refuse if it was the limit, riding last, that made a write fail."""
    if len(operations) - 1 in failed.found:
        raise TooManyRequestsError(_span(world, limit)[1]) from failed


def _span(world: Cloud, limit: Limit) -> tuple[int, int]:
    now = int(world.now().timestamp())
    start = now - now % limit.seconds
    return start, start + limit.seconds - now


def place(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 one, of which one home has 2^64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:  # noqa: PLR2004 (the name of the protocol)
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False).network_address)


def nameless(email: str) -> str:
    """Return what stands for an e-mail address in the table: the same for all ways of writing it, and no address."""
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]
