"""Which proxy leads to an address: as the environment says, or the settings of Windows and macOS."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import urllib3

from agent.wire import trust

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: TLS, or this PC itself.

    What two readers of addresses could take for two hosts is not safe: we judge one, and the client goes to the other.
    """
    try:
        parts = urlsplit(url)
        read_otherwise = urllib3.util.parse_url(url)
    except (ValueError, urllib3.exceptions.LocationParseError):
        return False
    same = (read_otherwise.scheme, (read_otherwise.host or "").strip("[]")) == (parts.scheme, parts.hostname)
    return same and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def proxy_for(
    url: str,
    told: Callable[[], Mapping[str, str]] = urllib.request.getproxies,
    bypassed: Callable[[str], object] = urllib.request.proxy_bypass,
) -> str | None:
    """Return the proxy for an address, or `None`; none ever stands between a program and its own PC."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK or bypassed(host):
        return None
    proxies = told()
    found = proxies.get(parts.scheme) or proxies.get("all")
    return (found if "://" in found else f"http://{found}") if found else None


def without_password(proxy: str) -> str:
    """Write a proxy so that it may be shown."""
    parts = urlsplit(proxy)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def is_plain(url: str) -> bool:
    """Whether an address is one without TLS, as this PC's own may be: nobody's roots are needed for it."""
    return urlsplit(url).scheme == "http"


def pool(url: str, timeout: urllib3.Timeout, **more: Any) -> urllib3.PoolManager:
    """Make the HTTP client for an address: through its proxy, without repeats and redirects."""
    proxy, secure = proxy_for(url), None if is_plain(url) else trust.shared_context()
    if proxy is None:
        return urllib3.PoolManager(retries=False, timeout=timeout, ssl_context=secure, **more)
    parts = urlsplit(proxy)
    given = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=given) if given else None
    return urllib3.ProxyManager(
        without_password(proxy), proxy_headers=headers, retries=False, timeout=timeout, ssl_context=secure, **more
    )
