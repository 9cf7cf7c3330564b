"""Where a request came from, and where it was sent to. Pure.

Both come from what API Gateway itself saw: headers like X-Forwarded-For or Host say what the caller likes.
"""

from collections.abc import Mapping
from typing import Any


def address_of(context: Mapping[str, Any]) -> str:
    """Return the address the connection came from."""
    address: str = context.get("identity", {}).get("sourceIp") or "unknown"
    return address


def base_url(context: Mapping[str, Any], public_url: str) -> str:
    """Return the address people and PCs reach us at: the one that was set, or the gateway's own with its stage."""
    return public_url.rstrip("/") or f"https://{context['domainName']}/{context['stage']}"


def bearer(headers: Mapping[str, str]) -> str:
    """Return the credential of an Authorization header that the authorizer has already judged."""
    return headers["authorization"].partition(" ")[2]
