"""Places: once an owner does not want them kept any more, none is shown from that moment on, and all are forgotten.

That is done in the background, page by page, and once more an hour later, for what was being looked into meanwhile.
"""

from datetime import datetime, timedelta

from chalicelib import log, moments
from chalicelib.cloud import Cloud
from chalicelib.errors import ConditionFailedError
from chalicelib.metadata import files, owners
from chalicelib.metadata import places as kept
from chalicelib.metadata.items import Item

LAST_LAP = timedelta(hours=1)
_LAP = timedelta(seconds=30)
_MOST_OWNERS = 10
_FILES_IN_ONE_PAGE = 490
_FILES_IN_ONE_WRITE = 100


def choose(world: Cloud, owner_id: str, *, keeps: bool) -> None:
    """Keep places from now on, or forget those that were kept."""
    now, last_at = world.now_text(), moments.to_text(world.now() + LAST_LAP)
    follows = kept.to_be_kept(owner_id) if keeps else kept.to_be_forgotten(owner_id, now, last_at)
    world.table.write(owners.places_chosen(owner_id, keeps=keeps), follows)


def forget(world: Cloud) -> None:
    """Go on with what is to be forgotten, for as long as a sweep may take."""
    until = world.now() + _LAP
    for owner_id in kept.due(world.table, world.now_text(), limit=_MOST_OWNERS):
        seen = kept.find(world.table, owner_id)
        # The index lags, so the item has the last word.
        if seen and seen["dueAt"] <= world.now_text():
            _forget(world, owner_id, seen, until)


def _forget(world: Cloud, owner_id: str, seen: Item, until: datetime) -> None:
    after = seen.get("after")
    try:
        while world.now() < until:
            after = _forget_page(world, owner_id, after)
            if after is None:
                over = world.now() >= moments.from_text(seen["lastAt"])
                world.table.put(kept.ended(owner_id, seen, over=over))
                log.logger.info("places forgotten", extra={"owner": log.owner_hash(owner_id)})
                return
            world.table.put(kept.passed(owner_id, seen, after))
    except ConditionFailedError:
        # Told otherwise meanwhile, or a file went: the next round begins where this one stopped.
        return


def _forget_page(world: Cloud, owner_id: str, after: str | None) -> str | None:
    """Forget the places of a page of files; return after which file the next begins."""
    page = files.page(world.table, owner_id, limit=_FILES_IN_ONE_PAGE, after=after, newest_first=False)
    known = [file for file in map(files.read, page.items) if file.place]
    for start in range(0, len(known), _FILES_IN_ONE_WRITE):
        world.table.write(*map(kept.forgotten, known[start : start + _FILES_IN_ONE_WRITE]))
    return page.last
