"""What there is to say about a home folder: read from the catalog, without the network, beside a running agent."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent import VERSION, pause
from agent.drive import dates, disk, lock
from agent.drive.catalog import Catalog
from agent.drive.today import midnight
from agent.startup import command as starting
from agent.words import at_home, several

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from agent.drive.home import Home
    from agent.identity.keystore import KeyStore

SILENT_SECONDS = 3600
SHOWN = 5
ENDLESS = {"until": None}


def add_to(commands: Any) -> None:
    """Add the command to the others."""
    asked = commands.add_parser("status", help="say how things stand")
    asked.add_argument("--web", action="store_true", help="as a page for this PC's browser, until stopped")
    at_home(asked, status, tells_json=True)


def status(chosen: argparse.Namespace, home: Home, _keys: KeyStore) -> int:
    """Say how things stand, and return 6 if there is something to look at, else 0."""
    told = of(home)
    if chosen.web:
        from agent.show import web  # noqa: PLC0415 - wanted here alone

        web.serve(home)
    elif chosen.json:
        print(json.dumps(told), flush=True)
    else:
        print(text(told))
    return 6 if told["worries"] else 0


def of(
    home: Home, now: float | None = None, *, starter: Callable[[Home], str | None] = starting.installed
) -> dict[str, Any]:
    """Collect the status of a home folder."""
    home.mark()
    pairing, now = home.pairing(), time.time() if now is None else now
    with Catalog(home.catalog) as catalog:
        facts, troubles, counts = catalog.facts(), catalog.troubles(), catalog.counts()
        today, in_flight = catalog.home_since(midnight(now)), _in_flight(home, catalog)
    running, paused = lock.is_held(home), pause.find(home, now)
    told: dict[str, Any] = {
        "home": str(home),
        "url": pairing.url,
        "deviceId": pairing.device_id,
        "name": pairing.name,
        "version": VERSION,
        "running": running,
        "startedBy": starter(home),
        "paused": {"until": paused.until and _moment(paused.until)} if paused else None,
        "owed": int(facts.get("owed", 0)),
        "catchingUp": {"owedSoFar": int(facts["catchingUp"])} if facts.get("catchingUp") else None,
        "recalls": int(facts.get("recalls", 0)),
        "elsewhere": int(facts.get("elsewhere", 0)),
        **counts,
        "homeToday": today,
        "inFlight": in_flight if running else [],
        "lastContact": facts.get("lastContact"),
        "lastVerified": facts.get("lastVerified"),
        "freeBytes": disk.free_bytes(home),
        "diskFull": facts.get("diskFull") == "True",
        "troubles": [{"fileId": one.file_id, "tries": one.tries, "error": one.error} for one in troubles],
    }
    return told | {"worries": worries(told, now)}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _in_flight(home: Home, catalog: Catalog) -> list[dict[str, Any]]:
    """List what is half fetched, by its partials. A file that comes in one piece has none."""
    found = []
    for partial in home.partials.glob("*.partial"):
        entry = catalog.find(partial.name.partition(".")[0])
        with contextlib.suppress(FileNotFoundError):
            if entry:
                got = min(partial.stat().st_size, entry.size)
                found.append({"fileId": entry.file_id, "path": entry.path, "bytes": got, "size": entry.size})
    return found


def worries(told: dict[str, Any], now: float) -> list[str]:
    """Say in sentences what somebody should look at. Pure."""
    last = dates.instant(told["lastContact"])
    checks = {
        "the agent is not running": not told["running"],
        "the disk is full": told["diskFull"],
        "the cloud has never been reached": last is None,
        "the cloud has not been reached for more than an hour": bool(last and now - last.timestamp() > SILENT_SECONDS),
        f"trouble with {several(len(told['troubles']))}": bool(told["troubles"]),
        f"{several(told['receiptsRefused'], 'receipt')} refused by the cloud": bool(told["receiptsRefused"]),
        f"files lost at home and not there again yet: {told['filesLost']}": bool(told["filesLost"]),
        "the agent is paused until somebody resumes it": told["paused"] == ENDLESS,
    }
    return [sentence for sentence, true in checks.items() if true]


def text(told: dict[str, Any]) -> str:
    """Write a status for a person."""
    lines = [
        f"{told['name']} ({told['deviceId']}) brings files home to {told['home']}",
        f"  cloud        {told['url']}, last reached {local(told['lastContact']) or 'never'}",
        f"  agent        {_agent(told)}",
        (
            f"  files        {told['filesHome']} home ({told['homeToday']} came today), {told['owed']} owed,"
            f" {told['onTheWay']} on the way"
        ),
        *(f"               {one['path']}, {percent(one['bytes'], one['size'])}" for one in told["inFlight"][:SHOWN]),
        *_under_way(told),
        f"  receipts     {told['receiptsWaiting']} waiting to be taken",
        f"  disk         {told['freeBytes'] / 1e9:.1f} GB free",
        f"  verified     {local(told['lastVerified']) or 'never; see `backhaul verify`'}",
    ]
    return "\n".join(lines + [f"  ! {worry}" for worry in told["worries"]])


def _under_way(told: dict[str, Any]) -> list[str]:
    """Say what the cloud is still telling this PC, and what it asks back; nothing where there is nothing."""
    lines = []
    if told["catchingUp"]:
        so_far = several(told["catchingUp"]["owedSoFar"])
        lines.append(f"  catching up  the cloud still counts all there is, {so_far} so far")
    if told["recalls"]:
        lines.append(f"  recalls      {several(told['recalls'])} asked back to the cloud")
    if told["elsewhere"]:
        lines.append(f"  elsewhere    {several(told['elsewhere'])} only on other PCs, and no more in the cloud")
    return lines


def local(moment: str | None) -> str:
    """Write a moment as this PC's clock shows it; nothing where there was none."""
    when = dates.instant(moment)
    return f"{when.astimezone():%Y-%m-%d %H:%M}" if when else ""


def percent(part: int, whole: int) -> str:
    """Write how much of something is there."""
    return f"{100 * part // whole if whole else 100} %"


def _agent(told: dict[str, Any]) -> str:
    running = "running" if told["running"] else "not running"
    paused = f", paused until {local(told['paused']['until']) or 'you resume'}" if told["paused"] else ""
    by = told["startedBy"]
    return f"{running}{paused}; " + (f"a {by} starts it" if by else "does not start by itself, see `backhaul install`")
