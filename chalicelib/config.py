"""The settings of the cloud half: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from chalicelib.errors import BadSettingError, MissingSettingsError

_OPTIONAL = {
    "public_url": "BACKHAUL_PUBLIC_URL",
    "quota_bytes": "BACKHAUL_QUOTA_BYTES",
    "stale_pc_days": "BACKHAUL_STALE_PC_DAYS",
    "silent_phone_days": "BACKHAUL_SILENT_PHONE_DAYS",
    "sign_up": "BACKHAUL_SIGN_UP",
    "endpoint_url": "AWS_ENDPOINT_URL",
}
_WHOLE = {"quota_bytes": "bytes", "stale_pc_days": "days", "silent_phone_days": "days"}
_ELSEWHERE = {"region": "AWS_REGION"} | _OPTIONAL


@dataclass(frozen=True)
class Settings:
    """What a deployed function knows about where it is; names follow `BACKHAUL_*`.

    `quota_bytes` is what each owner may have in the cloud and on the way there; 0 is no limit.
    A PC may owe a file for `stale_pc_days`, and a phone say nothing for `silent_phone_days`, before somebody is told.
    Where `sign_up` is `closed`, nobody new becomes an owner.
    """

    stage: str
    bucket: str
    table: str
    user_pool: str
    user_pool_client: str
    pc_role: str
    paired_queue: str
    media_queue: str
    dead_notices: str
    topic: str
    region: str
    public_url: str = ""
    quota_bytes: int = 0
    stale_pc_days: int = 3
    silent_phone_days: int = 14
    sign_up: str = "open"
    endpoint_url: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read all settings, or raise one error that names each missing one."""
        names = {field.name: _ELSEWHERE.get(field.name, f"BACKHAUL_{field.name.upper()}") for field in fields(cls)}
        missing = [name for field, name in names.items() if not environ.get(name) and field not in _OPTIONAL]
        if missing:
            raise MissingSettingsError(missing)
        values: dict[str, Any] = {field: environ[name] for field, name in names.items() if environ.get(name)}
        numbers = {
            field: _read_whole(names[field], values[field], noun) for field, noun in _WHOLE.items() if field in values
        }
        return cls(**values | numbers)

    @property
    def takes_nobody(self) -> bool:
        """Whether nobody new may become an owner."""
        return self.sign_up == "closed"

    def patience(self, kind: str) -> timedelta:
        """How long a device of that kind may be behind or silent before anybody hears of it."""
        return timedelta(days=self.stale_pc_days if kind == "pc" else self.silent_phone_days)

    @property
    def issuer(self) -> str:
        """Who signs our access tokens, as their `iss` says it: AWS's own address, on the embedded cloud too."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.user_pool}"

    @property
    def keys_url(self) -> str:
        """Where the issuer publishes its public keys."""
        base = f"{self.endpoint_url.rstrip('/')}/{self.user_pool}" if self.endpoint_url else self.issuer
        return f"{base}/.well-known/jwks.json"


def _read_whole(name: str, text: str, noun: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadSettingError(name, f"a whole number of {noun}", text)
    return int(text)
