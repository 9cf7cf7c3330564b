from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metadata.items import from_item, to_item

SCALARS = st.text() | st.integers(-(10**37), 10**37) | st.booleans()
SETS = st.frozensets(st.text(min_size=1), min_size=1)
VALUES = st.recursive(SCALARS | SETS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(st.dictionaries(st.text(), VALUES))
def test_what_goes_into_the_table_comes_out_the_same(values: dict[str, Any]) -> None:
    assert from_item(to_item(values)) == values


def test_none_and_the_empty_set_are_left_out() -> None:
    assert to_item({"a": None, "b": frozenset(), "c": ""}) == {"c": {"S": ""}}


def test_a_fraction_is_refused() -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        to_item({"size": 1.5})


def test_truth_is_no_number() -> None:
    assert to_item({"a": True, "b": 1}) == {"a": {"BOOL": True}, "b": {"N": "1"}}
