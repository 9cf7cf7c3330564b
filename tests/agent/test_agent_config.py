"""Settings: documented as they are, all that is wrong at once; how fast bytes may come, by day and by night."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import config
from agent.errors import SettingsError, StoppedError
from agent.fetch import limits
from agent.fetch.limits import Bucket, Limit


def test_all_that_is_wrong_in_the_settings_is_said_at_once() -> None:
    text = """
        fetchers = 0
        colour = "red"
        template = "{year}/{town!r}"
        reserve_bytes = true
        [limit]
        day = "fast"
        night_from = "25:00"
        noon = "1M"
    """

    with pytest.raises(SettingsError) as caught:
        config.parse(text)

    assert len(caught.value.wrong) == 7
    assert len(str(caught.value).splitlines()) == 8
    assert all(word in str(caught.value) for word in ("town", "must end in {name}", "limit.noon", "'25:00'", "'fast'"))


def test_the_documented_settings_are_the_defaults() -> None:
    lines = config.DOCUMENTED.splitlines()
    spoken = "\n".join(line.removeprefix("# ") for line in lines if " = " in line or line.startswith("["))

    assert config.parse(config.DOCUMENTED) == config.parse(spoken) == config.Config()


def test_every_setting_is_documented() -> None:
    named = [line.removeprefix("# ").partition(" = ")[0] for line in config.DOCUMENTED.splitlines() if " = " in line]

    assert named == [*config.RULES, *config.LIMIT_RULES]


def test_settings_that_are_no_toml_are_refused() -> None:
    with pytest.raises(SettingsError, match="not TOML"):
        config.parse("fetchers = ")


def test_a_limit_that_is_no_table_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"\[limit\] on a line of its own"):
        config.parse('limit = "2M"')


@pytest.mark.parametrize(
    ("told", "amount"), [("2M", 2_000_000), ("1.5 m", 1_500_000), ("750k", 750_000), ("0", 0), (0, 0), (20_000, 20_000)]
)
def test_an_amount_is_read_as_people_write_it(told: object, amount: int) -> None:
    assert limits.parse_amount(told) == amount


@pytest.mark.parametrize("told", ["", "M", "2T", "-1", "1e6", "2MB", "9999", "0.001k", True, 2.5, None, [], "٣M" * 9])
def test_what_is_no_amount_is_refused_naming_it(told: object) -> None:
    with pytest.raises(ValueError, match="second"):
        limits.parse_amount(told)


@pytest.mark.parametrize("told", ["24:00", "7:00", "07:60", "", 7, None, "07:00 "])
def test_what_is_no_hour_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match="23:00"):
        limits.parse_hour(told)


@pytest.mark.parametrize(
    ("when", "amount"),
    [("22:59", 10), ("23:00", 20), ("23:59", 20), ("00:00", 20), ("06:59", 20), ("07:00", 10), ("12:00", 10)],
)
def test_the_night_passes_midnight(when: str, amount: int) -> None:
    assert Limit(day=10, night=20).at(limits.parse_hour(when)) == amount


@pytest.mark.parametrize(("when", "amount"), [("00:59", 10), ("01:00", 20), ("04:59", 20), ("05:00", 10)])
def test_a_night_may_lie_within_one_day(when: str, amount: int) -> None:
    assert Limit(day=10, night=20, night_from=time(1), night_to=time(5)).at(limits.parse_hour(when)) == amount


def test_a_night_without_length_never_comes() -> None:
    limit = Limit(day=10, night=20, night_from=time(7), night_to=time(7))

    assert {limit.at(time(hour)) for hour in range(24)} == {10}


class Clock:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(10_000, 10**7), st.lists(st.integers(1, 10**5), min_size=1, max_size=20))
def test_no_more_than_the_limit_comes_in_any_while(rate: int, pieces: list[int]) -> None:
    clock = Clock()
    bucket = Bucket(lambda: rate, lambda: clock.now, clock.wait)

    for piece in pieces:
        bucket.take(piece)

    assert sum(pieces) <= rate * (clock.now - 100) * 1.0001 + 1


def test_three_videos_at_once_bring_no_more_than_the_limit_in_ten_seconds() -> None:
    clock, came = Clock(), 0
    bucket = Bucket(lambda: 2_000_000, lambda: clock.now, clock.wait)

    while True:
        bucket.take(256 * 1024)
        if clock.now >= 110:
            break
        came += 256 * 1024

    assert 19_000_000 < came <= 20_000_000


def test_what_somebody_gave_up_waiting_for_is_there_for_the_next() -> None:
    clock, has_stopped = Clock(), [True]

    def wait(seconds: float) -> None:
        if has_stopped[0]:
            raise StoppedError
        clock.wait(seconds)

    bucket = Bucket(lambda: 1000, lambda: clock.now, wait)
    with pytest.raises(StoppedError):
        bucket.take(10**9)
    has_stopped[0] = False

    bucket.take(1000)

    assert clock.now - 100 == pytest.approx(1.0)


def test_an_idle_hour_saves_up_one_second_at_most() -> None:
    clock = Clock()
    bucket = Bucket(lambda: 1000, lambda: clock.now, clock.wait)
    clock.now += 3600

    for _ in range(5):
        bucket.take(1000)

    assert clock.now - 3700 == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("rate", "files"), [(0, 8), (10_000, 1), (249_999, 1), (500_000, 2), (1_000_000, 4), (1_000_000_000, 8)]
)
def test_under_a_limit_few_files_are_under_way(rate: int, files: int) -> None:
    assert limits.abreast(rate, most=8) == files


def test_without_a_limit_nobody_waits() -> None:
    clock = Clock()
    bucket = Bucket(lambda: 0, lambda: clock.now, clock.wait)

    bucket.take(10**12)
    bucket.take(10**12)

    assert clock.now == 100


def test_a_limit_that_is_lifted_ends_the_wait() -> None:
    clock, rates = Clock(), [10_000] * 3
    bucket = Bucket(lambda: rates.pop() if rates else 0, lambda: clock.now, clock.wait)
    bucket.take(10**9)

    bucket.take(1)

    assert clock.now <= 102
