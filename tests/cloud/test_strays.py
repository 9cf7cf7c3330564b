"""Objects that no file stands for leave the originals, and none is deleted that might be somebody's only copy."""

from typing import Any

import pytest

from chalicelib.incoming import objects, strays, uploads, wanted
from chalicelib.incoming.objects import ManyVersionsError
from chalicelib.keeping import home_sweep
from chalicelib.metadata import files, owners
from chalicelib.metadata.table import Delete
from tests.builders import BUCKET, OWNER, Account

PHOTO, OTHER = b"the bytes of a photo", b"other bytes"


def stored(account: Account) -> dict[str, list[bytes]]:
    """Read every version in the bucket, by key, the newest first."""
    found: dict[str, list[bytes]] = {}
    told = account.s3.list_object_versions(Bucket=BUCKET)
    for one in told.get("Versions", []):
        body = account.s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        found.setdefault(one["Key"], []).append(body)
    assert not told.get("DeleteMarkers")
    return found


def aside(key: str, version: str) -> str:
    return f"quarantine/{key.removeprefix('originals/')}/{version}"


def begin_simple(account: Account) -> Any:
    return uploads.begin_simple(account.world, account.phone().caller, wanted.Simple("a.jpg", "image/jpeg"))


def test_what_comes_after_an_upload_was_called_off_is_removed(account: Account) -> None:
    phone = account.phone()
    (begun,) = phone.begin(PHOTO)
    uploads.abort(account.world, phone.caller, begun.file_id)
    version = account.put(begun.key, PHOTO)
    account.hear(begun.key, version)

    home_sweep.sweep_home(account.world)

    assert stored(account) == {}


def test_what_was_in_when_its_upload_was_called_off_is_removed(account: Account) -> None:
    """Its event may be over: such was left to be hashed, or lost."""
    told = begin_simple(account)
    account.put(told.key, PHOTO, checked=False)
    uploads.abort(account.world, account.phone().caller, told.file_id)

    home_sweep.sweep_home(account.world)

    assert stored(account) == {}


def test_what_comes_late_after_an_upload_was_called_off_is_removed_without_its_event(account: Account) -> None:
    told = begin_simple(account)
    uploads.abort(account.world, account.phone().caller, told.file_id)
    home_sweep.sweep_home(account.world)
    account.put(told.key, PHOTO, checked=False)

    account.clock.wind(days=2)
    home_sweep.sweep_home(account.world)

    assert stored(account) == {}
    assert account.items(f"owner#{OWNER}", "look#") == []


def test_what_comes_after_its_owner_has_left_is_removed(account: Account) -> None:
    """A long PUT, begun while the account was open, ends after the last lap of its removal."""
    account.owner()
    told = begin_simple(account)
    owners.close(account.world.table, OWNER, account.world.now_text())
    account.world.table.put(Delete(files.file_key(OWNER, told.file_id)))
    account.hear(told.key, account.put(told.key, PHOTO, checked=False))

    home_sweep.sweep_home(account.world)

    assert stored(account) == {}


def test_the_same_bytes_put_again_are_removed(account: Account) -> None:
    told = begin_simple(account)
    first = account.put(told.key, PHOTO, checked=False)
    account.hear(told.key, first)
    account.hear(told.key, account.put(told.key, PHOTO, checked=False))

    home_sweep.sweep_home(account.world)

    assert stored(account) == {told.key: [PHOTO]}


def test_other_bytes_put_later_are_put_aside_so_that_the_first_stay_current(account: Account) -> None:
    pc, told = account.pc(), begin_simple(account)
    first = account.put(told.key, PHOTO, checked=False)
    account.hear(told.key, first)
    later = account.put(told.key, OTHER, checked=False)
    account.hear(told.key, later)

    home_sweep.sweep_home(account.world)

    assert stored(account) == {told.key: [PHOTO], aside(told.key, later): [OTHER]}
    assert [notice["versionId"] for notice in pc.owed()] == [first]
    assert account.s3.head_object(Bucket=BUCKET, Key=told.key)["VersionId"] == first


def test_events_in_another_order_lose_neither_version(account: Account) -> None:
    told = begin_simple(account)
    earlier = account.put(told.key, PHOTO, checked=False)
    later = account.put(told.key, OTHER, checked=False)
    account.hear(told.key, later)
    account.hear(told.key, earlier)

    home_sweep.sweep_home(account.world)

    assert stored(account)[told.key] == [OTHER, PHOTO]


def test_what_came_in_place_of_what_was_declared_is_put_aside(account: Account) -> None:
    (begun,) = account.phone().begin(PHOTO)
    version = account.put(begun.key, OTHER)
    account.hear(begun.key, version)

    home_sweep.sweep_home(account.world)

    assert stored(account) == {aside(begun.key, version): [OTHER]}


def test_what_comes_once_more_for_a_refused_file_is_put_aside_too(account: Account) -> None:
    (begun,) = account.phone().begin(PHOTO)
    account.hear(begun.key, account.put(begun.key, OTHER))
    home_sweep.sweep_home(account.world)
    account.hear(begun.key, account.put(begun.key, OTHER))

    home_sweep.sweep_home(account.world)

    assert [key.partition("/")[0] for key in stored(account)] == ["quarantine"] * 2


def test_another_key_with_the_id_of_a_file_is_put_aside(account: Account) -> None:
    begun = account.phone().send(PHOTO)
    account.hear(begun.key)
    forged = begun.key.replace("IMG_0001", "other")
    version = account.put(forged, OTHER)
    account.hear(forged, version)

    home_sweep.sweep_home(account.world)

    assert stored(account) == {begun.key: [PHOTO], aside(forged, version): [OTHER]}


def test_what_is_put_aside_is_reported(account: Account) -> None:
    (begun,) = account.phone().begin(PHOTO)
    version = account.put(begun.key, OTHER)
    account.hear(begun.key, version)

    home_sweep.sweep_home(account.world)

    refused, moved = account.troubles()
    assert (refused["what"], moved["what"]) == ("other bytes than declared", "put aside for 30 days")
    assert moved["key"] == aside(begun.key, version)


@pytest.mark.parametrize("dies", ["CopyObject", "DeleteObject"])
def test_dying_in_between_loses_nothing(account: Account, dies: str) -> None:
    told = begin_simple(account)
    account.hear(told.key, account.put(told.key, PHOTO, checked=False))
    later = account.put(told.key, OTHER, checked=False)
    account.hear(told.key, later)
    died: list[None] = []

    def once(model: Any, **_: Any) -> None:
        if model.name == dies and not died:
            died.append(None)
            raise TimeoutError("S3 did not answer")

    account.s3.meta.events.register("before-call", once)
    with pytest.raises(TimeoutError):
        home_sweep.sweep_home(account.world)

    account.clock.wind(hours=1)
    home_sweep.sweep_home(account.world)

    left = stored(account)
    assert left.keys() == {told.key, aside(told.key, later)}
    assert left[told.key] == [PHOTO]
    assert set(left[aside(told.key, later)]) == {OTHER}


def test_more_versions_than_a_page_holds_are_all_looked_through(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    told = begin_simple(account)
    first = account.put(told.key, PHOTO, checked=False)
    account.hear(told.key, first)
    for number in range(5):
        later = account.put(told.key, f"{number}".encode(), checked=False)
    account.hear(told.key, later)

    home_sweep.sweep_home(account.world)

    monkeypatch.undo()
    assert account.s3.head_object(Bucket=BUCKET, Key=told.key)["VersionId"] == first
    assert sorted(body for key, (body,) in stored(account).items() if key != told.key) == [b"0", b"1", b"2", b"3", b"4"]


def test_more_strays_than_one_run_takes_away_are_left_to_the_next(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strays, "MOST_AT_ONCE", 2)
    told = begin_simple(account)
    first = account.put(told.key, PHOTO, checked=False)
    account.hear(told.key, first)
    for number in range(3):
        later = account.put(told.key, f"{number}".encode(), checked=False)
    account.hear(told.key, later)

    with pytest.raises(ManyVersionsError):
        home_sweep.sweep_home(account.world)
    account.clock.wind(hours=1)
    home_sweep.sweep_home(account.world)

    assert account.s3.head_object(Bucket=BUCKET, Key=told.key)["VersionId"] == first


def test_what_is_too_large_to_be_moved_is_left_to_expire(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MOST_PUT_BYTES", len(OTHER) - 1)
    (begun,) = account.phone().begin(PHOTO)
    version = account.put(begun.key, OTHER)
    account.hear(begun.key, version)

    home_sweep.sweep_home(account.world)

    tags = account.s3.get_object_tagging(Bucket=BUCKET, Key=begun.key, VersionId=version)["TagSet"]
    assert (stored(account), tags) == ({begun.key: [OTHER]}, [strays.TAG])
    assert [one["what"] for one in account.troubles()][1:] == ["too large to be put aside, left for 30 days"]


def test_what_is_too_large_to_be_moved_and_hides_a_file_is_reported_and_not_deleted(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "MOST_PUT_BYTES", len(PHOTO))
    told = begin_simple(account)
    account.hear(told.key, account.put(told.key, PHOTO, checked=False))
    account.hear(told.key, account.put(told.key, PHOTO + OTHER, checked=False))

    home_sweep.sweep_home(account.world)

    assert stored(account) == {told.key: [PHOTO + OTHER, PHOTO]}
    assert [one["what"] for one in account.troubles()] == ["cloud copy hidden"]


def test_two_sweeps_at_once_put_aside_once(account: Account) -> None:
    told = begin_simple(account)
    account.hear(told.key, account.put(told.key, PHOTO, checked=False))
    later = account.put(told.key, OTHER, checked=False)
    account.hear(told.key, later)
    meanwhile: list[None] = []

    def another_sweep(model: Any, **_: Any) -> None:
        if model.name == "CopyObject" and not meanwhile:
            meanwhile.append(None)
            home_sweep.sweep_home(account.world)

    account.s3.meta.events.register("before-call", another_sweep)
    home_sweep.sweep_home(account.world)

    assert stored(account) == {told.key: [PHOTO], aside(told.key, later): [OTHER]}


def test_a_file_without_strays_is_left_as_it_is(account: Account) -> None:
    begun = account.phone().send(PHOTO)
    account.hear(begun.key)
    account.clock.wind(days=40)

    home_sweep.sweep_home(account.world)

    assert stored(account) == {begun.key: [PHOTO]}
    assert account.item(f"owner#{OWNER}", f"file#{begun.file_id}")
