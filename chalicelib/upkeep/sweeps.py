"""What is put right on a schedule: each run does a bounded piece, and two at once do no harm."""

from collections import Counter
from datetime import datetime, timedelta

from chalicelib import keys, log, metrics, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.incoming import arrivals, multipart
from chalicelib.incoming.arrivals import Outcome
from chalicelib.incoming.s3_events import Arrival
from chalicelib.metadata import albums, files
from chalicelib.metadata.files import File, Status

EXPIRY = timedelta(hours=24)
# A large file may take days over a bad line; each part that comes in says that somebody is still at it.
PARTS_EXPIRY = timedelta(days=7)
# So long does a file wait that could not be looked after, until the next run: it goes behind all that is due by then,
# so that a hundred such hide nobody for good.
STEP_BACK = timedelta(minutes=10)
_MOST_IN_ONE_SHARD = 100


def sweep_pending(world: Cloud) -> None:
    """Repair arrivals whose event was lost; release uploads that never came."""
    now = world.now()
    done: Counter[str] = Counter()
    failures = []
    for shard in range(files.DUE_SHARDS):
        for file in _due(world, shard, now):
            try:
                done[_look_after(world, file, now)] += 1
            except Exception as error:  # noqa: BLE001 (raised below; one file must not keep all behind it waiting)
                failures.append(error)
                _step_back(world, file, now)
    metrics.tell(world.settings.stage, now, {"PendingRepaired": done["uploaded"], "PendingReleased": done["released"]})
    if failures:
        raise failures[0]


def next_look(created_at: datetime, now: datetime, expires_at: datetime) -> datetime:
    """Look again when the file is twice as old, but once exactly when it expires."""
    return min(now + (now - created_at), max(expires_at, now + timedelta(minutes=15)))


def _due(world: Cloud, shard: int, now: datetime) -> list[File]:
    """Read what is due as it is now: the index lags behind the table."""
    named = files.due(world.table, "pending", shard, moments.to_text(now), limit=_MOST_IN_ONE_SHARD)
    found = world.table.find_many(files.file_key(owner_id, file_id) for owner_id, file_id in named)
    return [file for file in map(files.read, found.values()) if file.status == Status.PENDING]


def _look_after(world: Cloud, file: File, now: datetime) -> str:
    original = keys.parse(file.key)
    outcome = arrivals.take_in(world, Arrival(original)) if original else Outcome.ABSENT
    if outcome == Outcome.UNHASHED:
        return _postpone(world, file, now + EXPIRY)
    if outcome != Outcome.ABSENT:
        return outcome.value
    created_at = moments.from_text(file.created_at)
    expires_at = _expires_at(world, file, created_at, now)
    if now >= expires_at:
        return _release(world, file)
    return _postpone(world, file, next_look(created_at, now, expires_at))


def _expires_at(world: Cloud, file: File, created_at: datetime, now: datetime) -> datetime:
    """Return when a file is given up: a day after it was begun, a week after the last of its parts came in."""
    if now < created_at + EXPIRY or file.upload_id is None:
        return created_at + EXPIRY
    last_part = multipart.last_sign(world, file)
    return last_part + PARTS_EXPIRY if last_part else created_at + EXPIRY


def _release(world: Cloud, file: File) -> str:
    try:
        world.table.write(*files.released(file), *albums.forgotten(file))
    except ConditionFailedError:
        return "changed"
    files.drop_pointer(world.table, file)
    multipart.abort(world, file, file.upload_id)
    log.logger.info("released", extra=log.about(file.owner_id, file.file_id))
    return "released"


def _step_back(world: Cloud, file: File, now: datetime) -> None:
    """Have a file wait behind the others; if even that fails, it stays where it is, as its error is told anyway."""
    try:
        _postpone(world, file, now + STEP_BACK)
    except Exception:  # noqa: BLE001 (what went wrong with the file is raised; this must not keep its neighbours waiting)
        log.logger.warning("not put off", exc_info=True, extra=log.about(file.owner_id, file.file_id))


def _postpone(world: Cloud, file: File, due_at: datetime) -> str:
    try:
        world.table.put(files.postponed(file, moments.to_text(due_at)))
    except ConditionFailedError:
        return "changed"
    return "postponed"
