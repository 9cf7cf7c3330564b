"""Device keys, `bh_<deviceId>_<secret>`: how they are made, read and compared. Pure.

The secret is 256 random bits, so a plain SHA-256 is enough to store: there is nothing to guess that salt or
stretching would slow down.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

SECRET_BYTES = 32
_FORM = re.compile(r"bh_([0-9a-f]{32})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True)
class DeviceKey:
    """A key as its device shows it."""

    device_id: str
    secret: str = field(repr=False)

    def text(self) -> str:
        """Write the key as its device keeps it."""
        return f"bh_{self.device_id}_{self.secret}"

    def hashed(self) -> str:
        """Return what the table keeps of the key."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def fits(self, stored: str) -> bool:
        """Whether the table keeps this very key; takes as long for a near miss as for a far one."""
        return hmac.compare_digest(self.hashed(), stored)


def new(device_id: str, random_text: Callable[[int], str] = secrets.token_urlsafe) -> DeviceKey:
    """Make a key that nobody can guess."""
    return DeviceKey(device_id, random_text(SECRET_BYTES))


def parse(text: str) -> DeviceKey | None:
    """Read a key, or `None` for what is none."""
    found = _FORM.fullmatch(text)
    return DeviceKey(found[1], found[2]) if found else None
