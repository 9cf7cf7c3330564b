"""Ask a freshly deployed API whether it is well. Knows HTTP."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from infra.errors import SickApiError

_SECONDS = 15
Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """Get a page over HTTPS."""
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 (the address is the API's own)
        body: bytes = answer.read()
        return body


def check_health(
    url: str, stage: str, *, get: Fetch = fetch, sleep: Callable[[float], object] = time.sleep, tries: int = 8
) -> None:
    """Ask until the API says that all is well; a new one may need some seconds before AWS routes to it."""
    told = "nothing"
    for attempt in range(tries):
        if attempt:
            sleep(min(2.0**attempt, 10.0))
        try:
            found = json.loads(get(f"{url.rstrip('/')}/health"))
            if found.get("status") == "ok" and found.get("stage") == stage:
                return
            told = json.dumps(found)
        except (OSError, ValueError, AttributeError) as error:
            told = f"{type(error).__name__}: {error}"
    raise SickApiError(f"{url.rstrip('/')}/health", told, stage)
