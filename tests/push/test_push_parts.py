"""Files that go in parts: resume, renewal, completion. And kill -9, five times over."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest
from push_phone import Folder, Phone
from push_simulator import MIB, Put, Simulator

SIZE = 40 * MIB + 12_345
PARTS = 3
PART = 16 * MIB


@pytest.fixture
def film(folder: Folder) -> str:
    folder.has_film("film.mov", SIZE)
    return "film.mov"


def parts_sent(sim: Simulator) -> list[int]:
    return [put.part for put in sim.puts if put.status == 200]


def test_a_large_file_goes_in_parts_each_with_its_hash(sim: Simulator, folder: Folder, phone: Phone, film: str) -> None:
    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert parts_sent(sim) == [1, 2, 3]
    assert all("sha256" in part for body in sim.requests("links") for part in body["parts"])


@pytest.mark.parametrize("fault", ["drop", "lost", "503", "403", "code:400:ExpiredToken", "code:404:NoSuchUpload"])
def test_a_fault_at_one_part_costs_that_part_alone(
    fault: str, sim: Simulator, folder: Folder, phone: Phone, film: str
) -> None:
    sim.fails("PUT", "", fault)

    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert Counter(put.part for put in sim.puts) == {1: 1, 2: 2, 3: 1}


def test_links_that_expire_in_mid_file_are_renewed_for_missing_parts_only(
    sim: Simulator, folder: Folder, phone: Phone, film: str
) -> None:
    def expire_after_the_first(put: Put) -> None:
        if put.part == 1:
            sim.expire_links()

    sim.on_put = expire_after_the_first

    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert [(put.part, put.status) for put in sim.puts] == [(1, 200), (2, 403), (2, 200), (3, 200)]
    assert [[one["part"] for one in body["parts"]] for body in sim.requests("links")] == [[1, 2, 3], [2, 3]]


@pytest.mark.parametrize("there", [(PART, "0" * 64), (PART - 1, None), (PART, None)])
def test_a_part_in_s3_that_is_not_surely_ours_is_sent_again(
    there: tuple[int, str], sim: Simulator, folder: Folder, phone: Phone, film: str
) -> None:
    sim.fails("PUT", "", "", *["500"] * 8)
    phone.push(folder)
    sim.named(film).parts[1] = there

    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert parts_sent(sim) == [1, 2, 1, 3]


@pytest.mark.parametrize("fault", ["lost", "500", "twice"])
def test_complete_may_be_asked_again(fault: str, sim: Simulator, folder: Folder, phone: Phone, film: str) -> None:
    sim.fails("complete", fault)

    assert phone.push(folder) == {film: "safe"}


def test_a_part_lost_by_s3_is_sent_when_complete_misses_it(
    sim: Simulator, folder: Folder, phone: Phone, film: str
) -> None:
    def lose(put: Put) -> None:
        if put.part == 3 and len(sim.puts) == 3:
            del sim.files[put.file_id].parts[2]

    sim.on_put = lose

    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert parts_sent(sim) == [1, 2, 3, 2]


def test_an_upload_swept_in_mid_file_begins_again(sim: Simulator, folder: Folder, phone: Phone, film: str) -> None:
    def sweep(_put: Put) -> None:
        if len(sim.puts) == 2:
            sim.sweep()

    sim.on_put = sweep

    assert phone.push(folder) == {film: "safe"}


def test_the_cloud_may_cut_otherwise_than_we_guess(sim: Simulator, folder: Folder, phone: Phone, film: str) -> None:
    sim.part_size = 20 * MIB

    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert parts_sent(sim) == [1, 2, 3]


def test_a_new_state_folder_goes_on_where_the_lost_one_stopped(
    sim: Simulator, folder: Folder, phone: Phone, film: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sim.fails("PUT", "", "", *["500"] * 8)
    assert phone.push(folder) == {film: "failed"}
    reinstalled = Phone(sim, tmp_path_factory.mktemp("new") / "state")

    fates = reinstalled.push(folder)

    assert fates == {film: "safe"}
    assert parts_sent(sim) == [1, 2, 3]


def test_a_file_put_together_and_not_yet_noticed_is_only_waited_for(
    sim: Simulator, folder: Folder, phone: Phone, film: str
) -> None:
    sim.lag = 10_000
    assert phone.push(folder) == {film: "failed"}
    sim.named(film).unnoticed = 3
    sim.puts.clear()
    phone.clock.pauses.clear()

    fates = phone.push(folder)

    assert fates == {film: "safe"}
    assert sim.puts == []
    assert sum(phone.clock.pauses) < 10


def test_killed_five_times_each_kill_costs_one_part_at_most(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has_film("long.mov", 7 * PART + 99)
    deaths = [1, 2, 4, 6, 7]

    for part in deaths:
        phone_dies_in(sim, phone, folder, part)
    code, lines, err = phone.run(folder)

    assert (code, err) == (0, "")
    assert lines[-1]["allSafe"]
    assert sim.uploaded() == folder.hashes()
    assert sorted(parts_sent(sim)) == [1, 2, 3, 4, 5, 6, 7, 8], "no part that S3 had was sent again"
    assert Counter(put.part for put in sim.puts) == {part: 2 if part in deaths else 1 for part in range(1, 9)}
    assert sum(put.received for put in sim.puts) <= 7 * PART + 99 + 5 * PART


def phone_dies_in(sim: Simulator, phone: Phone, folder: Folder, part: int) -> None:
    """Push in a process of its own, and kill -9 it when S3 has half of a part."""
    process = phone.start(folder)

    def kill(put: Put) -> None:
        if put.part == part and put.received >= PART // 2:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    sim.on_bytes = kill
    process.communicate(timeout=60)
    sim.on_bytes = lambda _put: None
    assert process.returncode == -signal.SIGKILL
