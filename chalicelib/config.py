"""The settings of the cloud half: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chalicelib.errors import BadSettingError, MissingSettingsError

_OPTIONAL = {
    "public_url": "BACKHAUL_PUBLIC_URL",
    "quota_bytes": "BACKHAUL_QUOTA_BYTES",
    "endpoint_url": "AWS_ENDPOINT_URL",
}
_ELSEWHERE = {"region": "AWS_REGION"} | _OPTIONAL


@dataclass(frozen=True)
class Settings:
    """What a deployed function knows about where it is; names follow `BACKHAUL_*`.

    `quota_bytes` is what each owner may have in the cloud and on the way there; 0 is no limit.
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
    endpoint_url: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read all settings, or raise one error that names each missing one."""
        names = {field.name: _ELSEWHERE.get(field.name, f"BACKHAUL_{field.name.upper()}") for field in fields(cls)}
        missing = [name for field, name in names.items() if not environ.get(name) and field not in _OPTIONAL]
        if missing:
            raise MissingSettingsError(missing)
        values: dict[str, Any] = {field: environ.get(name, "") for field, name in names.items()}
        return cls(**{**values, "quota_bytes": _read_bytes(names["quota_bytes"], values["quota_bytes"])})

    @property
    def issuer(self) -> str:
        """Who signs our access tokens, as their `iss` says it: AWS's own address, on the embedded cloud too."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.user_pool}"

    @property
    def keys_url(self) -> str:
        """Where the issuer publishes its public keys."""
        base = f"{self.endpoint_url.rstrip('/')}/{self.user_pool}" if self.endpoint_url else self.issuer
        return f"{base}/.well-known/jwks.json"


def _read_bytes(name: str, text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise BadSettingError(name, "a whole number of bytes", text)
    return int(text)
