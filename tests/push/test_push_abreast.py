"""How many files are sent at a time follows from how long small ones take."""

import threading

import pytest

from agent.push.abreast import FEW, LONG_SECONDS, MOST, NEAR_SECONDS, SMALL_BYTES, TOGETHER_BYTES, Abreast


def after(*took: tuple[int, float], chosen: int | None = None) -> int:
    abreast = Abreast(chosen)
    for size, seconds in took:
        abreast.took(size, seconds)
    return abreast.now


def far(times: int) -> list[tuple[int, float]]:
    return [(1, NEAR_SECONDS)] * times


@pytest.mark.parametrize(
    ("now", "took"),
    [
        (FEW, []),
        (FEW, [(1, NEAR_SECONDS / 2)] * 9),
        (FEW + 1, far(1)),
        (FEW + 1, [(SMALL_BYTES, NEAR_SECONDS)]),
        (FEW, [(SMALL_BYTES + 1, NEAR_SECONDS)]),
        (MOST, far(99)),
        (MOST // 2, [*far(99), (1, LONG_SECONDS)]),
        (MOST, [*far(99), (SMALL_BYTES + 1, LONG_SECONDS)]),
        (FEW, [*far(1), (1, LONG_SECONDS), (1, LONG_SECONDS)]),
    ],
)
def test_more_go_at_a_time_only_where_small_files_wait(now: int, took: list[tuple[int, float]]) -> None:
    assert after(*took) == now


@pytest.mark.parametrize("chosen", [1, 64])
def test_what_a_person_chose_stays(chosen: int) -> None:
    assert after(*far(99), (1, LONG_SECONDS), chosen=chosen) == chosen
    assert Abreast(chosen).most == chosen


def test_many_at_a_time_hold_few_bytes_together() -> None:
    abreast = Abreast()
    for size, seconds in far(99):
        abreast.took(size, seconds)

    with abreast.turn(TOGETHER_BYTES), abreast.turn(1), abreast.turn(1), abreast.turn(1):
        assert not abreast.has_room(1)
    assert abreast.has_room(TOGETHER_BYTES)


def test_the_first_few_may_be_as_large_as_they_like() -> None:
    abreast = Abreast()

    with abreast.turn(TOGETHER_BYTES), abreast.turn(TOGETHER_BYTES), abreast.turn(TOGETHER_BYTES):
        assert abreast.has_room(TOGETHER_BYTES)


def test_who_has_no_turn_gets_one_when_another_ends() -> None:
    abreast, begun = Abreast(1), threading.Event()

    def send() -> None:
        with abreast.turn(1):
            begun.set()

    with abreast.turn(1):
        waiting = threading.Thread(target=send)
        waiting.start()
        assert not begun.is_set()
    waiting.join()

    assert begun.is_set()


def test_a_turn_that_failed_is_over_too() -> None:
    abreast = Abreast(1)

    with pytest.raises(OSError, match="no"), abreast.turn(1):
        raise OSError("no")

    assert abreast.has_room(1)
