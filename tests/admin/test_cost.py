"""What files cost follows from counted operations and one table of prices; the counts are those of today's code."""

import json
from typing import Any

import pytest

from admin import cost
from admin.cost import LEGS, Asked, Standing, charged, ours, simple, standing, table
from bench import journey
from bench.capacity import Shown, query_units, read_units, write_units
from bench.operations import FILES
from chalicelib.library import prices
from chalicelib.library.prices import Work

NOTHING_STANDS = Standing(alarms=0, dashboards=0)
DUE = Shown(("dueKind", "dueAt"))


def item(size: int = 10, **more: str) -> dict[str, Any]:
    keys = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    return {**keys, **{name: {"S": text} for name, text in more.items()}, "x": {"S": "x" * (size - 7)}}


def counted() -> dict[str, Any]:
    return cost.read()


@pytest.mark.parametrize("pcs", [1, 2])
def test_the_committed_counts_are_what_a_run_counts(pcs: int) -> None:
    found = json.loads(json.dumps(journey.count(pcs, FILES)))

    kept = counted()["pcs"][str(pcs)]
    # Ids and counters differ from run to run by a few digits.
    weights = found.pop("kept")["tableBytes"], kept.pop("kept")["tableBytes"]
    assert found == kept, "what a file asks of AWS has changed: `make count-operations`, and see prices.py"
    assert abs(weights[0] - weights[1]) < weights[1] / 10


def test_what_owners_are_shown_is_reckoned_from_the_counts() -> None:
    legs = counted()["pcs"]["1"]
    arrivals = [legs[leg] for leg in LEGS if leg != "home"]

    assert work_of(*arrivals) == pytest.approx(dollars_but_time(prices.ARRIVALS), rel=0.1)
    assert work_of(legs["home"]) == pytest.approx(dollars_but_time(prices.HOMECOMINGS), rel=0.1)


def work_of(*legs: dict[str, int]) -> int:
    def per_thousand(name: str) -> int:
        return sum(leg.get(name, 0) for leg in legs) * prices.FILES // FILES

    return prices.of(
        Work(
            api_requests=per_thousand("api"),
            function_calls=per_thousand("functions"),
            puts=per_thousand("s3Dear"),
            gets=per_thousand("s3Cheap"),
            messages=per_thousand("sqs"),
            reads=per_thousand("halfReads") // 2,
            writes=per_thousand("writes"),
        )
    )


def dollars_but_time(work: Work) -> int:
    return prices.of(Work(**{**vars(work), "function_mib_seconds": 0}))


def test_the_embedded_cloud_was_asked_for_the_same_objects() -> None:
    told = counted()
    there, legs = told["embedded"]["operations"], told["pcs"]["1"]

    for name in ("PutObject", "HeadObject", "GetObject", "SendMessageBatch"):
        assert there[name] == sum(legs[leg].get(name, 0) for leg in LEGS[:-1]), name


def test_a_file_costs_what_its_operations_do() -> None:
    one, two = (ours(Asked(files=n, mb=0), counted(), NOTHING_STANDS) for n in (1000, 2000))

    arrivals, homecomings = prices.of(prices.ARRIVALS), prices.of(prices.HOMECOMINGS)
    dollars = sum(two[name] - one[name] for name in ("API Gateway", "Lambda", "DynamoDB", "S3 requests", "SQS"))
    assert dollars == pytest.approx((arrivals + homecomings) / 1e9, rel=0.1)


def test_another_pc_fetches_everything_once_more() -> None:
    one, two = (ours(Asked(files=1024, mb=1, pcs=n), counted(), NOTHING_STANDS) for n in (1, 2))

    assert two["transfer to PCs"] == pytest.approx(2 * one["transfer to PCs"])
    assert two["S3 storage"] == one["S3 storage"]


def test_what_is_at_home_costs_no_storage_after_its_grace() -> None:
    def storage(months: int) -> tuple[float, float]:
        asked = Asked(files=1024, mb=1000, months=months)
        return ours(asked, counted(), NOTHING_STANDS)["S3 storage"], simple(asked)["S3 storage"]

    (ours_2, simple_2), (ours_12, simple_12) = storage(2), storage(12)
    assert simple_12 == pytest.approx(6 * simple_2)
    assert ours_12 < 1.1 * ours_2


def test_what_is_free_is_taken_off_and_no_more() -> None:
    total = ours(Asked(files=100_000, months=2), counted(), Standing(alarms=12, dashboards=1))

    left = charged(total, 2)

    assert left["CloudWatch alarms"] == pytest.approx(2 * 0.2)
    assert left["CloudWatch dashboards"] == 0
    assert left["transfer to PCs"] == pytest.approx(total["transfer to PCs"] - 9)
    assert left["S3 storage"] == total["S3 storage"]


def test_frankfurt_is_dearer() -> None:
    one, other = (sum(simple(Asked(region=region)).values()) for region in ("us-east-1", "eu-central-1"))

    assert one < other < 1.2 * one


def test_what_stands_is_counted_in_the_template() -> None:
    assert standing() == Standing(alarms=10, dashboards=1)
    assert standing(alarms=False, dashboard=False) == NOTHING_STANDS


def test_a_first_stage_is_watched_for_nothing() -> None:
    left = charged(ours(Asked(), counted(), standing()), 1)

    assert {name: much for name, much in left.items() if name.startswith("CloudWatch") and much} == {}


def test_a_metric_is_paid_for_in_the_hours_in_which_it_is_told() -> None:
    told = counted()["pcs"]["1"]["told"]
    quiet = ours(Asked(months=1), counted() | {"pcs": quietened()}, NOTHING_STANDS)["CloudWatch metrics"]

    assert told["atRest"] == 0
    assert told["atWork"] <= 10
    assert quiet == 0
    assert ours(Asked(months=1), counted(), NOTHING_STANDS)["CloudWatch metrics"] == pytest.approx(
        0.3 * told["atWork"] * 8 / 24
    )


def quietened() -> dict[str, Any]:
    return {name: legs | {"told": {"atRest": 0, "atWork": 0}} for name, legs in counted()["pcs"].items()}


def test_the_table_says_what_dominates() -> None:
    lines = table(Asked(files=10, mb=3), counted(), Standing(alarms=500, dashboards=0)).splitlines()

    assert lines[0].startswith("10 files of 3 MiB, 1 PC, 1 month, us-east-1")
    assert lines[2].startswith("CloudWatch alarms")
    assert lines[-1].startswith("Most of it is CloudWatch alarms: ")


@pytest.mark.parametrize(
    ("before", "after", "times", "units"),
    [
        (None, item(), 1, 1),
        (None, item(1024), 1, 1),
        (None, item(1025), 1, 2),
        (item(3000), item(10), 2, 6),
        (None, None, 2, 2),
        (None, item(dueKind="a", dueAt="1"), 2, 3),
        (item(dueKind="a", dueAt="1"), item(dueKind="a", dueAt="1"), 2, 2),
        (item(dueKind="a", dueAt="1"), item(dueKind="a", dueAt="2"), 2, 4),
        (item(dueKind="a", dueAt="1"), item(), 2, 3),
    ],
)
def test_a_write_takes_the_larger_side_and_each_index_it_shows_in(
    before: Any, after: Any, times: int, units: int
) -> None:
    assert write_units(before, after, [DUE], times=times) == units


def test_reads_are_charged_by_four_kib_and_half_if_they_may_lag() -> None:
    assert read_units([0, 4096, 4097]) == 4
    assert query_units(10_000, lags=False) == 3
    assert query_units(100, lags=True) == 0.5
