"""What S3 tells, and what we make of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.incoming import s3_events
from chalicelib.incoming.s3_events import Arrival
from chalicelib.keys import Original
from tests.builders import BUCKET, OWNER, s3_event, s3_record

FILE_ID = "0199aabbccdd7eff8011223344556677"
KEY = f"originals/{OWNER}/{FILE_ID}-a.jpg"
ORIGINAL = Original(OWNER, FILE_ID, "a.jpg")
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Records", "s3", "object", "key"]), inner),
    max_leaves=10,
)


def parse(event: Any) -> list[Arrival]:
    return s3_events.parse(event, BUCKET)


def test_every_record_is_read() -> None:
    event = s3_event(s3_record(KEY, "v1"), s3_record(KEY, "v2"))

    assert parse(event) == [Arrival(ORIGINAL, "v1"), Arrival(ORIGINAL, "v2")]


def test_a_key_is_decoded_once() -> None:
    record = s3_record(KEY)
    record["s3"]["object"]["key"] = KEY.replace("a.jpg", "%61.jpg")

    assert parse(s3_event(record)) == [Arrival(ORIGINAL)]


@pytest.mark.parametrize("name", ["a b.jpg", "a+b.jpg", "a%2Bb.jpg", "é.jpg", "a'b\".jpg", "..", "a/b"])
def test_an_object_under_a_key_that_we_never_make_is_nobodys(name: str) -> None:
    assert parse(s3_event(s3_record(f"originals/{OWNER}/{FILE_ID}-{name}"))) == []


@pytest.mark.parametrize(
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET},
        {},
        {"Records": None},
        {"Records": {}},
        {"Records": [None, 1, "x", [], {}, {"s3": None, "eventName": "ObjectCreated:Put"}]},
        s3_event(s3_record(KEY, name="ObjectRemoved:Delete")),
        s3_event(s3_record(KEY, bucket="another")),
        s3_event(s3_record("previews/x.webp")),
    ],
)
def test_what_is_no_arrival_of_ours_is_left_out_quietly(event: Any) -> None:
    assert parse(event) == []


def test_garbage_beside_an_arrival_does_not_hide_it() -> None:
    assert parse(s3_event(None, s3_record(KEY), {"s3": []})) == [Arrival(ORIGINAL)]


def test_the_names_of_notifications_and_of_events_are_both_known() -> None:
    assert parse(s3_event(s3_record(KEY, name="s3:ObjectCreated:Copy"))) == [Arrival(ORIGINAL)]


@given(st.dictionaries(st.sampled_from(["Records", "Event"]), ANYTHING))
def test_no_event_at_all_breaks_the_parser(event: dict[str, Any]) -> None:
    assert parse(event) == []
