"""The table against moto, and against a client that answers as a crowded table does."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import ConditionFailedError, CrowdedError
from chalicelib.metadata.table import Check, Delete, Key, Put, Table, Update


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "dueKind", "dueAt")
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "dueKind", "KeyType": "HASH"},
                        {"AttributeName": "dueAt", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        yield client


@pytest.fixture
def table(client: Any) -> Table:
    return Table(client, "t")


def an_item(sk: str = "a", **more: Any) -> dict[str, Any]:
    return {"pk": "p", "sk": sk, **more}


def test_an_item_is_found_as_it_was_put(table: Table) -> None:
    table.put(Put(an_item(size=3)))

    assert table.find(Key("p", "a")) == an_item(size=3)


def test_what_is_not_there_is_none(table: Table) -> None:
    assert table.find(Key("p", "nothing")) is None


def test_many_items_are_found_beyond_a_hundred(table: Table) -> None:
    keys = [Key("p", f"{n:03}") for n in range(120)]
    for key in keys:
        table.put(Put(an_item(key.sk)))

    assert set(table.find_many([*keys, Key("p", "nothing")])) == set(keys)


def test_one_failed_condition_undoes_the_whole_write(table: Table) -> None:
    table.put(Put(an_item("there")))

    with pytest.raises(ConditionFailedError):
        table.write(Put(an_item("new")), Put(an_item("there"), when="attribute_not_exists(pk)"))

    assert table.find(Key("p", "new")) is None


def test_a_failed_condition_tells_which_and_what_was_found(table: Table) -> None:
    table.put(Put(an_item("there", size=7)))

    with pytest.raises(ConditionFailedError) as refused:
        table.write(Put(an_item("new")), Put(an_item("there"), when="attribute_not_exists(pk)"))

    assert refused.value.found == {1: an_item("there", size=7)}


def test_a_single_put_tells_what_it_found_too(table: Table) -> None:
    table.put(Put(an_item("there", size=7)))

    with pytest.raises(ConditionFailedError) as refused:
        table.put(Put(an_item("there"), when="attribute_not_exists(pk)"))

    assert refused.value.found == {0: an_item("there", size=7)}


def test_reserved_words_are_fit_for_names(table: Table) -> None:
    table.put(Update(Key("p", "a"), "SET #status = :new, #size = :size", values={"new": "uploaded", "size": 1}))

    assert table.find(Key("p", "a")) == an_item(status="uploaded", size=1)


def test_a_counter_is_moved_and_seen_in_one_call(table: Table) -> None:
    table.add(Key("p", "a"), "ADD #count :one", {"one": 1})

    assert table.add(Key("p", "a"), "ADD #count :one", {"one": 1})["count"] == 2


def test_a_check_guards_without_changing(table: Table) -> None:
    table.put(Put(an_item("guard", open=False)))

    with pytest.raises(ConditionFailedError):
        table.write(Check(Key("p", "guard"), "#open = :yes", {"yes": True}), Delete(Key("p", "guard2")))


def test_pages_join_without_gap_or_overlap(table: Table) -> None:
    for n in range(5):
        table.put(Put(an_item(f"file#{n}")))
    table.put(Put(an_item("hash#0")))

    first = table.page("p", "file#", limit=3)
    rest = table.page("p", "file#", limit=3, after=first.last)

    assert [item["sk"] for item in first.items + rest.items] == [f"file#{n}" for n in range(5)]
    assert rest.last is None


def test_the_newest_come_first_when_asked(table: Table) -> None:
    for n in range(3):
        table.put(Put(an_item(f"file#{n}")))

    (newest,) = table.page("p", "file#", limit=1, newest_first=True).items

    assert newest["sk"] == "file#2"


def test_only_what_is_due_is_named(table: Table) -> None:
    table.put(Put(an_item("early", dueKind="pending#0", dueAt="2026-01-01")))
    table.put(Put(an_item("late", dueKind="pending#0", dueAt="2026-01-03")))
    table.put(Put(an_item("other", dueKind="grace#0", dueAt="2026-01-01")))

    assert table.due("pending#0", "2026-01-02", limit=10) == [Key("p", "early")]


def test_a_write_beyond_the_bound_is_refused(table: Table) -> None:
    with pytest.raises(ValueError, match="at most 100 operations, got 101"):
        table.write(*[Put(an_item(str(n))) for n in range(101)])


class CrowdedClient:
    """Answers `refusals` times as a table under load does, then takes the write."""

    class exceptions:  # noqa: N801 (botocore's spelling)
        class ClientError(Exception):
            def __init__(self, response: dict[str, Any]) -> None:
                super().__init__(str(response))
                self.response = response

    def __init__(self, refusals: int, code: str = "TransactionConflict") -> None:
        self.refusals = refusals
        self.code = code
        self.calls = 0

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 (boto3's spelling)
        self.calls += 1
        left = RequestItems if self.calls <= self.refusals else {}
        return {"Responses": {}, "UnprocessedKeys": left}

    def transact_write_items(self, **_: Any) -> None:
        self.calls += 1
        if self.calls <= self.refusals:
            reasons = [{"Code": "None"}, {"Code": self.code}]
            raise self.exceptions.ClientError(
                {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            )


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_passing_conflict_is_waited_out_with_growing_pauses(code: str) -> None:
    crowded = CrowdedClient(3, code)
    pauses: list[float] = []

    Table(crowded, "t", sleep=pauses.append, jitter=lambda: 1.0).write(Put(an_item()))

    assert crowded.calls == 4
    assert pauses == [0.05, 0.1, 0.2]


def test_a_conflict_beside_a_failed_condition_is_not_waited_out() -> None:
    crowded = CrowdedClient(1, "ConditionalCheckFailed")

    with pytest.raises(ConditionFailedError):
        Table(crowded, "t", sleep=lambda _: None).write(Put(an_item()))

    assert crowded.calls == 1


def test_a_conflict_that_does_not_pass_is_told_after_the_last_try_and_not_waited_out() -> None:
    crowded, pauses = CrowdedClient(1000), list[float]()

    with pytest.raises(CrowdedError, match=r"TransactionConflict.* 8 times"):
        Table(crowded, "t", sleep=pauses.append).write(Put(an_item()))

    assert (crowded.calls, len(pauses)) == (8, 7)


def test_keys_that_a_crowded_table_leaves_are_asked_for_again() -> None:
    crowded = CrowdedClient(3)

    assert Table(crowded, "t", sleep=lambda _: None).find_many([Key("p", "a")]) == {}
    assert crowded.calls == 4


def test_keys_that_stay_unread_are_told_and_never_taken_for_missing() -> None:
    with pytest.raises(CrowdedError, match="1 of 1 keys unread"):
        Table(CrowdedClient(1000), "t", sleep=lambda _: None).find_many([Key("p", "a")])
