import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import cursors
from chalicelib.errors import BadCursorError

SORT_KEYS = st.from_regex(r"[A-Za-z0-9#:.\-]{1,200}", fullmatch=True)


@given(SORT_KEYS)
def test_a_cursor_leads_back_to_where_the_page_ended(last: str) -> None:
    assert cursors.parse(cursors.encode(last)) == last


@pytest.mark.parametrize("forged", ["", "=", "!!!!", "YQ==", "é", "YSBi", "_w", "A" * 5000, "YR"])
def test_a_cursor_we_did_not_hand_out_is_refused(forged: str) -> None:
    with pytest.raises(BadCursorError):
        cursors.parse(forged)


@given(st.text())
def test_no_text_at_all_breaks_the_parser(text: str) -> None:
    try:
        last = cursors.parse(text)
    except BadCursorError:
        return

    assert cursors.encode(last) == text
