"""The verdict of `make chaos` bites: each promise that is broken is named, and nothing else is."""

from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.upkeep import lookout
from tests.chaos import stops, verdict
from tests.chaos.story import Asked
from tests.chaos.verdict import Found, Kept, judge

A, B, STRANGE = "a" * 64, "b" * 64, "c" * 64
GOOD = Found(
    wanted=frozenset([A, B]),
    at_home={"study": Counter([A, B]), "attic": Counter([A, B])},
    kept=[Kept("1", A, "downloaded"), Kept("2", B, "downloaded")],
    stopped=frozenset([("PC behind", "attic")]),
    told=frozenset([("PC behind", "attic")]),
)


def test_kept_promises_are_a_good_verdict() -> None:
    found = judge(GOOD)

    assert found.is_good
    assert [line.split(maxsplit=1) for line in found.lines()] == [["0", kind] for kind in verdict.KINDS]


@pytest.mark.parametrize(
    ("broken", "kind", "named"),
    [
        ({"at_home": {"study": Counter([A, B]), "attic": Counter([A])}}, verdict.LOST, "bbbbbbbbbbbb is not at attic"),
        ({"kept": [Kept("1", A, "downloaded")]}, verdict.LOST, "bbbbbbbbbbbb is no file"),
        ({"at_home": {"study": Counter([A, B, B])}}, verdict.DOUBLED, "bbbbbbbbbbbb is 2 times at study"),
        ({"kept": [*GOOD.kept, Kept("3", A, "downloaded")]}, verdict.DOUBLED, "aaaaaaaaaaaa is 2 files"),
        ({"at_home": {"study": Counter([A, B, STRANGE])}}, verdict.DAMAGED, "cccccccccccc at study was never sent"),
        ({"unsent": ["x.jpg"]}, verdict.UNENDED, "x.jpg was never taken"),
        ({"partials": ["1.partial"]}, verdict.UNENDED, "1.partial lies half fetched"),
        ({"kept": [GOOD.kept[0], Kept("2", B, "uploaded")]}, verdict.UNENDED, "2 is uploaded"),
        ({"owed": ["attic is owed 2"]}, verdict.OWED, "attic is owed 2"),
        ({"kept": [GOOD.kept[0], Kept("2", B, "downloaded", is_owed=True)]}, verdict.OWED, "2 says it is owed"),
        ({"audited": ["counter files +1"]}, verdict.MISCOUNTED, "counter files +1"),
        ({"told": frozenset()}, verdict.UNTOLD, "PC behind: attic"),
        ({"stopped": frozenset()}, verdict.FALSE_ALARM, "PC behind: attic"),
        ({"surprised": ["attic, 1 times"]}, verdict.SURPRISED, "attic, 1 times"),
    ],
)
def test_a_broken_promise_is_named(broken: dict[str, object], kind: str, named: str) -> None:
    found = judge(replace(GOOD, **broken))  # type: ignore[arg-type]

    assert {kind: list(wrong) for kind, wrong in found.wrong.items() if wrong} == {kind: [named]}
    assert not found.is_good


def test_the_verdict_shows_no_more_than_one_can_read() -> None:
    found = judge(replace(GOOD, unsent=[str(number) for number in range(1000)]))

    assert len(list(found.lines())) == len(verdict.KINDS) + verdict.MOST_SHOWN


@pytest.mark.parametrize(("faults", "untried"), [({"a": 1, "b": 2}, []), ({"a": 0, "b": 2}, ["a"]), ({"a": 1}, ["b"])])
def test_a_fault_that_never_came_is_named(faults: dict[str, int], untried: list[str]) -> None:
    assert verdict.judge_trials(faults, {"a", "b"}).wrong == {verdict.UNTRIED: untried}


def test_one_broken_wave_breaks_the_whole() -> None:
    broken = judge(replace(GOOD, owed=["attic is owed 2"]))

    assert not verdict.merged([judge(GOOD), broken, judge(GOOD)]).is_good
    assert verdict.merged([judge(GOOD), judge(GOOD)]).is_good


@pytest.mark.parametrize(("files", "waves"), [(1, [1]), (1000, [1000]), (2500, [1000, 1000, 500])])
def test_a_long_run_comes_in_waves_with_dice_of_their_own(files: int, waves: list[int]) -> None:
    made = Asked(files, 7, 0.04, 0.0).waves()

    assert [one.files for one in made] == waves
    assert len({one.seed for one in made}) == len(waves)
    assert made[0].seed == 7


def test_what_concerns_an_owner_is_expected_in_their_activity_as_well() -> None:
    expected = stops.expected(["attic"], ["phone"], ["media-dead"])

    assert {which for what, which in expected if what == stops.SWEEP_OVERDUE} == set(lookout.SWEEPS)
    assert stops.shown(expected) == {
        ("PC behind, in the activity", "attic"),
        ("phone silent, in the activity", "phone"),
    }
