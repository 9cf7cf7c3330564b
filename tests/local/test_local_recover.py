from datetime import UTC, datetime, timedelta

import pytest
from chalice.app import S3Event

from local.recover import Arrived, event_of, to_replay
from local.snapshots import LastSnapshot

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def an_object(seconds: float, key: str = "originals/o/f-photo.jpg") -> Arrived:
    return Arrived(key, "v1", "etag", 7, NOON + timedelta(seconds=seconds))


def an_unclean_stop(seconds: float = 0) -> LastSnapshot:
    return LastSnapshot(NOON.timestamp() + seconds, clean=False)


def test_after_a_clean_stop_nothing_is_told_again() -> None:
    assert to_replay([an_object(5)], LastSnapshot(NOON.timestamp(), clean=True)) == []


@pytest.mark.parametrize(("seconds", "told"), [(1, True), (0, True), (-4, True), (-6, False), (-3600, False)])
def test_what_came_after_the_snapshot_or_just_before_is_told_again(seconds: float, *, told: bool) -> None:
    assert bool(to_replay([an_object(seconds)], an_unclean_stop())) is told


def test_without_any_snapshot_everything_is_told_again() -> None:
    assert len(to_replay([an_object(-9999), an_object(0)], None)) == 2


def test_the_oldest_comes_first() -> None:
    late, early = an_object(2), an_object(1)

    assert to_replay([late, early], an_unclean_stop()) == [early, late]


def test_the_event_reads_as_one_of_s3() -> None:
    arrived = an_object(0, "originals/o/f-Straße mit + und ü.jpg")

    event = S3Event(event_of("bucket", arrived), None)

    assert (event.bucket, event.key) == ("bucket", arrived.key)


def test_the_event_names_version_and_size() -> None:
    told = event_of("bucket", an_object(0))["Records"][0]["s3"]["object"]

    assert (told["versionId"], told["size"]) == ("v1", 7)
