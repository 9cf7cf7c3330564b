import json
from typing import Any

import pytest

from chalicelib import limits
from chalicelib.bodies import parse
from chalicelib.incoming import uploads
from chalicelib.incoming.wanted import Batch, Simple
from chalicelib.limits import Limit, TooManyRequestsError
from chalicelib.metadata.limits import riding as metadata_riding
from tests.access import ANNA, Clock, a_person, a_world

THREE = Limit("tries", 3, 60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Any:
    with a_world(clock) as world:
        yield world


def spend(world: Any, who: str = "anna") -> None:
    for _ in range(THREE.most):
        limits.count(world, THREE, who)


def test_so_many_tries_are_free(world: Any) -> None:
    spend(world)


def test_one_more_is_refused(world: Any) -> None:
    spend(world)

    with pytest.raises(TooManyRequestsError):
        limits.count(world, THREE, "anna")


def test_the_refusal_says_when_the_next_try_counts(world: Any, clock: Clock) -> None:
    clock.forward(seconds=18)
    spend(world)

    with pytest.raises(TooManyRequestsError) as refused:
        limits.count(world, THREE, "anna")

    assert (refused.value.STATUS_CODE, refused.value.headers()) == (429, {"Retry-After": "42"})


def test_the_next_span_begins_anew(world: Any, clock: Clock) -> None:
    spend(world)
    clock.forward(seconds=60)

    limits.count(world, THREE, "anna")


def test_one_does_not_spend_anothers_tries(world: Any) -> None:
    spend(world)

    limits.count(world, THREE, "bert")


def test_one_deed_does_not_spend_anothers_tries(world: Any) -> None:
    spend(world)

    limits.count(world, Limit("other", 3, 60), "anna")


def test_a_try_costs_one_call(world: Any) -> None:
    calls: list[str] = []
    world.table._client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))

    limits.count(world, THREE, "anna")

    assert calls == ["UpdateItem"]


def test_counters_remove_themselves(world: Any, clock: Clock) -> None:
    limits.count(world, THREE, "anna")

    (item,) = world.table._client.scan(TableName=world.settings.table)["Items"]
    assert int(item["ttl"]["N"]) > clock().timestamp() + 60


def begin(world: Any, files: int = 1) -> None:
    for _ in range(files):
        uploads.begin_simple(world, a_person(), Simple("a.jpg", "image/jpeg"))


def spend_uploads(world: Any, amount: int) -> None:
    """Move every part of the counter of the span that is running."""
    for part in range(8):
        start = int(world.now().timestamp()) // 600 * 600
        world.table.put(metadata_riding("begin-owner", f"{ANNA}.{part}", amount, most=10**9, start=start, seconds=600))


def test_uploads_are_begun_freely_below_the_limit(world: Any) -> None:
    spend_uploads(world, limits.BEGIN_BY_OWNER.most // 8 - 1)

    begin(world)


def test_uploads_past_the_limit_are_refused_and_told_when_to_come_again(world: Any) -> None:
    spend_uploads(world, limits.BEGIN_BY_OWNER.most // 8)

    with pytest.raises(TooManyRequestsError) as refused:
        begin(world)

    assert refused.value.headers() == {"Retry-After": "600"}


def test_a_refused_batch_leaves_nothing_behind(world: Any) -> None:
    spend_uploads(world, limits.BEGIN_BY_OWNER.most // 8)
    told = {"name": "a.jpg", "type": "image/jpeg", "size": 1, "sha256": "a" * 64}

    with pytest.raises(TooManyRequestsError):
        uploads.begin(world, a_person(), parse(json.dumps({"files": [told]}).encode(), Batch))

    assert world.table.page(f"owner#{ANNA}", "file#", limit=9).items == []


def test_counting_uploads_costs_no_call(world: Any) -> None:
    calls: list[str] = []
    world.table._client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))

    begin(world)

    assert calls == ["TransactWriteItems"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("2001:DB8::1", "2001:db8:0:0:0:0:0:2", True),
        ("", "nonsense#x", True),
    ],
)
def test_what_counts_as_one_place(one: str, other: str, same: bool) -> None:
    assert (limits.place(one) == limits.place(other)) is same


@pytest.mark.parametrize("written", ["anna@example.com", "Anna@Example.COM", " anna@example.com "])
def test_all_ways_of_writing_an_address_count_as_one(written: str) -> None:
    assert limits.nameless(written) == limits.nameless("anna@example.com")


def test_what_stands_for_an_address_does_not_hold_it() -> None:
    assert "anna" not in limits.nameless("anna@example.com")
