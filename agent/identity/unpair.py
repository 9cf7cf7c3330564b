"""`unpair`: this PC forgets that it was paired. Files stay where they are, and so does the record of them.

The device revokes itself in the cloud. If that cannot be reached, it is forgotten here all the same, and its owner told
what is left to do: until then files stay owed to it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from agent.drive.lock import only_one
from agent.errors import AgentError, NotPairedError, PairingError, RevokedError
from agent.startup import command as starting
from agent.wire.api import DeviceApi
from agent.words import at_home

if TYPE_CHECKING:
    import argparse

    from agent.drive.home import Home, Pairing
    from agent.identity.keystore import KeyStore


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("unpair", help="forget the pairing and its key; files stay")
    asked.add_argument("--yes", action="store_true", help="do not ask")
    at_home(asked, unpair)


def unpair(chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
    """Revoke this device, forget key and pairing, and say what is left for the owner to do."""
    pairing = home.pairing()
    if not chosen.yes and not _agreed(f"Forget that {home} is paired with {pairing.url}? Files stay. [y/N] "):
        raise PairingError("nobody agreed to forget it; say --yes to do so without asking")
    with only_one(home):
        # First, while there is a key to do it with.
        why_not = _revoke(pairing, keys)
        # The pairing goes first: one without its key is told as a lost key, which it is not.
        home.forget_pairing()
        keys.forget(pairing.device_id)
        home.pause.unlink(missing_ok=True)
    print(f"Forgotten. The files in {home} stay, and so do settings and logs.")
    if starter := starting.installed(home):
        print(f"A {starter} still starts the agent: `backhaul uninstall --home {home}` removes it.")
    device = f"device {pairing.device_id} ({pairing.name})"
    if not why_not:
        print(f"The {device} is revoked: the cloud keeps nothing for it any more.")
        return 0
    print(f"The {device} could not be revoked from here: {why_not}.")
    print(f"Now revoke it in the app at {pairing.url}: until then the cloud keeps every new file for it.")
    return 0


def _revoke(pairing: Pairing, keys: KeyStore) -> str:
    """Let the device revoke itself; say why it could not, or nothing. One revoked already is as good."""
    try:
        DeviceApi(pairing.url, pairing.device_id, keys.find(pairing.device_id)).revoke()
    except RevokedError:
        return ""
    except NotPairedError:
        return "its key is lost"
    except AgentError as error:
        return str(error)
    return ""


def _agreed(question: str) -> bool:
    """Ask the person at the terminal; without one nobody agrees."""
    try:
        return sys.stdin is not None and sys.stdin.isatty() and input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False
