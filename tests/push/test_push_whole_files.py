"""Files that go in one PUT: all that can happen to them on the way."""

from __future__ import annotations

import pytest
from push_phone import Folder, Phone, noise
from push_simulator import Put, Simulator

from agent.errors import UnsafeAddressError
from agent.push.answers import Link
from agent.push.arrivals import FIRST_SECONDS
from agent.push.bucket import Bucket, pool
from agent.push.errors import MayNotUploadError


def test_every_file_arrives_whole(sim: Simulator, folder: Folder, phone: Phone) -> None:
    for number in range(25):
        folder.has(f"{number % 3}/IMG_{number}.jpg", noise(5_000, number))

    fates = phone.push(folder)

    assert set(fates.values()) == {"safe"}
    assert sim.uploaded() == folder.hashes()


def test_what_is_known_is_not_sent_again(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    phone.push(folder)

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "known"}
    assert len(sim.puts) == 1


def test_a_dry_run_sends_nothing(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")

    fates = phone.push(folder, dry_run=True)

    assert fates == {"IMG_1.jpg": "wouldSend"}
    assert sim.files == {}


@pytest.mark.parametrize(
    "fault", ["drop", "lost", "500", "503", "code:503:SlowDown", "code:400:RequestTimeout", "twice"]
)
def test_a_passing_fault_costs_another_try_and_no_file(
    fault: str, sim: Simulator, folder: Folder, phone: Phone
) -> None:
    folder.has("IMG_1.jpg", noise(300_000))
    sim.fails("PUT", fault)

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe"}
    assert sim.uploaded() == folder.hashes()


@pytest.mark.parametrize("what", ["missing", "uploads"])
@pytest.mark.parametrize("fault", ["lost", "500", "429", "twice"])
def test_a_call_that_fails_is_made_again(what: str, fault: str, sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.fails(what, fault)

    assert phone.push(folder) == {"IMG_1.jpg": "safe"}


def test_no_byte_goes_to_an_address_in_the_clear() -> None:
    with pool(1) as http, pytest.raises(UnsafeAddressError):
        Bucket(http).put(Link("http://bucket.example.com/key", {}), [b"secret"])


def test_an_expired_link_is_replaced_at_once(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg", noise(100_000))
    sim.fails("PUT", "403")

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe"}
    assert phone.clock.pauses == [FIRST_SECONDS], "the only pause is for the arrival"


def test_a_link_that_grew_old_in_the_queue_is_replaced_before_it_is_used(
    sim: Simulator, folder: Folder, phone: Phone
) -> None:
    for number in range(3):
        folder.has(f"IMG_{number}.jpg", noise(1_000, number))
    sim.on_put = lambda _put: phone.clock.pause(700) if len(sim.puts) == 1 else None

    fates = phone.push(folder, parallel=1)

    assert set(fates.values()) == {"safe"}
    assert [put.status for put in sim.puts] == [200, 200, 200]
    assert sim.calls["links"] == 2


def test_a_link_refused_for_ever_fails_with_what_s3_says(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    folder.has("IMG_2.jpg")
    sim.fails("PUT", *["403"] * 8)

    fates = phone.push(folder, parallel=1)

    assert sorted(fates.values()) == ["failed", "safe"]
    assert any("403 AccessDenied" in one.reason for one in phone.outcomes)


def test_a_reply_lost_after_the_object_was_there_is_no_failure(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.fails("PUT", "lost")

    phone.push(folder)

    assert [put.status for put in sim.puts] == [200, 412]
    assert sim.calls["GET files"] == 1


def test_safe_is_said_only_when_the_cloud_has_noticed(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.lag = 5

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe"}
    assert sim.calls["GET files"] == 5


def test_many_arrivals_are_looked_up_in_lists(sim: Simulator, folder: Folder, phone: Phone) -> None:
    for number in range(40):
        folder.has(f"IMG_{number}.jpg")
    sim.lag = 3

    fates = phone.push(folder)

    assert set(fates.values()) == {"safe"}
    assert sim.calls["GET files"] < 40


def test_a_file_that_the_cloud_never_notices_is_not_called_safe(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.lag = 10_000

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "failed"}
    assert "not noticed yet" in phone.reason("IMG_1.jpg")


def test_what_was_begun_and_never_seen_to_arrive_is_asked_for_again(
    sim: Simulator, folder: Folder, phone: Phone
) -> None:
    folder.has("IMG_1.jpg")
    sim.fails("PUT", *["500"] * 8)
    phone.push(folder)
    sim.pending_is_known = True

    fates = phone.push(folder)

    assert fates == {"IMG_1.jpg": "safe"}


def test_the_same_contents_are_sent_once_whatever_their_names(sim: Simulator, folder: Folder, phone: Phone) -> None:
    for name in ("a.jpg", "b/a.jpg", "c.jpg"):
        folder.has(name, b"same")

    fates = phone.push(folder)

    assert sorted(fates.values()) == ["known", "known", "safe"]
    assert len(sim.puts) == 1


def test_one_file_that_spoils_its_batch_is_found_and_the_others_go(folder: Folder, phone: Phone) -> None:
    for name in ("IMG_1.jpg", "IMG_2.jpg", "poison.jpg", "IMG_3.jpg", "unwanted.jpg"):
        folder.has(name)

    fates = phone.push(folder)

    assert {name for name, fate in fates.items() if fate == "safe"} == {"IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg"}
    assert "400" in phone.reason("poison.jpg")
    assert phone.reason("unwanted.jpg") == "quota has 5 bytes left"


def test_a_file_in_the_trash_stays_there(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    phone.push(folder)
    sim.named("IMG_1.jpg").status = "trashed"
    sim._is_known = lambda _sha256: False  # type: ignore[method-assign]

    assert phone.push(folder) == {"IMG_1.jpg": "skipped"}


def test_an_upload_that_was_swept_meanwhile_is_begun_again(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.fails("PUT", "500")
    swept: list[Put] = []

    def sweep_once(put: Put) -> None:
        if not swept:
            swept.append(put)
            sim.sweep()

    sim.on_bytes = sweep_once

    assert phone.push(folder) == {"IMG_1.jpg": "safe"}


def test_a_revoked_key_ends_the_push(sim: Simulator, folder: Folder, phone: Phone) -> None:
    folder.has("IMG_1.jpg")
    sim.revoked = True

    with pytest.raises(MayNotUploadError):
        phone.push(folder)


def test_many_small_files_need_few_calls(sim: Simulator, folder: Folder, phone: Phone) -> None:
    for number in range(300):
        folder.has(f"IMG_{number}.jpg")

    phone.push(folder, parallel=8)
    first = dict(sim.calls)
    sim.calls.clear()
    fates = phone.push(folder)

    assert first["uploads"] <= 25
    assert first["GET files"] <= 25
    assert set(fates.values()) == {"known"}
    assert sim.calls["missing"] <= 6
