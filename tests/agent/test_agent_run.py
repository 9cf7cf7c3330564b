"""A running agent against a cloud on loopback: what comes home, what is said about it, and what never happens."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake_cloud import HUSH, FakeCloud, StoredObject
from fake_pc import Pc

from agent import farewell, loop
from agent.drive import disk
from agent.drive.catalog import Entry
from agent.drive.home import Home
from agent.drive.shelf import Shelf
from agent.errors import AlreadyRunningError, PathTakenError, RevokedError
from agent.fetch.notices import Notice

BEST = "2024/2024-07/IMG_1.jpg"


def test_what_is_owed_comes_home_and_is_receipted(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}
    assert cloud.receipts == [{"fileId": notice["fileId"], "sha256": notice["sha256"], "size": 7, "path": BEST}]


def test_a_notice_brings_its_file_home_and_is_deleted(pc: Pc, cloud: FakeCloud) -> None:
    pc.start()
    cloud.wait_until(lambda: cloud.calls["ReceiveMessage"])

    message = cloud.ring(cloud.has(b"a later photo"))
    cloud.wait_until(lambda: cloud.messages[message]["deleted"])

    assert pc.files() == {BEST: b"a later photo"}


def test_a_notice_told_many_times_is_fetched_once_and_every_message_ends(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")
    first = [cloud.ring(notice) for _ in range(12)]

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    again = cloud.ring(notice)
    cloud.wait_until(lambda: cloud.messages[again]["deleted"])

    cloud.wait_until(lambda: any(cloud.messages[message]["deleted"] for message in first))
    assert len(cloud.gets) == 1
    assert pc.files() == {BEST: b"a photo"}


def test_what_is_owed_comes_in_pages(pc: Pc, cloud: FakeCloud) -> None:
    cloud.page = 3
    for number in range(10):
        cloud.has(b"photo %d" % number, f"IMG_{number}.jpg")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert sorted(pc.files().values()) == [b"photo %d" % number for number in range(10)]


def test_same_name_and_date_but_other_bytes_are_two_files(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"one", "IMG_1.jpg")
    cloud.has(b"two", "img_1.JPG")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert sorted(pc.files().values()) == [b"one", b"two"]
    assert len({path.casefold() for path in pc.files()}) == 2


def test_same_name_and_bytes_with_two_ids_never_share_a_path(pc: Pc, cloud: FakeCloud) -> None:
    for _ in range(4):
        cloud.has(b"one")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert list(pc.files().values()) == [b"one"] * 4
    assert len(set(cloud.taken.values())) == 4


def test_a_file_of_the_owner_with_that_name_is_left_alone(pc: Pc, cloud: FakeCloud) -> None:
    pc.puts(BEST, b"the owner's own")
    cloud.has(b"from the phone")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert sorted(pc.files().values()) == [b"from the phone", b"the owner's own"]
    assert pc.files()[BEST] == b"the owner's own"


def test_a_second_start_fetches_nothing_again(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()

    cloud.owed[notice["fileId"]] = notice
    pc.start()
    cloud.wait_until(lambda: len(cloud.receipts) == 2)

    assert len(cloud.gets) == 1
    assert pc.files() == {BEST: b"a photo"}


def test_a_lost_catalog_costs_no_second_copy(pc: Pc, cloud: FakeCloud) -> None:
    notices = [cloud.has(b"one", "IMG_1.jpg"), cloud.has(b"two", "img_1.JPG")]
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()
    before = pc.files()

    for path in pc.home.state.glob("catalog.sqlite*"):
        path.unlink()
    cloud.owed = {notice["fileId"]: notice for notice in notices}
    pc.start()
    cloud.wait_until(lambda: len(cloud.receipts) == 4)

    assert pc.files() == before
    assert len(cloud.gets) == 2


def test_a_death_between_publishing_and_flushing_is_made_good_before_the_receipt(
    pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()
    for path in pc.home.state.glob("catalog.sqlite*"):
        path.unlink()
    flushed: list[Path] = []
    monkeypatch.setattr(disk, "flush_folders", lambda _, targets: flushed.extend(targets))

    cloud.owed = {notice["fileId"]: notice}
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert flushed == [pc.home.folder / BEST]


def test_a_file_deleted_at_home_comes_again_if_it_is_still_owed(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()

    (pc.home.folder / BEST).unlink()
    cloud.owed[notice["fileId"]] = notice
    pc.start()
    cloud.wait_until(lambda: len(cloud.receipts) == 2)

    assert pc.files() == {BEST: b"a photo"}


def test_what_is_gone_from_the_cloud_stays_at_home(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    cloud.objects.clear()
    message = cloud.ring(cloud.has(b"another", "IMG_2.jpg", file_id="f" * 32))
    cloud.wait_until(lambda: cloud.messages[message]["deleted"])

    assert pc.files()[BEST] == b"a photo"


@pytest.mark.parametrize("poison", ["", "garbage", "{}", '{"Event": "s3:TestEvent"}', '{"v": 9}'])
def test_a_poison_notice_never_blocks_the_rest(pc: Pc, cloud: FakeCloud, poison: str) -> None:
    bad = [cloud.ring(poison) for _ in range(3)]
    good = cloud.ring(cloud.has(b"a photo"))

    pc.start()
    cloud.wait_until(lambda: cloud.messages[good]["deleted"])

    assert pc.files() == {BEST: b"a photo"}
    assert not any(cloud.messages[message]["deleted"] for message in bad)


@pytest.mark.parametrize("bucket", ["anothers-photos", "thief.example/"])
def test_a_notice_that_names_another_bucket_is_not_followed(pc: Pc, cloud: FakeCloud, bucket: str) -> None:
    forged = cloud.ring(cloud.has(b"bait", "BAIT.jpg", bucket=bucket))
    good = cloud.ring(cloud.has(b"a photo"))

    pc.start()
    cloud.wait_until(lambda: cloud.messages[good]["deleted"])
    pc.stop()

    assert pc.files() == {BEST: b"a photo"}
    assert not cloud.messages[forged]["deleted"]


def test_an_unsound_notice_among_the_owed_never_blocks_the_rest(pc: Pc, cloud: FakeCloud) -> None:
    cloud.owed["0" * 32] = {"fileId": "../../etc/passwd"}
    cloud.has(b"a photo", file_id="1" * 32)

    pc.start()
    cloud.wait_until(lambda: "1" * 32 in cloud.taken)

    assert pc.files() == {BEST: b"a photo"}


def test_a_file_that_never_matches_is_set_aside_and_the_others_come(
    pc: Pc, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    bad = cloud.has(b"damaged", "BAD.jpg", faults=["wrong"] * 50)
    message = cloud.ring(bad)
    with caplog.at_level(logging.ERROR):
        pc.start()
        cloud.wait_until(lambda: len(cloud.gets) == 5)

        cloud.has(b"a photo")
        cloud.ring(list(cloud.owed.values())[-1])
        cloud.wait_until(lambda: len(cloud.taken) == 1)
        pc.stop()

    assert pc.files() == {BEST: b"a photo"}
    assert sum(key == bad["key"] for key, *_ in cloud.gets) == 5
    assert not cloud.messages[message]["deleted"]
    assert any("set aside" in record.message for record in caplog.records)


def test_a_late_notice_of_a_file_that_was_purged_is_done_with(
    pc: Pc, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    purged = cloud.has(b"purged", "OLD.jpg", faults=["missing"] * 50)
    message = cloud.ring(purged)
    del cloud.owed[purged["fileId"]]

    with caplog.at_level(logging.ERROR):
        pc.start()
        cloud.wait_until(lambda: cloud.messages[message]["deleted"])
        pc.stop()

    assert pc.files() == {}
    assert not caplog.records


def test_what_is_not_to_be_had_though_it_is_owed_keeps_its_notice(pc: Pc, cloud: FakeCloud) -> None:
    hidden = cloud.has(b"hidden", "BAD.jpg", faults=["403"] * 50)
    message = cloud.ring(hidden)

    pc.start()
    cloud.wait_until(lambda: len(cloud.gets) == 5)
    pc.stop()

    assert not cloud.messages[message]["deleted"]


def test_a_receipt_is_sent_until_it_is_taken(pc: Pc, cloud: FakeCloud) -> None:
    cloud.refuse["receipts"] = [(503, {}), (200, {"receipts": []}), (200, "not JSON"), (429, {})]  # type: ignore[list-item]
    message = cloud.ring(cloud.has(b"a photo"))

    pc.start()
    cloud.wait_until(lambda: cloud.messages[message]["deleted"])

    assert cloud.calls["receipts"] == 5
    assert len(cloud.gets) == 1


def test_a_receipt_not_taken_before_the_stop_is_sent_after_the_next_start(pc: Pc, cloud: FakeCloud) -> None:
    cloud.refuse["receipts"] = [(503, {})] * 1000
    cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.calls["receipts"] >= 2)
    pc.stop()

    cloud.refuse.clear()
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert len(cloud.gets) == 1


def test_a_refused_receipt_is_kept_and_its_message_left(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")
    message = cloud.ring(notice)
    refused = {"receipts": [{"fileId": notice["fileId"], "outcome": "refused", "reason": "other contents"}]}
    cloud.refuse["receipts"] = [(200, refused)]  # type: ignore[list-item]

    pc.start()
    cloud.wait_until(lambda: cloud.calls["receipts"])
    pc.stop()

    assert pc.status()["receiptsRefused"] == 1
    assert not cloud.messages[message]["deleted"]


def test_one_receipt_that_spoils_the_batch_does_not_hold_up_the_others(pc: Pc, cloud: FakeCloud) -> None:
    for number in range(3):
        cloud.has(b"photo %d" % number, f"IMG_{number}.jpg")
    bad_request = (400, {"Code": "BadInputError", "Message": "no"})
    cloud.refuse["receipts"] = [bad_request, bad_request]

    pc.start()
    cloud.wait_until(lambda: len(cloud.taken) == 2)


def test_the_cloud_may_be_away_for_a_while(pc: Pc, cloud: FakeCloud) -> None:
    for call in ("owed", "credentials", "heartbeat"):
        cloud.refuse[call] = [(503, {}), (502, "<html>"), (403, {"message": "Missing Authentication Token"})]  # type: ignore[list-item]
    cloud.has(b"a photo")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}


def test_one_refusal_is_taken_for_a_hiccup(pc: Pc, cloud: FakeCloud) -> None:
    cloud.refuse["owed"] = [(403, {"Message": "User is not authorized"})] * 2
    cloud.has(b"a photo")

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.failure is None


def test_the_unexpected_while_paths_are_chosen_leaves_no_file_in_the_air(
    pc: Pc, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.has(b"a photo")
    place, bugs = Shelf.place, iter([ValueError("a bug of ours")])

    def place_or_fail(self: Shelf, chosen: Sequence[Notice]) -> dict[str, Entry | PathTakenError]:
        for bug in bugs:
            raise bug
        return place(self, chosen)

    monkeypatch.setattr(Shelf, "place", place_or_fail)
    monkeypatch.setattr(loop, "AFTER_THE_UNEXPECTED_SECONDS", 0.01)
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}
    assert "a bug of ours" in caplog.text


def test_a_revoked_pc_stops_and_says_to_pair_again(pc: Pc, cloud: FakeCloud) -> None:
    cloud.revoked = True

    pc.start()
    pc.wait()

    assert isinstance(pc.failure, RevokedError)
    assert "pair again" in str(pc.failure)


def test_a_pc_revoked_while_it_runs_stops(pc: Pc, cloud: FakeCloud) -> None:
    pc.start()
    cloud.wait_until(lambda: cloud.calls["ReceiveMessage"])

    cloud.revoked = True
    cloud.ring(cloud.has(b"a photo"))
    pc.wait()

    assert isinstance(pc.failure, RevokedError)


def test_expired_credentials_are_renewed_in_time(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"a photo", faults=["403", "400"])

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert cloud.calls["credentials"] >= 2


def test_a_full_disk_pauses_fetching_and_room_lets_it_go_on(
    pc: Pc, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    pc.says(reserve_bytes=2**62)
    cloud.has(b"a photo")
    with caplog.at_level(logging.INFO):
        pc.start()
        cloud.wait_until(lambda: cloud.calls["heartbeat"])

        assert cloud.gets == []
        assert cloud.calls["ReceiveMessage"] == 0
        pc.stop()

    assert pc.status()["diskFull"]
    assert sum("disk is full" in record.message for record in caplog.records) == 1


def test_without_its_home_folder_the_agent_waits_and_writes_nothing(pc: Pc, cloud: FakeCloud) -> None:
    away = pc.home.folder.with_name("unplugged")
    pc.home.folder.rename(away)
    cloud.has(b"a photo")

    pc.start()
    time_to_look_around(pc)
    assert not pc.home.folder.exists()
    away.rename(pc.home.folder)
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}


def test_a_drive_unplugged_while_the_agent_runs_is_waited_for(pc: Pc, cloud: FakeCloud) -> None:
    pc.start()
    cloud.wait_until(lambda: cloud.calls["ReceiveMessage"])
    away = pc.home.folder.with_name("unplugged")
    pc.home.folder.rename(away)
    pc.home.folder.mkdir()

    cloud.ring(cloud.has(b"a photo"))
    cloud.wait_until(lambda: cloud.calls["owed"])
    time_to_look_around(pc)
    assert list(pc.home.folder.iterdir()) == []
    pc.home.folder.rmdir()
    away.rename(pc.home.folder)
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}


def test_a_second_agent_for_the_same_home_is_refused(pc: Pc, cloud: FakeCloud) -> None:
    pc.start()
    cloud.wait_until(lambda: cloud.calls["owed"])
    second = Pc(pc.home, cloud)

    second.start()
    second.wait()

    assert isinstance(second.failure, AlreadyRunningError)


def test_a_changed_template_moves_nothing(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()

    pc.says(template="{kind}/{name}")
    cloud.owed[notice["fileId"]] = notice
    cloud.has(b"a later photo", "IMG_2.jpg")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo", "photos/IMG_2.jpg": b"a later photo"}


def test_a_notice_without_a_hash_is_verified_by_its_version_and_size(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"a photo", sha256=None)

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}


def test_stopping_waits_for_no_cloud_that_hangs(pc: Pc, cloud: FakeCloud) -> None:
    before, asked, answered = set(threading.enumerate()), threading.Event(), threading.Event()

    class Hanging(cloud.server.RequestHandlerClass):  # type: ignore[name-defined,misc]
        def handle(self) -> None:
            asked.set()
            answered.wait()
            super().handle()

    cloud.server.RequestHandlerClass = Hanging
    pc.start()
    asked.wait()
    pc.stop()
    left = {thread.name: thread for thread in set(threading.enumerate()) - before}
    answered.set()

    assert "agent" in left
    left["agent"].join()


@pytest.mark.parametrize(("kind", "heard"), [(0, False), (1, False), (2, True), (5, True), (6, True)])
def test_an_end_that_windows_tells_of_is_held_up_until_all_is_settled(kind: int, heard: bool) -> None:
    told: list[str] = []

    class Settled(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            told.append(f"waited {timeout} s at most")
            return True

    assert farewell._ending(lambda: told.append("asked"), Settled())(kind) is heard
    assert told == (["asked", "waited 4.5 s at most"] if heard else [])


@pytest.mark.skipif(sys.platform == "win32", reason="there a window hears it")
def test_elsewhere_nobody_is_asked_by_name(home: Home) -> None:
    assert not farewell.ask(home)


def test_windows_waits_long_enough_for_a_farewell() -> None:
    assert loop.GOODBYE_SECONDS + loop.FLUSHING_SECONDS < farewell.LONGEST_SECONDS < 5


def test_no_secret_is_logged(pc: Pc, cloud: FakeCloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.has(b"a photo", faults=["403", "503", "wrong"])
    cloud.refuse["receipts"] = [(503, {})]
    with caplog.at_level(logging.DEBUG, logger="agent"):
        pc.start()
        cloud.wait_until(lambda: cloud.all_home)
        pc.stop()

    said = json.dumps([record.getMessage() for record in caplog.records])
    assert HUSH not in said


def test_many_files_come_home_together(pc: Pc, cloud: FakeCloud) -> None:
    bodies = {f"IMG_{number}.jpg": b"%d" % number * 1000 for number in range(700)}
    for name, body in bodies.items():
        cloud.has(body, name)

    pc.start()
    cloud.wait_until(lambda: cloud.all_home, 600)

    assert {path.rpartition("/")[2]: body for path, body in pc.files().items()} == bodies
    assert cloud.calls["receipts"] < len(bodies)


def test_trouble_with_a_file_that_is_not_owed_any_more_is_forgotten(pc: Pc, cloud: FakeCloud) -> None:
    bad = cloud.has(b"damaged", faults=["wrong"] * 50)
    pc.start()
    cloud.wait_until(lambda: len(cloud.gets) == 5)
    pc.stop()
    before = pc.status()["troubles"]

    cloud.owed.clear()
    pc.start()
    cloud.wait_until(lambda: cloud.calls["owed"] == 2 and cloud.calls["heartbeat"])
    pc.stop()

    assert [trouble["fileId"] for trouble in before] == [bad["fileId"]]
    assert pc.status()["troubles"] == []


def test_a_state_folder_without_its_partials_is_made_whole(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"a photo")
    pc.home.partials.rmdir()

    pc.start()
    cloud.wait_until(lambda: cloud.all_home)

    assert pc.files() == {BEST: b"a photo"}


def test_a_partial_nobody_continues_is_swept_after_a_month(pc: Pc, cloud: FakeCloud) -> None:
    old, young = pc.home.partials / "old.partial", pc.home.partials / "young.partial"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))

    pc.start()
    cloud.wait_until(lambda: cloud.calls["owed"])

    assert [path.name for path in pc.home.partials.iterdir()] == ["young.partial"]


def test_an_object_replaced_under_the_same_key_is_not_mixed_in(pc: Pc, cloud: FakeCloud) -> None:
    notice = cloud.has(b"a photo")
    cloud.objects[notice["key"]] = StoredObject(b"another", "v9")

    pc.start()
    cloud.wait_until(lambda: len(cloud.gets) == 5)
    pc.stop()

    assert pc.files() == {}


def test_a_copied_home_folder_works_as_before(pc: Pc, cloud: FakeCloud) -> None:
    cloud.has(b"a photo")
    pc.start()
    cloud.wait_until(lambda: cloud.all_home)
    pc.stop()

    moved = Home(pc.home.folder.with_name("new drive"))
    shutil.copytree(pc.home.folder, moved.folder)
    second = Pc(moved, cloud)
    cloud.has(b"a later photo", "IMG_2.jpg")
    second.start()
    cloud.wait_until(lambda: cloud.all_home)
    second.stop()

    assert len(second.files()) == 2


def time_to_look_around(pc: Pc) -> None:
    """Let the agent notice that its home is away: it waits for its stop meanwhile."""
    pc.session.stop.wait(0.3)
