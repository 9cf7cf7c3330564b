"""Files that change, vanish or cannot be read while they are hashed or sent: never half a file, never a false hash."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from push_phone import Folder, Phone, noise
from push_simulator import MIB, Put, Simulator

from agent.errors import StoppedError
from agent.push import hashing
from agent.push.errors import ChangedFileError
from agent.push.ledger import Ledger
from agent.push.local import Digest, LocalFile
from agent.push.walk import look


def found(folder: Folder, path: Path) -> LocalFile:
    file = look(folder.path, path)
    assert isinstance(file, LocalFile)
    return file


def test_a_file_that_grows_while_it_is_hashed_is_noticed(folder: Folder) -> None:
    path = folder.has("IMG_1.jpg", noise(1_000))
    file = found(folder, path)

    def grow(_count: int) -> None:
        with path.open("ab") as opened:
            opened.write(b"more")

    with pytest.raises(ChangedFileError):
        hashing.digest(file, grow)


def test_a_file_replaced_while_it_is_hashed_is_noticed(folder: Folder) -> None:
    path = folder.has("IMG_1.jpg", noise(1_000))
    other = folder.has("other", noise(1_000, 1))
    file = found(folder, path)

    with pytest.raises(ChangedFileError):
        hashing.digest(file, lambda _count: other.exists() and other.replace(path) and None)


def test_a_file_that_shrinks_while_it_is_read_is_noticed(folder: Folder) -> None:
    path = folder.has("IMG_1.jpg", noise(3 * MIB))
    file = found(folder, path)

    with pytest.raises(ChangedFileError):
        hashing.digest(file, lambda _count: os.truncate(path, MIB))


def test_a_file_that_changed_since_the_walk_is_not_even_read(folder: Folder) -> None:
    path = folder.has("IMG_1.jpg", b"1234")
    file = found(folder, path)
    path.write_bytes(b"12345")

    with pytest.raises(ChangedFileError), hashing.opened(file):
        pytest.fail("it was opened")


def test_a_file_that_changed_while_it_was_hashed_is_hashed_again(folder: Folder, phone: Phone) -> None:
    path = folder.has("IMG_1.jpg", b"1234")
    change = threading.Lock()

    fates = phone.push(
        folder, hashing=lambda _count: change.acquire(blocking=False) and path.write_bytes(b"12345") and None
    )

    assert fates == {"IMG_1.jpg": "safe"}


def test_a_twin_of_a_file_that_changed_is_sent_for_itself(sim: Simulator, folder: Folder, phone: Phone) -> None:
    paths = [folder.has(name, noise(300_000)) for name in ("a.jpg", "b.jpg")]
    same = folder.hashes()["a.jpg"]

    def change_the_one_that_is_sent(_put: Put) -> None:
        if len(sim.puts) == 1:
            names = {path.name: path for path in paths}
            names[sim.files[sim.puts[0].file_id].told["name"]].write_bytes(b"other")

    sim.on_bytes = change_the_one_that_is_sent

    fates = phone.push(folder)

    assert fates.keys() == {"a.jpg", "b.jpg"}
    assert set(fates.values()) <= {"safe", "known"}
    arrived = {file.sha256 for file in sim.files.values() if file.status == "uploaded"}
    assert arrived == {same, hashlib.sha256(b"other").hexdigest()}


def test_a_file_that_changes_while_it_is_sent_is_sent_as_it_is_then(
    sim: Simulator, folder: Folder, phone: Phone
) -> None:
    path = folder.has("IMG_1.jpg", noise(400_000))
    change = threading.Lock()

    def change_once(_put: Put) -> None:
        if change.acquire(blocking=False):
            path.write_bytes(noise(500_000, 1))

    sim.on_bytes = change_once

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe"}
    assert folder.hashes()["IMG_1.jpg"] in sim.uploaded().values()


def test_contents_that_are_no_more_are_called_off(sim: Simulator, folder: Folder, phone: Phone) -> None:
    path = folder.has_film("film.mov", 20 * MIB)
    sim.on_put = lambda put: path.write_bytes(b"cut short") and None if put.part == 1 else None

    fates = phone.push(folder)

    assert fates == {"film.mov": "safe"}
    assert [file.sha256 for file in sim.files.values()] == [hashlib.sha256(b"cut short").hexdigest()]


def test_a_file_that_never_stops_changing_is_left_with_the_reason(sim: Simulator, folder: Folder, phone: Phone) -> None:
    path = folder.has("recording.mov", noise(1_000))
    folder.has("IMG_1.jpg")

    def grow(put: Put) -> None:
        if put.received > 500:
            with path.open("ab") as opened:
                opened.write(b"more")

    sim.on_bytes = grow

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe", "recording.mov": "failed"}
    assert "changed while it was read" in phone.reason("recording.mov")


def test_a_wrong_hash_in_the_ledger_heals(sim: Simulator, folder: Folder, phone: Phone) -> None:
    path = folder.has("IMG_1.jpg")
    with Ledger(phone.state.state / "ledger.sqlite") as ledger:
        ledger.keep(found(folder, path), Digest("0" * 64), path.stat().st_mtime_ns + 10**12)

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe"}
    assert folder.hashes()["IMG_1.jpg"] in sim.uploaded().values()


def test_a_young_file_is_not_trusted_to_stay(folder: Folder, tmp_path: Path) -> None:
    file = found(folder, folder.has("IMG_1.jpg"))

    with Ledger(tmp_path / "ledger") as ledger:
        ledger.keep(file, Digest("0" * 64), file.stamp.mtime_ns + 2 * 10**9)

        assert ledger.find(file) is None


@pytest.mark.parametrize("what", ["size", "mtime_ns", "inode"])
def test_a_cached_hash_belongs_to_one_state_of_a_file(what: str, folder: Folder, tmp_path: Path) -> None:
    file = found(folder, folder.has("IMG_1.jpg"))
    other = LocalFile(file.path, file.local_id, type(file.stamp)(**{**vars(file.stamp), what: 2**64 - 1}))

    with Ledger(tmp_path / "ledger") as ledger:
        ledger.keep(file, Digest("0" * 64, 5, b"12345"), 2**62)

        assert ledger.find(file) == Digest("0" * 64, 5, b"12345")
        assert what != "inode" or ledger.find(other) is None


def test_a_second_push_hashes_nothing_again(folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    phone.push(folder)
    hashed: list[int] = []

    phone.push(folder, hashing=hashed.append)

    assert hashed == []


def test_a_damaged_ledger_is_begun_anew(folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    (phone.state.state / "ledger.sqlite").write_bytes(b"no database at all, whatever its name says" * 100)

    assert phone.push(folder) == {"IMG_1.jpg": "safe"}


def test_a_file_that_vanished_is_told(sim: Simulator, folder: Folder, phone: Phone) -> None:
    path = folder.has("IMG_1.jpg")
    folder.has("IMG_2.jpg")
    sim.on_put = lambda _put: path.unlink(missing_ok=True)

    fates = phone.push(folder, parallel=1)

    assert fates == {"IMG_1.jpg": "failed", "IMG_2.jpg": "safe"}
    assert phone.reason("IMG_1.jpg") == "file 'IMG_1.jpg' cannot be read: No such file or directory"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_told_and_the_others_go(folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg").chmod(0)
    folder.has("IMG_2.jpg")

    assert phone.push(folder) == {"IMG_1.jpg": "failed", "IMG_2.jpg": "safe"}


def test_asked_to_stop_it_stops_in_the_middle_of_a_file(folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg", noise(500_000))

    def stop(_count: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        phone.push(folder, seen=stop)
    assert phone.stop.is_set()
