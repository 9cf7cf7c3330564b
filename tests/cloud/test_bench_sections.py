"""The bench measures what it says: its sections run, and reckon rightly from what they measured."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import asked, cold, homeward, known, routes, sections, uploads
from bench.contestants import Run
from tests.expected import EXPECTED
from tests.stage import ROUTES


def test_only_chosen_sections_are_measured() -> None:
    assert sections.wanted(None) == list(sections.SECTIONS)
    assert sections.wanted("push,small,cold") == ["cold", "push"]
    assert sections.wanted("small") == []


def test_a_route_is_answered_from_the_tape_as_it_was_by_aws() -> None:
    told = routes.section(2, [("GET", "/files"), ("POST", "/auth/login")])

    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in told.splitlines()[2:]]
    assert [row[:2] for row in rows] == [
        ["GET /files", "200"],
        ["POST /auth/login", "200"],
    ]
    assert [row[2] for row in rows] == ["1", "4"]


def test_every_route_is_measured() -> None:
    assert set(ROUTES) == set(EXPECTED)


def test_calls_and_cost_are_those_of_make_cost() -> None:
    told = asked.section()

    assert "| requests to the API | " in told
    assert "12 months, list price" in told


def test_medians_of_cold_starts_stand_in_their_columns() -> None:
    def one(start: float, answer: float) -> list[dict[str, float]]:
        return [{"import": start, "answer": answer}] * 3

    told = cold.told({"api/compiled": one(10, 20), "api/plain": one(30, 40)}, 7, {"api": "a query"})

    assert told.splitlines()[-1] == "| api | 10 | 20 | 30 | 40 | a query |"


def test_the_way_home_is_cut_where_the_file_was_marked() -> None:
    told = homeward.table([homeward.Way(1.0, 1.5, 1.75), homeward.Way(2.0, 2.5, 4.0)], [0.25, 1.0])

    figures = [[cell.strip() for cell in line.split("|")[2:4]] for line in told.splitlines()[-5:]]
    assert figures == [["500", "500"], ["875", "1500"], ["1375", "2000"], ["625", "1000"], ["750", "1000"]]


def test_the_moment_a_file_was_marked_is_read_from_the_clouds_log() -> None:
    line = '{"at": "2026-11-21T10:00:00.250Z", "said": "uploaded", "owner_hash": "x", "file_id": "0af"}'

    marked = homeward.marks(f"noise\n{line}\n{line.replace('uploaded', 'trashed').replace('0af', '0b')}\n")

    assert marked == {"0af": datetime(2026, 11, 21, 10, 0, 0, 250_000, UTC).timestamp()}


def test_what_some_heads_took_is_reckoned_up_to_all() -> None:
    took = known.Took(10, 2.0, 1_000, 3_000).times(5)

    told = known.table(50, known.Took(1, 0.1, 10, 10), 1, took, took).splitlines()

    assert took == known.Took(50, 10.0, 5_000, 15_000)
    assert "| list the bucket | 50 | 10.0 | 0.0 | 0.0 | 400 |" in told[-2]


def test_who_pushed_faster_has_a_ratio_below_one() -> None:
    told = uploads.table({"push": [Run(1.0, 0.5, 30)], "other": [Run(4.0, 0.5, 30)]}, 100)

    assert told.splitlines()[-2:] == [
        "| push | 1.0 | 100 | 0.5 | 30 |  |",
        "| other | 4.0 | 25 | 0.5 | 30 | **0.25** |",
    ]


@pytest.mark.parametrize("count", [3])
def test_the_files_to_send_are_made_once(tmp_path: Path, count: int) -> None:
    made = uploads.make(tmp_path, count)
    before = [path.stat().st_mtime_ns for path in sorted(made.iterdir())]

    assert uploads.make(tmp_path, count) == made
    assert [path.stat().st_mtime_ns for path in sorted(made.iterdir())] == before
    assert len({path.read_bytes() for path in made.iterdir()}) == count
