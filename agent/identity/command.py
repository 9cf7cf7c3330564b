"""`pair`: its words on the command line, and what a person and a program are told meanwhile."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError, PairingError, shown
from agent.identity import pairing, qr
from agent.push import pairing as phone
from agent.push.api import PhoneApi
from agent.startup import command as starting
from agent.wire.api import Api, safe_address
from agent.words import answer, at_home

if TYPE_CHECKING:
    import argparse

    from agent.drive.home import Home, Pairing
    from agent.identity.keystore import KeyStore
    from agent.wire.api import Answer


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("pair", help="pair this PC with your cloud")
    asked.add_argument("url", metavar="URL", help="address of the API, https://...")
    asked.add_argument("--name", default=platform.node() or "PC", help="how this PC is called (default: %(default)s)")
    asked.add_argument("--yes", action="store_true", help="replace an earlier pairing without asking")
    asked.add_argument(
        "--kind", choices=("pc", "phone"), default="pc", help="a phone's key may `push`, a PC's may `run`"
    )
    at_home(asked, pair, tells_json=True)


def pair(chosen: argparse.Namespace, home: Home, keys: KeyStore) -> int:
    """Pair, and say what comes next."""
    url = safe_address(chosen.url)
    # Before anybody agrees: a PC that cannot keep its key would be owed every file for ever.
    home.require_possible()
    before = _agree_to_replace(home, yes=chosen.yes)
    is_phone = chosen.kind == "phone"
    api, keep = (PhoneApi(url), phone.keep) if is_phone else (Api(url), pairing.keep)
    claimed = pairing.pair(api, chosen.name, _print_json if chosen.json else _show_code)
    keep(home, keys, url, chosen.name, claimed)
    if before and before.device_id != claimed["deviceId"]:
        _tell_of_the_earlier(before)
    if chosen.json:
        _print_json({"deviceId": claimed["deviceId"]})
    elif is_phone:
        print(f"Paired as a phone. Next: backhaul push FOLDER --state {home}")
    else:
        print(f"Paired. Files will come home to {home}. Next: {starting.after_pairing(home)}")
    return 0


def _agree_to_replace(home: Home, *, yes: bool) -> Pairing | None:
    """Ask before an earlier pairing is replaced, and return it; without a person to ask, refuse."""
    try:
        before = home.pairing()
    except AgentError:
        return None
    if yes:
        return before
    if answer(f"{home} is paired with {before.url} already. Replace it? [y/N] ").lower() not in ("y", "yes"):
        why = f"{shown(home)} is paired with {before.url!r} already; say --yes to replace it"
        raise PairingError(why)
    return before


def _tell_of_the_earlier(before: Pairing) -> None:
    """Say what nobody else can know: the device this folder was before counts as a PC still, and is owed every file."""
    told = f"this folder was device {before.device_id} at {before.url} before, to which every file stays owed"
    print(f"backhaul: {told}; revoke that device unless it is revoked already", file=sys.stderr)


def _print_json(told: Answer) -> None:
    print(json.dumps(told), flush=True)


def _show_code(told: Answer) -> None:
    address = told.get("verificationUriComplete") or told.get("verificationUri")
    minutes = int(told.get("expiresIn", 0)) // 60
    if code := qr.shown(str(address), sys.stdout):
        print(code)
    print(f"Open  {address}\nand check that it shows the code  {told.get('userCode')}", flush=True)
    print(f"Waiting for you to agree (the code lasts {minutes} minutes) ...", flush=True)
