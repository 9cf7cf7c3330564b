"""What there is to say about a home folder: read from the catalog, without the network, beside a running agent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from agent import dates, disk, lock
from agent.catalog import Catalog

if TYPE_CHECKING:
    from agent.home import Home

SILENT_SECONDS = 3600


def of(home: Home, now: float | None = None) -> dict[str, Any]:
    """Collect the status of a home folder."""
    home.mark()
    pairing = home.pairing()
    with Catalog(home.catalog) as catalog:
        facts, troubles, counts = catalog.facts(), catalog.troubles(), catalog.counts()
    told: dict[str, Any] = {
        "home": str(home),
        "url": pairing.url,
        "deviceId": pairing.device_id,
        "name": pairing.name,
        "running": lock.is_held(home),
        "owed": int(facts.get("owed", 0)),
        **counts,
        "lastContact": facts.get("lastContact"),
        "freeBytes": disk.free_bytes(home),
        "diskFull": facts.get("diskFull") == "True",
        "troubles": [{"fileId": one.file_id, "tries": one.tries, "error": one.error} for one in troubles],
    }
    return told | {"worries": worries(told, time.time() if now is None else now)}


def worries(told: dict[str, Any], now: float) -> list[str]:
    """Say in sentences what somebody should look at. Pure."""
    last = dates.instant(told["lastContact"])
    checks = {
        "the agent is not running": not told["running"],
        "the disk is full": told["diskFull"],
        "the cloud has never been reached": last is None,
        "the cloud has not been reached for more than an hour": bool(last and now - last.timestamp() > SILENT_SECONDS),
        f"{len(told['troubles'])} files give trouble": bool(told["troubles"]),
        f"{told['receiptsRefused']} receipts were refused": bool(told["receiptsRefused"]),
    }
    return [sentence for sentence, true in checks.items() if true]


def text(told: dict[str, Any]) -> str:
    """Write a status for a person."""
    lines = [
        f"{told['name']} ({told['deviceId']}) brings files home to {told['home']}",
        f"  cloud        {told['url']}, last reached {told['lastContact'] or 'never'}",
        f"  agent        {'running' if told['running'] else 'not running'}",
        f"  files        {told['filesHome']} home, {told['owed']} owed, {told['onTheWay']} on the way",
        f"  receipts     {told['receiptsWaiting']} waiting to be taken",
        f"  disk         {told['freeBytes'] / 1e9:.1f} GB free",
    ]
    return "\n".join(lines + [f"  ! {worry}" for worry in told["worries"]])
