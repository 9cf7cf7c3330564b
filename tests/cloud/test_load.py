"""No request and no round costs more because its owner has more files."""

import pytest

from bench import load


@pytest.fixture(scope="module")
def few() -> dict[str, load.Counts]:
    return load.measure(600)


@pytest.fixture(scope="module")
def many() -> dict[str, load.Counts]:
    return load.measure(1_500)


def test_calls_units_and_items_read_are_the_same_for_few_files_and_for_many(
    few: dict[str, load.Counts], many: dict[str, load.Counts]
) -> None:
    assert many == few


@pytest.mark.parametrize(
    ("deed", "calls"),
    [
        ("POST /uploads, 1 file", 2),
        ("POST /uploads, 100 files", 6),
        ("POST /files/missing, 1,000 hashes", 10),
        ("a file arrives", 2),
        ("GET owed, 500 files", 1),
        ("POST receipts, 100 files", 4),
        ("GET /usage", 1),
        ("GET /analytics/storage", 2),
        ("GET /analytics/overview", 3),
    ],
)
def test_a_request_makes_no_more_calls_than_the_design_allows(
    many: dict[str, load.Counts], deed: str, calls: int
) -> None:
    assert many[deed]["calls"] <= calls


def test_no_read_goes_through_what_the_owner_has(many: dict[str, load.Counts]) -> None:
    assert max(counts.get("itemsRead", 0) for counts in many.values()) <= load.PAGE
