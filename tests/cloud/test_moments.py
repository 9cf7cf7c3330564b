from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chalicelib import moments

A_MOMENT = datetime(2026, 11, 21, 10, 0, 0, 123_456, tzinfo=UTC)
# hypothesis wants naive bounds and adds the zone itself
AFTER_1970 = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_a_moment_is_written_in_utc_with_milliseconds_and_z() -> None:
    assert moments.to_text(A_MOMENT) == "2026-11-21T10:00:00.123Z"


def test_a_moment_from_elsewhere_is_written_in_utc() -> None:
    elsewhere = A_MOMENT.astimezone(timezone(timedelta(hours=14)))

    assert moments.to_text(elsewhere) == moments.to_text(A_MOMENT)


@given(AFTER_1970, AFTER_1970)
def test_texts_sort_as_their_moments_do(one: datetime, other: datetime) -> None:
    if moments.to_text(one) < moments.to_text(other):
        assert one < other


@given(AFTER_1970, AFTER_1970)
def test_ids_sort_by_the_moment_they_were_made(one: datetime, other: datetime) -> None:
    if other - one >= timedelta(milliseconds=1):
        assert moments.new_id(one) < moments.new_id(other)


def test_an_id_is_a_uuid_of_version_7_in_32_hex_digits() -> None:
    made = moments.new_id(A_MOMENT, random_bits=lambda count: 2**count - 1)

    assert made[12:] == "7fffbfffffffffffffff"
    assert int(made[:12], 16) == int(A_MOMENT.timestamp() * 1000)
    assert UUID(made).version == 7


def test_ids_of_one_millisecond_differ() -> None:
    assert len({moments.new_id(A_MOMENT) for _ in range(1000)}) == 1000
