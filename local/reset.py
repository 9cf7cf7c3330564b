"""Forget the embedded cloud and all that was recorded about it. Never touches the home folder."""

import shutil
from pathlib import Path

from local.errors import AlreadyRunningError, ForeignStateError
from local.lock import held, holder
from local.places import Places
from local.state import OURS_BEFORE_STATE


def reset(places: Places) -> list[Path]:
    """Remove the state folder and the records of the local stage; returns what was there."""
    if held(places.lock_file):
        raise AlreadyRunningError(places.state, holder(places.lock_file))
    if is_foreign(places):
        raise ForeignStateError(places.state)
    gone = [path for path in (places.state, places.outputs_file, places.chalice_state_file) if path.exists()]
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return gone


def is_foreign(places: Places) -> bool:
    """Whether the folder holds things that no version of this program made: then it is not ours to remove."""
    if not places.state.exists() or places.state_file.exists():
        return False
    return bool({found.name for found in places.state.iterdir()} - OURS_BEFORE_STATE)
