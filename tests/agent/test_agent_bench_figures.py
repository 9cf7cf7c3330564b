"""The bench says of each ratio whether it meets its aim."""

from __future__ import annotations

import pytest

from bench.contestants import Run
from bench.figures import beside_aim, table
from bench.rolls import Roll


@pytest.mark.parametrize(
    ("ratio", "aim", "written"),
    [(0.9, 0.9, "**0.90** | 0.9"), (0.904, 0.9, "**0.90** | 0.9"), (0.91, 0.9, "0.91 | 0.9"), (2, None, "2.00 | ")],
)
def test_a_ratio_that_meets_its_aim_is_bold(ratio: float, aim: float | None, written: str) -> None:
    assert beside_aim(ratio, aim) == written


def test_each_roll_has_the_aims_of_its_own() -> None:
    runs = {"agent": [Run(1.2, 1, 1)], "s5cmd": [Run(1, 1, 1)]}

    assert "1.20 | 0.9 |" in table(Roll("small", "", (1,)), runs)
    assert "**1.20** | 1.35 |" in table(Roll("photos", "", (1,)), runs)


def test_the_agents_start_is_told_apart_and_never_judged_away() -> None:
    runs = {"agent": [Run(1.2, 1, 1, start=0.2)], "s5cmd": [Run(1, 1, 1)]}

    told = table(Roll("photos", "", (1,)), runs).splitlines()[-1]

    assert told == "| s5cmd | 1.00 | 1.00 | 1 | **1.20** | 1.35 | 1.20 - 1.20 | 1.00 | 1.00 |"
