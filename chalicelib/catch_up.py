"""A PC was paired: it is owed all there is, page by page, however often and in however many pieces this runs.

Two laps, because an arrival may have read the owner's PCs just before this one was written down, and may commit just
after the first lap has passed its file. The second begins when every such arrival is over (see pairings.py).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib import log, notices, pc_queues
from chalicelib.bodies import Request
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.metadata import files, ledger, owners
from chalicelib.metadata.files import File, Status

# Within the time of the function (120 s), with room for the page in hand.
RUN = timedelta(seconds=60)
_TRIES = 6
# A debt is two operations, and each write also moves the counters and looks at the profile; a write holds a hundred.
_FILES_IN_ONE_WRITE = 49


class Paired(Request, frozen=True):
    """A message: this PC is owed every file after this one."""

    owner_id: str
    device_id: str
    after: str | None = None


def pcs_changed(world: Cloud, event: Mapping[str, Any]) -> dict[str, Any]:
    """Work off a batch of messages; those that failed, and they alone, come again."""
    until = world.now() + RUN
    failures = []
    for record in event["Records"]:
        try:
            _run(world, msgspec.json.decode(record["body"], type=Paired), until)
        except Exception:  # noqa: BLE001 (the outermost ring: a poison message must not take its neighbours along)
            log.logger.warning("catching up failed", exc_info=True, extra={"message_id": record["messageId"]})
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _run(world: Cloud, paired: Paired, until: datetime) -> None:
    """Owe page after page; when the time is up, leave the rest to a message of its own."""
    after = paired.after
    while True:
        after = _owe_page(world, paired, after)
        if after is None:
            log.logger.info("caught up", extra={"device_id": paired.device_id})
            return
        if world.now() >= until:
            rest = {"ownerId": paired.owner_id, "deviceId": paired.device_id, "after": after}
            world.sqs.send_message(
                QueueUrl=pc_queues.address_of(world, world.settings.paired_queue), MessageBody=json.dumps(rest)
            )
            return


def _owe_page(world: Cloud, paired: Paired, after: str | None) -> str | None:
    """Owe one page of files; return where the next begins, or `None` after the last or for a PC that has gone."""
    for _ in range(_TRIES):
        queue_url = _find_queue(world, paired)
        if queue_url is None:
            return None
        page = files.page(world.table, paired.owner_id, limit=_FILES_IN_ONE_WRITE, after=after, newest_first=False)
        missing = [file for file in map(files.read, page.items) if is_missing(file, paired.device_id)]
        if _owe(world, paired.device_id, queue_url, missing):
            return page.last
    raise CrowdedError(f"a page of files of PC {paired.device_id!r} met other writers {_TRIES} times")


def is_missing(file: File, device_id: str) -> bool:
    """Whether a PC has to be owed a file: it is in the cloud, and neither at this PC's home nor on its way there."""
    in_cloud = file.status in (Status.UPLOADED, Status.DOWNLOADED)
    return in_cloud and device_id not in file.owed_to and device_id not in file.home


def _owe(world: Cloud, device_id: str, queue_url: str, missing: Sequence[File]) -> bool:
    """Write the debts in one write and ring; `False` if a file or the PC changed meanwhile."""
    if not missing:
        return True
    now = world.now_text()
    told = [notices.of(file, world.settings.bucket) for file in missing]
    again = [files.owed_again(file, device_id) for file in missing]
    debts = [ledger.owe(device_id, notice, now) for notice in told]
    home = [file for file in missing if file.status == Status.DOWNLOADED]
    usage = files.moved(home, Status.DOWNLOADED, Status.UPLOADED)
    try:
        world.table.write(*again, *debts, *usage, ledger.still_claims(missing[0].owner_id, device_id))
    except ConditionFailedError:
        return False
    for file in missing:
        log.logger.info("owed", extra={**log.about(file.owner_id, file.file_id), "device_id": device_id})
    notices.ring(world, queue_url, told)
    return True


def _find_queue(world: Cloud, paired: Paired) -> str | None:
    profile = world.table.find(owners.profile(paired.owner_id)) or {}
    queue_url: str | None = profile.get("pcs", {}).get(paired.device_id)
    return queue_url
