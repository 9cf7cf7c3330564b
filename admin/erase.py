"""All of one owner's data is erased: the account is closed as its owner would, removed at once, and looked for.

What is removed, and how, is in `chalicelib/auth/closures`; here it is asked for, waited for, and proved. A link handed
out before may still bring something in for an hour, so the sweep takes a last look then. What stays for thirty days is
a mark under the owner's id, which outlives every token that names it, and nothing of theirs is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from admin import listings
from admin.errors import ErasureRefusedError, UnknownOwnerError
from admin.stage import Stage
from chalicelib import keys
from chalicelib.auth import closures
from chalicelib.cloud import Cloud
from chalicelib.debts import pc_queues
from chalicelib.incoming import strays
from chalicelib.metadata import devices, owners, postings

Ask = Callable[[str], str]
Report = Callable[[str], object]

_LAP = timedelta(seconds=40)
_MOST_LAPS = 10_000
# Of the profile, what the mark is made of.
_MARK = frozenset({"pk", "sk", "closedAt", "createdAt", "ttl", "dueKind", "dueAt"})


def erase(stage: Stage, owner_id: str, ask: Ask, report: Report = print) -> list[str]:
    """Erase what there is, having asked; return what is left, which is nothing, or what has to be looked at."""
    world = stage.world
    profile = world.table.find(owners.profile(owner_id))
    if profile is None and not _has_objects(world, owner_id):
        raise UnknownOwnerError(owner_id)
    devices_of = [device.device_id for device in devices.every(world.table, owner_id)]
    if profile is None or "ttl" not in profile:
        _agree(owner_id, ask)
        owners.close(world.table, owner_id, world.now_text())
        report("Closed: nothing of theirs is answered any more")
        _remove(world, owner_id, report)
    found = list(left(world, owner_id, devices_of))
    report("Nothing is left" if not found else f"Left: {', '.join(found)}")
    return found


def left(world: Cloud, owner_id: str, device_ids: list[str]) -> Iterator[str]:
    """Look everywhere: table, bucket with all versions and what is coming in, queues, user pool."""
    for item in listings.everything(world, owner_id):
        if item["sk"] != "profile":
            yield f"item {item['sk']}"
        elif more := sorted(set(item) - _MARK - {"pcs"} | ({"pcs"} if item.get("pcs") else set())):
            yield f"profile with {', '.join(more)}"
    yield from (f"word {key.sk}" for key in world.table.keys(postings.partition(owner_id), limit=1))
    for device_id in device_ids:
        yield from (f"debt {key.sk} of PC {device_id}" for key in world.table.keys(f"pc#{device_id}", limit=1))
        yield from (f"key of device {device_id}" for _ in world.table.keys(f"device#{device_id}", limit=1))
        if _has_queue(world, device_id):
            yield f"queue of PC {device_id}"
    for prefix in _prefixes(owner_id):
        yield from (f"object {version.key}" for version in listings.versions(world, prefix))
    yield from (f"parts of {upload['Key']}" for upload in _coming_in(world, owner_id))
    if _has_person(world, owner_id):
        yield "account in the user pool"


def _agree(owner_id: str, ask: Ask) -> None:
    answer = ask(
        f"Everything of owner {owner_id} in this stage will be erased; what is on their PCs stays.\n"
        f"Type the owner's id to erase it: "
    ).strip()
    if answer != owner_id:
        raise ErasureRefusedError(owner_id, answer)


def _remove(world: Cloud, owner_id: str, report: Report) -> None:
    """Run laps until one finds nothing more to remove."""
    for lap in range(1, _MOST_LAPS + 1):
        if closures.remove(world, owner_id, world.now() + _LAP):
            return
        report(f"Lap {lap} of the removal is over, there is more")


def _coming_in(world: Cloud, owner_id: str) -> list[dict[str, Any]]:
    prefix = f"{keys.ORIGINALS}{owner_id}/"
    found = world.s3.list_multipart_uploads(Bucket=world.settings.bucket, Prefix=prefix)
    return list(found.get("Uploads", ()))


def _prefixes(owner_id: str) -> tuple[str, ...]:
    return f"{keys.ORIGINALS}{owner_id}/", f"previews/{owner_id}/", f"{strays.QUARANTINE}{owner_id}/"


def _has_objects(world: Cloud, owner_id: str) -> bool:
    return any(True for prefix in _prefixes(owner_id) for _ in listings.versions(world, prefix))


def _has_queue(world: Cloud, device_id: str) -> bool:
    try:
        world.sqs.get_queue_url(QueueName=pc_queues.name(world.settings.stage, device_id))
    except world.sqs.exceptions.QueueDoesNotExist:
        return False
    return True


def _has_person(world: Cloud, owner_id: str) -> bool:
    pool = world.cognito
    try:
        pool.admin_get_user(UserPoolId=world.settings.user_pool, Username=owner_id)
    except pool.exceptions.UserNotFoundException:
        return False
    return True
