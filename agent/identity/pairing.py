"""Pairing: ask for a code, show it, wait until its owner agrees, keep the key (RFC 8628 in shape)."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, cast

from agent.drive.home import Pairing
from agent.errors import PairingError, RequestRefusedError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore
    from agent.wire.api import Answer, Api

PENDING, SLOW_DOWN = "AuthorizationPendingError", "SlowDownError"
ENDINGS = {
    "ExpiredCodeError": "the code expired before anybody agreed; start again",
    "AccessDeniedError": "its owner said no",
}
LONGEST_SECONDS = 86_400
SHOWN = ("userCode", "verificationUri", "verificationUriComplete", "expiresIn")


def pair(
    api: Api,
    name: str,
    show: Callable[[Answer], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    platform: str = sys.platform,
) -> Answer:
    """Ask to be paired, show the code, and wait for device and key."""
    begun = api.begin_pairing(name, platform)
    _require(begun, ("deviceCode",))
    interval, lasting = _seconds(begun, "interval", 5), _seconds(begun, "expiresIn")
    show({word: begun[word] for word in SHOWN if word in begun})
    ends = clock() + lasting
    while clock() < ends:
        sleep(interval)
        claimed, slower = _claim(api, begun["deviceCode"])
        if claimed is not None:
            _require(claimed, ("deviceId", "key"))
            return claimed
        interval += 5 if slower else 0
    raise PairingError(ENDINGS["ExpiredCodeError"])


def keep(home: Home, keys: KeyStore, url: str, name: str, claimed: Answer) -> None:
    """Keep the key first and the pairing last: a pairing on disk always has its key."""
    home.prepare()
    keys.keep(claimed["deviceId"], claimed["key"])
    home.remember(Pairing(url, claimed["deviceId"], name))


def _require(answer: Answer, words: Sequence[str]) -> None:
    """Refuse an answer that some other service must have given."""
    _refuse([word for word in words if not (isinstance(answer.get(word), str) and answer[word])])


def _seconds(answer: Answer, word: str, default: float | None = None) -> float:
    """Read how long to wait, if it is so long as anybody would."""
    told = answer.get(word, default)
    sound = isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told <= LONGEST_SECONDS
    _refuse([] if sound else [word])
    return float(cast("float", told))


def _refuse(missing: Sequence[str]) -> None:
    if missing:
        why = f"the answer has no {' and no '.join(missing)}; is this the address of a Backhaul API?"
        raise PairingError(why)


def _claim(api: Api, device_code: str) -> tuple[Answer | None, bool]:
    """Ask once; a hiccup of the network is not an answer."""
    try:
        return api.claim(device_code), False
    except TransientError:
        return None, True
    except RequestRefusedError as error:
        if error.code in (PENDING, SLOW_DOWN):
            return None, error.code == SLOW_DOWN
        raise PairingError(ENDINGS.get(error.code, str(error))) from error
