"""The table anew from the bucket: what lies there is written down again, each file as if its object had just arrived.

Nothing that the table knows is touched, so it may run on an empty table, on one that was restored from an older moment,
or again after it died anywhere. What PCs have at home they tell themselves, once they are paired anew: see
`chalicelib.debts.holdings`.

An object under a delete marker, or tagged to leave, was at home when the table was lost. Who had it is forgotten, so it
is held back: it leaves again once a PC has shown that it has it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from admin import listings
from admin.listings import Household, Seen, Version
from admin.stage import Stage
from chalicelib import keys, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.incoming import arrivals, objects
from chalicelib.incoming.s3_events import Arrival
from chalicelib.keeping import retention
from chalicelib.keys import Original
from chalicelib.metadata import changes, copies, files, owners
from chalicelib.metadata.files import Status

WORKERS = 16
THERE = "there already"
NO_KEY = "no key of ours"
AGAIN = "met other writers, run this again"
HAS_LEFT = "has closed the account"
NOBODY = "is nobody in the user pool"
_BATCH = 500
FIRST_LOOK = timedelta(hours=1)


@dataclass(frozen=True)
class Rebuilt:
    """One owner: whether there was a profile before, why nothing was done, and what became of the objects."""

    owner_id: str
    was_known: bool = True
    left_alone: str = ""
    found: Counter[str] = field(default_factory=Counter)


def rebuild(
    world: Cloud, is_person: Callable[[str], bool], *, owner_id: str | None = None, workers: int = WORKERS
) -> Iterator[Rebuilt]:
    """Write down what the bucket holds and the table does not know, owner by owner.

    Who is no person of the user pool has left, or belongs to a pool that was lost, too: nobody could see the files.
    """
    _ = world.table, world.s3, world.sqs, world.media_queue_url  # made before the workers ask for them at once
    with ThreadPoolExecutor(workers) as pool:
        for one in [owner_id] if owner_id else listings.owner_ids(world):
            yield _rebuild_owner(world, pool, one) if is_person(one) else Rebuilt(one, left_alone=NOBODY)


def is_person(stage: Stage, owner_id: str) -> bool:
    """Whether somebody of the user pool is this owner."""
    pool = stage.client("cognito-idp")
    page = pool.list_users(UserPoolId=stage.world.settings.user_pool, Filter=f'sub = "{owner_id}"', Limit=1)
    return bool(page["Users"])


def _rebuild_owner(world: Cloud, pool: ThreadPoolExecutor, owner_id: str) -> Rebuilt:
    home = listings.household(world, owner_id)
    if home and home.is_closed:
        return Rebuilt(owner_id, left_alone=HAS_LEFT)
    if home is None:
        owners.come_back(world.table, owner_id, world.now_text())
    changes.begin_anew(world.table, owner_id, world.new_id())
    told = Rebuilt(owner_id, was_known=home is not None)
    seen = listings.side_by_side(world, home or Household(owner_id, {}))
    while batch := list(islice(seen, _BATCH)):
        told.found.update(filter(None, pool.map(lambda one: restore(world, owner_id, one), batch)))
    return told


def restore(world: Cloud, owner_id: str, seen: Seen) -> str:
    """Write one file down, if its object is there and the table knows nothing of it; say what became of it."""
    if seen.file and seen.file.status != Status.PENDING:
        return THERE
    version, original = oldest(seen.versions), _original(seen)
    if version is None:
        return ""
    if original is None:
        return NO_KEY
    if _untag(world, version) or len(seen.versions) > 1:
        _have_looked_at(world, original)
    try:
        outcome = arrivals.take_in(world, Arrival(original, version.version_id))
        file = files.find(world.table, owner_id, original.file_id) if len(seen.versions) > 1 else None
        if file:
            retention.look_again(world, file)
    except (ConditionFailedError, CrowdedError):
        return AGAIN
    return str(outcome)


def oldest(versions: tuple[Version, ...]) -> Version | None:
    """Return the version that came first: that is the file's. S3 lists the newest of a key first."""
    return next((one for one in reversed(versions) if not one.is_marker), None)


def _original(seen: Seen) -> Original | None:
    first = oldest(seen.versions)
    return keys.parse(first.key) if first else None


def _untag(world: Cloud, version: Version) -> bool:
    """Let an object stay before anything rests on it: what is tagged may be expired at any moment. Say if it was."""
    which = {"Bucket": world.settings.bucket, "Key": version.key, "VersionId": version.version_id}
    try:
        if not world.s3.get_object_tagging(**which)["TagSet"]:
            return False
        world.s3.delete_object_tagging(**which)
    except world.s3.exceptions.ClientError as error:
        # The embedded cloud does not reach a version that lies under a marker: `look_again` does it once it is current.
        if error.response["Error"]["Code"] not in objects.ABSENT:
            raise
    return True


def _have_looked_at(world: Cloud, original: Original) -> None:
    """Have the sweep make sure that a copy stays: we may die before it is current, and S3 may have begun to expire it.

    Not at once, as a look at a file that is not written down yet ends there.
    """
    first, last = (moments.to_text(world.now() + after) for after in (FIRST_LOOK, retention.LAST_LOOK))
    world.table.put(copies.look(original.owner_id, original.file_id, first, last))
