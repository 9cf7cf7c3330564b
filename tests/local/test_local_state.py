import json
import stat
import sys

import pytest

from local.errors import (
    AlreadyRunningError,
    BrokenStateError,
    ForeignStateError,
    NewerStateError,
    UnwritableStateError,
)
from local.lock import Lock, held, holder
from local.places import Places
from local.reset import reset
from local.state import open_state


def test_an_empty_folder_gets_a_key_of_its_own(places: Places) -> None:
    first = open_state(places, "1.5.33")

    assert len(first.root_key) > 20
    assert json.loads(places.state_file.read_text())["rootKey"] == first.root_key


def test_the_key_stays_the_same(places: Places) -> None:
    assert open_state(places, "1.5.33") == open_state(places, "1.5.33")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_state_is_for_this_user_only(places: Places) -> None:
    open_state(places, "1.5.33")

    assert stat.S_IMODE(places.state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.state.stat().st_mode) == 0o700


def test_the_key_is_not_shown(places: Places) -> None:
    state = open_state(places, "1.5.33")

    assert state.root_key not in repr(state)


def test_somebody_elses_folder_is_left_alone(places: Places) -> None:
    places.state.mkdir()
    (places.state / "thesis.txt").write_text("years of work")

    with pytest.raises(ForeignStateError, match="holds no state of Backhaul"):
        open_state(places, "1.5.33")

    assert [path.name for path in places.state.iterdir()] == ["thesis.txt"]


def test_what_a_cut_off_first_start_left_is_no_obstacle(places: Places) -> None:
    places.state.mkdir()
    (places.state / "lock").write_text("1\n")
    (places.state / "cloud").mkdir()

    assert open_state(places, "1.5.33").root_key


@pytest.mark.parametrize(
    ("contents", "error"),
    [
        ("{", BrokenStateError),
        ("[]", BrokenStateError),
        ('{"format": 1}', BrokenStateError),
        ('{"format": 2, "rootKey": "k", "rootSecret": "s", "emulator": "1.5.33"}', NewerStateError),
        ('{"format": 1, "rootKey": "k", "rootSecret": "s", "emulator": "1.10.0"}', NewerStateError),
    ],
)
def test_a_state_that_we_cannot_go_on_with_is_refused(places: Places, contents: str, error: type[Exception]) -> None:
    places.state.mkdir()
    places.state_file.write_text(contents)

    with pytest.raises(error):
        open_state(places, "1.5.33")


def test_a_broken_file_of_the_emulator_is_found_before_it_saves_over_it(places: Places) -> None:
    open_state(places, "1.5.33")
    (places.cloud / "dynamodb.json").write_text('{"tables":')

    with pytest.raises(BrokenStateError, match=r"dynamodb\.json"):
        open_state(places, "1.5.33")


def test_a_newer_emulator_may_read_an_older_state(places: Places) -> None:
    first = open_state(places, "1.5.33")

    assert open_state(places, "1.6.0").root_key == first.root_key


def test_a_folder_that_cannot_be_made_is_named(places: Places) -> None:
    places.state.write_text("a file, not a folder")

    with pytest.raises(UnwritableStateError, match="cannot be written"):
        open_state(places, "1.5.33")


def test_only_one_system_holds_a_folder(places: Places) -> None:
    open_state(places, "1.5.33")
    first = Lock(places.lock_file)
    first.take()

    with pytest.raises(AlreadyRunningError, match="already running"):
        Lock(places.lock_file).take()

    first.release()


def test_the_holder_is_named(places: Places) -> None:
    open_state(places, "1.5.33")
    lock = Lock(places.lock_file)
    lock.take()

    assert holder(places.lock_file) is not None
    lock.release()


def test_a_lock_let_go_is_free(places: Places) -> None:
    open_state(places, "1.5.33")
    lock = Lock(places.lock_file)
    lock.take()
    assert held(places.lock_file)

    lock.release()

    assert not held(places.lock_file)


def test_reset_removes_the_state_and_the_records(places: Places) -> None:
    open_state(places, "1.5.33")
    for file in (places.outputs_file, places.chalice_state_file):
        file.parent.mkdir(parents=True)
        file.write_text("{}")

    reset(places)

    assert not any(path.exists() for path in (places.state, places.outputs_file, places.chalice_state_file))


def test_reset_never_touches_the_home_folder(places: Places) -> None:
    open_state(places, "1.5.33")
    places.home.mkdir()
    (places.home / "photo.jpg").write_bytes(b"mine")

    reset(places)

    assert (places.home / "photo.jpg").read_bytes() == b"mine"


def test_reset_refuses_while_the_system_is_up(places: Places) -> None:
    open_state(places, "1.5.33")
    lock = Lock(places.lock_file)
    lock.take()

    with pytest.raises(AlreadyRunningError):
        reset(places)

    assert places.state_file.exists()
    lock.release()


def test_reset_refuses_a_folder_that_is_not_ours(places: Places) -> None:
    places.state.mkdir()
    (places.state / "thesis.txt").write_text("years of work")

    with pytest.raises(ForeignStateError):
        reset(places)

    assert (places.state / "thesis.txt").exists()


def test_reset_clears_a_broken_state(places: Places) -> None:
    places.state.mkdir()
    places.state_file.write_text("{")

    reset(places)

    assert not places.state.exists()
