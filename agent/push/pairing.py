"""Pairing as a phone: the same talk as a PC's, but what is kept is no home folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.drive.home import Pairing

if TYPE_CHECKING:
    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore
    from agent.wire.api import Answer


def keep(state: Home, keys: KeyStore, url: str, name: str, claimed: Answer) -> None:
    """Keep key and pairing; without a marker no agent takes the folder for a home."""
    state.state.mkdir(parents=True, exist_ok=True)
    keys.keep(claimed["deviceId"], claimed["key"])
    state.remember(Pairing(url, claimed["deviceId"], name))
