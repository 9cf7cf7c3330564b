"""What a phone may declare, case by case."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import bodies
from chalicelib.errors import BadInputError
from chalicelib.incoming import parts, wanted
from chalicelib.incoming.wanted import Refused, Wanted
from tests.builders import declare

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def parse(*declared: Any) -> list[Wanted | Refused]:
    return wanted.parse(bodies.parse(json.dumps({"files": declared}).encode(), wanted.Batch))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"size": -1}, "badSize"),
        ({"size": 0}, "empty"),
        ({"size": "12"}, "badSize"),
        ({"size": True}, "badSize"),
        ({"size": 1.5}, "badSize"),
        ({"size": None}, "badSize"),
        ({"size": 2**63}, "tooLarge"),
        ({"size": 2**64}, "tooLarge"),
        ({"size": parts.MOST_BYTES + 1}, "tooLarge"),
        ({"sha256": "A" * 64}, "badSha256"),
        ({"sha256": "a" * 63}, "badSha256"),
        ({"sha256": "a" * 65}, "badSha256"),
        ({"sha256": "a" * 64 + "\n"}, "badSha256"),
        ({"sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}, "badSha256"),
        ({"sha256": ""}, "badSha256"),
        ({"name": ""}, "badName"),
        ({"name": "x" * 1025}, "badName"),
        ({"name": 5}, "badName"),
        ({"type": "jpeg"}, "badType"),
        ({"type": ""}, "badType"),
        ({"type": "image/jpeg\r\nx-amz-acl: public-read"}, "badType"),
        ({"type": "image/jpég"}, "badType"),
        ({"type": "image/" + "x" * 300}, "badType"),
        ({"takenAt": "yesterday"}, "badTakenAt"),
        ({"takenAt": "2026-02-30T10:00:00Z"}, "badTakenAt"),
        ({"takenAt": "0000-00-00T00:00:00"}, "badTakenAt"),
        ({"takenAt": 5}, "badTakenAt"),
        ({"localId": "x" * 257}, "badFile"),
        ({"groupId": {}}, "badFile"),
    ],
)
def test_a_bad_declaration_is_refused_with_its_reason(more: dict[str, Any], reason: str) -> None:
    (refused,) = parse(declare(b"x", **more))

    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert refused.message


@pytest.mark.parametrize(
    "more",
    [
        {"size": parts.MOST_BYTES},
        {"name": "../../x"},
        {"name": "C:\\x\x00:y"},
        {"name": "😀" * 300},
        {"name": "x" * 1024},
        {"type": "video/mp4; codecs=avc1"},
        {"type": "image/svg+xml"},
        {"takenAt": "0001-01-01T00:00:00"},
        {"takenAt": "9999-12-31T23:59:59.999999999+14:00"},
        {"takenAt": "1969-12-31T23:59:59Z"},
        {"localId": "ph://ABC", "groupId": "g"},
        {"userId": "somebody else"},
    ],
)
def test_odd_but_honest_declarations_are_taken(more: dict[str, Any]) -> None:
    (taken,) = parse(declare(b"x", **more))

    assert isinstance(taken, Wanted)


def test_a_bad_file_spoils_no_other() -> None:
    kinds = [type(one) for one in parse(declare(b"a"), {}, [], None, "x", 7, declare(b"b"))]

    assert kinds == [Wanted, Refused, Refused, Refused, Refused, Refused, Wanted]


def test_a_name_cut_in_the_middle_of_an_emoji_is_mended() -> None:
    mended, whole = parse(declare(b"a", name="IMG \ud83d.jpg"), declare(b"b", name="\U0001f600"))

    assert isinstance(mended, Wanted)
    assert isinstance(whole, Wanted)
    assert (mended.name, whole.name) == ("IMG \ufffd.jpg", "\U0001f600")


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_holds_one_to_a_hundred(count: int) -> None:
    with pytest.raises(BadInputError, match="files must be `array` of length"):
        parse(*[declare(b"x")] * count)


@given(JSON)
def test_no_json_at_all_breaks_the_parser(value: Any) -> None:
    raw = msgspec.json.encode({"files": [value]})

    (answer,) = wanted.parse(bodies.parse(raw, wanted.Batch))

    assert isinstance(answer, Refused | Wanted)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_parser(raw: bytes) -> None:
    with suppress(BadInputError):
        wanted.parse(bodies.parse(raw, wanted.Batch))
