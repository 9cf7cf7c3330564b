from typing import Annotated, Literal

import pytest
from msgspec import Meta

from chalicelib import bodies
from chalicelib.errors import BadInputError


class Thing(bodies.Request, frozen=True):
    file_name: Annotated[str, Meta(min_length=1, max_length=5)]
    size: Annotated[int, Meta(ge=1)]
    kind: Literal["phone", "pc"] = "pc"


class Things(bodies.Request, frozen=True):
    files: list[Thing]


def test_camel_case_outside_is_snake_case_inside() -> None:
    assert bodies.parse(b'{"fileName": "a", "size": 1}', Thing) == Thing("a", 1)


def test_unknown_fields_are_ignored() -> None:
    assert bodies.parse(b'{"fileName": "a", "size": 1, "userId": "somebody else"}', Thing) == Thing("a", 1)


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b'{"files": [{"fileName": "a", "size": 0}]}', "files[0].size", "files[0].size must be `int` >= 1"),
        (b'{"files": [{"fileName": "a", "size": "12"}]}', "files[0].size", "files[0].size must be `int`, got `str`"),
        (b'{"files": [{"fileName": "a", "size": true}]}', "files[0].size", "files[0].size must be `int`, got `bool`"),
        (b'{"files": [{"size": 1}]}', "files[0].fileName", "files[0].fileName must be given"),
        (b"{}", "files", "files must be given"),
        (b"[]", "body", "body must be `object`, got `array`"),
        (b"", "body", "body must be `object`, got `null`"),
        (b"{", "body", "body must be JSON"),
        (b'{"files": [{"fileName": "\xff"}]}', "body", "body must be JSON"),
        (b'{"x": ' + b"[" * 100_000, "body", "body must be JSON"),
    ],
)
def test_a_refusal_names_field_and_expectation(raw: bytes, field: str, says: str) -> None:
    with pytest.raises(BadInputError) as refused:
        bodies.parse(raw, Things)

    assert (refused.value.details["field"], refused.value.message) == (field, says)


def test_an_unknown_choice_is_refused_with_those_there_are() -> None:
    raw = b'{"fileName": "a", "size": 1, "kind": "%s"}' % (b"x" * 5000)

    with pytest.raises(BadInputError) as refused:
        bodies.parse(raw, Thing)

    assert refused.value.message.startswith("kind must be 'phone' or 'pc', got 'xxx")
    assert len(refused.value.message) < 150


def test_an_unknown_choice_further_in_is_refused_by_its_field() -> None:
    with pytest.raises(BadInputError, match=r"files\[0\].kind must be a value it is documented with, got 'fax'"):
        bodies.parse(b'{"files": [{"fileName": "a", "size": 1, "kind": "fax"}]}', Things)


def test_a_body_beyond_the_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadInputError, match="at most 1048576 bytes"):
        bodies.parse(b" " * (bodies.MOST_BYTES + 1), Things)
