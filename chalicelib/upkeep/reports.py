"""The weekly report: what came in and went home since the last, and what is stuck. To those who asked for it.

It goes to the topic, with the owner's id as an attribute, so that a subscription may filter for one owner's. Each run
reports to whoever is due for as long as it may, and the next goes on. Written down before it is sent: two runs at once
send one, and one that dies in between sends none, which nobody misses more than a second one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib import log, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.library import usage
from chalicelib.metadata import devices, files, ledger, owners, weekly
from chalicelib.metadata.weekly import Stood, Weekly

WEEK = timedelta(days=7)
RUN = timedelta(seconds=60)
# What subscriptions filter by.
WHAT = "weeklyReport"
_MOST_AT_ONCE = 100
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Report:
    """A week of one owner's; `behind` names PCs that owe receipts, and since when."""

    since: str
    until: str
    came_in: tuple[int, int]
    went_home: tuple[int, int]
    coming: int
    on_the_way: int
    lost: int
    behind: Sequence[tuple[str, str]] = ()


def choose(world: Cloud, owner_id: str, *, wants: bool) -> None:
    """Begin to report to an owner, from now on, or stop."""
    if not wants:
        world.table.put(weekly.unwanted(owner_id))
        return
    stood = weekly.stands(owners.counters(world.table, owner_id))
    try:
        due_at = moments.to_text(world.now() + WEEK)
        world.table.put(weekly.wanted(owner_id, world.now_text(), due_at, stood))
    except ConditionFailedError:
        return


def send(world: Cloud) -> None:
    """Report to all who are due, as far as time allows."""
    until = world.now() + RUN
    failed: dict[str, Exception] = {}
    for shard in range(files.DUE_SHARDS):
        while world.now() < until and _send_some(world, shard, failed):
            pass
    if failed:
        raise next(iter(failed.values()))


def told(report: Report) -> str:
    """Write a report for a person. Pure."""
    lines = [
        f"From {report.since[:10]} to {report.until[:10]}:",
        f"  {_amount(*report.came_in)} came into the cloud",
        f"  {_amount(*report.went_home)} went home, counted once for each PC",
        "",
        "Now:",
        f"  {_files(report.on_the_way)} in the cloud still to go home",
        f"  {_files(report.coming)} begun by a phone, not in the cloud yet",
        *[f"  {name} has not told that a file is home since {since[:10]}" for name, since in report.behind],
    ]
    if report.lost:
        lines.append(f"  {_files(report.lost)} LOST: neither in the cloud nor at home; a phone may still have them")
    return "\n".join(lines)


def _send_some(world: Cloud, shard: int, failed: dict[str, Exception]) -> bool:
    """Report to some; say whether there may be more."""
    due = weekly.due(world.table, shard, world.now_text(), limit=_MOST_AT_ONCE)
    left = [one for one in due if one.owner_id not in failed]
    for one in left:
        try:
            _send_one(world, one)
        except Exception as error:  # noqa: BLE001 (raised at the end; one owner must not keep all behind waiting)
            failed[one.owner_id] = error
    return bool(left)


def _send_one(world: Cloud, one: Weekly) -> None:
    counters = owners.counters(world.table, one.owner_id)
    stands = weekly.stands(counters)
    report = _report(world, one, counters, stands)
    try:
        # Who was away for weeks gets one report, not several.
        due_at = moments.to_text(world.now() + WEEK)
        world.table.put(weekly.reported(one, report.until, due_at, stands))
    except ConditionFailedError:
        return
    world.sns.publish(
        TopicArn=world.settings.topic,
        Subject=f"Backhaul {world.settings.stage}: what came home this week",
        Message=told(report),
        MessageAttributes={name: _attribute(text) for name, text in (("what", WHAT), ("ownerId", one.owner_id))},
    )
    log.logger.info("reported", extra={"owner_hash": log.owner_hash(one.owner_id)})


def _report(world: Cloud, one: Weekly, counters: dict[str, int], stands: Stood) -> Report:
    standing, before = usage.by_status(counters), one.stood
    return Report(
        since=one.since,
        until=world.now_text(),
        came_in=(stands.came_in - before.came_in, stands.came_in_bytes - before.came_in_bytes),
        went_home=(stands.went_home - before.went_home, stands.went_home_bytes - before.went_home_bytes),
        coming=standing.pending.files,
        on_the_way=standing.uploaded.files,
        lost=standing.lost.files,
        behind=_behind(world, one.owner_id),
    )


def _behind(world: Cloud, owner_id: str) -> list[tuple[str, str]]:
    pcs = [one for one in devices.every(world.table, owner_id) if one.kind == "pc" and not one.revoked_at]
    owing = [(pc.name, ledger.oldest_since(world.table, pc.device_id)) for pc in pcs]
    return [(name, since) for name, since in owing if since]


def _attribute(text: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": text}


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"


def _amount(count: int, size: int) -> str:
    shown, unit = float(size), 0
    while shown >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 (a thousand is what the units differ by)
        shown, unit = shown / 1000, unit + 1
    return f"{_files(count)}, {shown:.{min(unit, 1)}f} {_UNITS[unit]},"
