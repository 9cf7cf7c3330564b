"""What a state folder is: made by us, whole, and of a version we read. Holds the cloud's root key.

The root key's id is as good as a password: the emulator takes its owner without checking the signature.
So it is random, made once a folder, and kept in a file that only this user can read.
"""

import secrets
import string
from dataclasses import dataclass

from local.disk import make_folder, read_json, write_json
from local.errors import BrokenStateError, ForeignStateError, NewerStateError
from local.places import Places
from local.snapshots import broken_file

FORMAT = 1
KEY_LETTERS = string.ascii_uppercase + "234567"
OURS_BEFORE_STATE = frozenset({"lock", "logs", "cloud", "objects", "scratch"})


@dataclass(frozen=True)
class State:
    """The lasting facts of one embedded cloud."""

    root_key: str
    root_secret: str
    emulator: str

    def __repr__(self) -> str:
        """Leave the key out of tracebacks and logs."""
        return f"State(emulator={self.emulator!r})"


def open_state(places: Places, emulator: str) -> State:
    """Read the state of a folder, or begin one in an empty folder.

    Raises `StateFolderError` for whatever is there and is not a state we can go on with.
    """
    refuse_foreign(places)
    for folder in (places.cloud, places.objects, places.scratch, places.log("cloud").parent):
        make_folder(folder)
    return _checked(places, emulator) if places.state_file.exists() else _begun(places, emulator)


def refuse_foreign(places: Places) -> None:
    """Make sure that the folder is there, can be written, and holds nothing that is not ours."""
    make_folder(places.state)
    if not places.state_file.exists() and {found.name for found in places.state.iterdir()} - OURS_BEFORE_STATE:
        raise ForeignStateError(places.state)


def _begun(places: Places, emulator: str) -> State:
    state = State("BH" + "".join(secrets.choice(KEY_LETTERS) for _ in range(30)), secrets.token_urlsafe(30), emulator)
    write_json(
        places.state_file,
        {"format": FORMAT, "emulator": emulator, "rootKey": state.root_key, "rootSecret": state.root_secret},
    )
    return state


def _checked(places: Places, emulator: str) -> State:
    found = read_json(places.state_file)
    if found.get("format") != FORMAT:
        raise NewerStateError(
            places.state, what="state format", found=repr(found.get("format")), expected=f"format {FORMAT}"
        )
    missing = [name for name in ("rootKey", "rootSecret", "emulator") if not isinstance(found.get(name), str)]
    if missing:
        raise BrokenStateError(places.state_file, f"missing {', '.join(missing)}")
    if _version(found["emulator"]) > _version(emulator):
        raise NewerStateError(places.state, what="ministack", found=found["emulator"], expected=emulator)
    broken = broken_file(places.cloud)
    if broken:
        raise BrokenStateError(*broken)
    return State(found["rootKey"], found["rootSecret"], found["emulator"])


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
