"""The table in memory against moto: whatever is asked of both, both answer the same and hold the same."""

import string
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from chalicelib.errors import ConditionFailedError
from chalicelib.metadata.items import from_item
from chalicelib.metadata.shelves import FAVOURITES, LIBRARY
from chalicelib.metadata.table import (
    Check,
    Condition,
    Delete,
    Index,
    Key,
    Operation,
    Page,
    Put,
    Span,
    Table,
    Update,
)
from tests.builders import make_table
from tests.simulation.memory_table import MemoryTable

NAME = "backhaul-test"
KEYS = [Key(pk, sk) for pk in ("p", "q") for sk in ("a#1", "a#2", "b#1")]
VALUES: dict[str, Any] = {
    "was": ["pending", "uploaded"],
    "status": ["pending", "uploaded"],
    "device": ["d1", "d2"],
    "devices": [{"d1"}, {"d2"}, {"d1", "d2"}],
    "count": [0, 1, 2],
    "n": [-1, 1, 5],
    "most": [0, 1, 5],
    "now": ["2026-01-01", "2026-01-02"],
    "kind": ["grace#0", "pending#0"],
    "yes": [True],
}
CONDITIONS = [
    "attribute_not_exists(pk)",
    "attribute_exists(pk)",
    "#status = :was",
    "#status <> :was",
    "#status = :was AND contains(#set, :device) AND size(#set) = :count",
    "#status = :was AND (attribute_not_exists(#set) OR NOT contains(#set, :device))",
    "attribute_exists(#map.#d1)",
    "attribute_not_exists(#map.#d1) AND NOT #status = :was",
    "attribute_not_exists(#n) OR #n < :most",
    "#n >= :most OR (#dueKind = :kind AND #dueAt <= :now)",
    "#truth = :yes",
    "begins_with(#status, :was)",
    "#status IN (:was, :status)",
    "#dueAt BETWEEN :now AND :now AND NOT begins_with(#status, :was)",
]
UPDATES = [
    "SET #status = :status",
    "SET #status = :status, #dueKind = :kind, #dueAt = :now REMOVE #set",
    "SET #map.#d1 = :now",
    "SET #map.#d1 = :now DELETE #set :devices",
    "SET #n = if_not_exists(#n, :n), #truth = :yes",
    "SET #n = #n + :n",
    "REMOVE #map.#d1",
    "REMOVE #dueKind, #dueAt, #status",
    "SET #shelvedAt = :now REMOVE #favouriteOf",
    "REMOVE #shelf",
    "ADD #n :n",
    "ADD #n :n, #most :most",
    "SET #status = :status REMOVE #n ADD #set :devices",
    "DELETE #set :devices",
]
ITEMS = st.fixed_dictionaries(
    {"map": st.sampled_from([{}, {"d1": "x"}, {"d2": "y"}])},
    optional={
        "status": st.sampled_from(VALUES["status"]),
        "set": st.sampled_from([frozenset({"d1"}), frozenset({"d1", "d2"})]),
        "n": st.integers(-3, 3),
        "truth": st.booleans(),
        "dueKind": st.sampled_from(VALUES["kind"]),
        "dueAt": st.sampled_from(VALUES["now"]),
        "list": st.just([1, "two", {"three": 3}]),
        "shelf": st.sampled_from(["s", "t"]),
        "shelvedAt": st.sampled_from(["2024#1", "2024#2", "2025#1"]),
        "favouriteOf": st.just("s"),
        "width": st.integers(1, 3),
    },
)


@st.composite
def operations(draw: Any, *, single: bool) -> Operation:
    key = draw(st.sampled_from(KEYS))
    kinds = ["put", "update", "update", "delete"] + ["check"] * (not single)
    kind = draw(st.sampled_from(kinds))
    when = draw(st.sampled_from(CONDITIONS if kind == "check" else [*CONDITIONS, "", "", ""]))
    does = draw(st.sampled_from(UPDATES)) if kind == "update" else ""
    values = {name: draw(st.sampled_from(VALUES[name])) for name in VALUES if f":{name}" in _words(f"{does} {when}")}
    if kind == "put":
        return Put({**key._asdict(), **draw(ITEMS)}, when, values)
    made: Operation = {
        "update": lambda: Update(key, does, when, values),
        "delete": lambda: Delete(key, when, values),
        "check": lambda: Check(key, when, values),
    }[kind]()
    return made


def _words(text: str) -> set[str]:
    return set("".join(c if c in string.ascii_letters + ":#" else " " for c in text).split())


class Both:
    """The same questions to both tables."""

    def __init__(self, moto: Any) -> None:
        self.moto_client, self.memory_client = moto, MemoryTable()
        self.moto, self.memory = Table(moto, NAME), Table(self.memory_client, NAME)

    def ask(self, question: Callable[[Table], Any]) -> None:
        assert _answer(question, self.moto) == _answer(question, self.memory)

    def write(self, *operations: Operation) -> None:
        """Write the same to both. Of several reasons to refuse a write it is nobody's promise which is told."""
        answers = [_answer(lambda table: table.write(*operations), table) for table in (self.moto, self.memory)]
        assert answers[0] == answers[1] or ("error" in answers[0] and "condition" in answers[1])

    def compare(self) -> None:
        found = map(from_item, self.moto_client.scan(TableName=NAME)["Items"])
        assert _sorted(found) == _sorted(map(from_item, self.memory_client.everything()))

    def empty(self) -> None:
        for item in self.moto_client.scan(TableName=NAME)["Items"]:
            self.moto_client.delete_item(TableName=NAME, Key={name: item[name] for name in ("pk", "sk")})
        self.memory_client.__init__()  # type: ignore[misc]


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=lambda item: (item["pk"], item["sk"]))


def _answer(question: Callable[[Table], Any], table: Table) -> Any:
    try:
        return question(table)
    except ConditionFailedError as error:
        return "condition", error.found
    except ClientError as error:
        return "error", error.response["Error"]["Code"]


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with mock_aws():
        client = botocore.session.get_session().create_client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        make_table(client)
        yield Both(client)


def _pages(table: Table, *, newest_first: bool, limit: int) -> list[Any]:
    pages, after = [], None
    while True:
        page = table.page("p", "a#", limit=limit, after=after, newest_first=newest_first)
        # DynamoDB, unlike moto, gives a place to go on from at the end of a full page, too; an empty page then follows.
        if page.items:
            pages.append(page.items)
        after = page.last
        if after is None:
            return pages


def _row(table: Table, index: Index, last: str, limit: int, only: Condition | None) -> list[Any]:
    """Read a row to its end; the keys of the place to go on from are as they would be made from a cursor."""
    rows, after = [], None
    while True:
        page = table.along(index, Span("s", "2024", last), limit=limit, after=after, only=only)
        rows += sorted(page.items, key=lambda item: (item["shelvedAt"], item["pk"], item["sk"]))
        if page.last is None or not page.items:
            return rows
        after = {name: page.items[-1][name] for name in ("pk", "sk", "shelvedAt")}


def _look(both: Both) -> None:
    for index in (LIBRARY, FAVOURITES):
        for last in ("2024~", "9~"):
            for limit, only in ((10, Condition("#width = :one", {"one": 1})), (1, None), (10, None)):
                both.ask(lambda table, told=(index, last, limit, only): _row(table, *told))
    both.ask(lambda table: table.find_many(KEYS))
    both.ask(lambda table: [table.find(key) for key in KEYS[:2]])
    for newest_first in (False, True):
        for limit in (1, 2, 10):
            both.ask(lambda table, first=newest_first, limit=limit: _pages(table, newest_first=first, limit=limit))
    both.ask(lambda table: table.keys("p", limit=2))
    both.ask(lambda table: sorted(table.due("grace#0", "2026-01-01", limit=10)))
    both.ask(lambda table: sorted(table.due("pending#0", "2026-01-02", limit=10)))
    both.compare()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.lists(
        st.one_of(
            operations(single=True),
            st.lists(operations(single=False), min_size=1, max_size=4).map(tuple),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_both_tables_answer_the_same(both: Both, schedule: list[Any]) -> None:
    both.empty()
    for step in schedule:
        if isinstance(step, tuple):
            both.write(*step)
        else:
            both.ask(lambda table, step=step: table.put(step))
    _look(both)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(CONDITIONS[-6:-1]), st.integers(1, 3)), max_size=6))
def test_counters_are_moved_and_seen_alike(both: Both, schedule: list[Any]) -> None:
    both.empty()
    for key, when, n in schedule:
        values = {name: VALUES[name][0] for name in VALUES if f":{name}" in _words(when)} | {"n": n}
        both.ask(lambda table, key=key, when=when, values=values: table.add(key, "ADD #n :n", values, when))


def test_pages_end_at_a_megabyte_alike(both: Both) -> None:
    both.empty()
    for n in range(8):
        both.ask(lambda table, n=n: table.put(Put({"pk": "p", "sk": f"a#{n}", "blob": "x" * 300_000})))

    both.ask(lambda table: [len(page) for page in _pages(table, newest_first=False, limit=100)])
    assert [len(page) for page in _pages(both.memory, newest_first=False, limit=100)] == [3, 3, 2]


@pytest.mark.parametrize(
    "question",
    [
        lambda table: table.write(Put({"pk": "p", "sk": "a"}), Delete(Key("p", "a"))),
        lambda table: table.put(Update(Key("p", "none"), "SET #map.#d1 = :now", values={"now": "x"})),
        lambda table: table.put(Update(Key("p", "none"), "REMOVE #map.#d1")),
        lambda table: table.page("p", "a#", limit=5, after="a#9"),
    ],
)
def test_what_one_refuses_the_other_refuses(both: Both, question: Callable[[Table], Any]) -> None:
    both.empty()

    both.ask(question)


def test_a_full_page_says_that_there_may_be_more() -> None:
    table = Table(MemoryTable(), NAME)
    table.put(Put({"pk": "p", "sk": "a#1"}))

    assert table.page("p", "a#", limit=1) == Page([{"pk": "p", "sk": "a#1"}], "a#1")
