"""Copies that come back: a PC was asked for a file whose cloud copy is gone, and its bytes are in the bucket again.

Whether they are the file's own is for the arrival to judge. Nobody owes a receipt for what is at home already; PCs that
were paired while there was no cloud copy are owed it from now on.
"""

import msgspec

from chalicelib import log, metrics, moments
from chalicelib.cloud import Cloud
from chalicelib.debts import notices
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming.objects import Object
from chalicelib.keeping import retention
from chalicelib.metadata import copies, ledger, owners, recalls
from chalicelib.metadata.files import File, Status
from chalicelib.upkeep import trouble


def is_awaited(file: File) -> bool:
    """Whether a PC that has this file was asked to send it back, and has not.

    Also one that was revoked, or lost it, after it had sent it: then what is on its way is all there is.
    """
    is_all_there_is = file.status == Status.LOST and file.gone_at is not None and bool(file.recalled_from)
    return is_all_there_is or bool(recalls.awaited_from(file))


def take_back(world: Cloud, file: File, found: Object, *, rings: bool = True) -> bool:
    """Make this version the one that links and PCs are told of; `False` if the file has changed meanwhile.

    Who may ring no PC leaves it to the PCs: each asks by itself what it is owed.
    """
    now, last_at = world.now_text(), moments.to_text(world.now() + retention.LAST_LOOK)
    profile = world.table.find(owners.profile(file.owner_id)) or {}
    lacking = {device_id: url for device_id, url in profile.get("pcs", {}).items() if device_id not in file.home}
    notice = notices.of(msgspec.structs.replace(file, version_id=found.version_id), world.settings.bucket)
    try:
        world.table.write(
            *recalls.came_back(file, found.version_id or "", now, last_at, frozenset(lacking)),
            *(ledger.owe(device_id, notice, now) for device_id in lacking),
            *ledger.all_claim(file.owner_id, lacking),
            ledger.remember(file.owner_id, "cameBack", world.now(), world.new_id(), fileId=file.file_id),
        )
    except ConditionFailedError:
        return False
    log.logger.info("cloud copy came back", extra={**log.about(file.owner_id, file.file_id), "pcs": len(lacking)})
    metrics.tell(world.settings.stage, world.now(), {"CopiesReturned": 1})
    for queue_url in lacking.values() if rings else ():
        notices.ring(world, queue_url, [notice])
    return True


def give_up(world: Cloud, file: File, reason: str) -> None:
    """Ask for a file no more: other bytes came in its place, which the look puts aside. Its owner may ask again."""
    now = world.now_text()
    try:
        world.table.write(*recalls.given_up(file), copies.look(file.owner_id, file.file_id, now, now))
    except ConditionFailedError:
        return
    trouble.report(world, "other bytes than recalled", reason=reason, **log.about(file.owner_id, file.file_id))
