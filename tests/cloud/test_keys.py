import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import keys

FILE_ID = "0199aabbccdd7eff8011223344556677"
OWNERS = st.uuids().map(str)
IDS = st.uuids().map(lambda made: made.hex)


@given(OWNERS, IDS, st.text(max_size=1100))
def test_a_key_leads_back_to_owner_and_file_whatever_the_name(owner_id: str, file_id: str, name: str) -> None:
    key = keys.original(owner_id, file_id, name)

    assert keys.parse(key) == keys.Original(owner_id, file_id, keys.clean(name))


@given(st.text(max_size=1100))
def test_a_cleaned_name_needs_no_quoting_and_climbs_nowhere(name: str) -> None:
    cleaned = keys.clean(name)

    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", cleaned)
    assert ".." not in cleaned


@given(st.text(max_size=1100))
def test_a_cleaned_name_is_clean(name: str) -> None:
    assert keys.clean(keys.clean(name)) == keys.clean(name)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("IMG_0001.JPG", "IMG_0001.JPG"),
        ("Urlaub in Köln.heic", "Urlaub_in_Koln.heic"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.jpg", "a.jpg"),
        ("\\\\srv\\share", "share"),
        ("a:stream", "a_stream"),
        ("a\x00b.jpg", "a_b.jpg"),
        ("..", "file"),
        ("/", "file"),
        ("😀" * 300, "file"),
        ("a..b", "a.b"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("x" * 300 + ".jpeg", "x" * 75 + ".jpeg"),
        ("x" * 300, "x" * 80),
        ("\u202egpj.exe", "gpj.exe"),
        ("e\u0301.jpg", "e.jpg"),
        ("é.jpg", "e.jpg"),
    ],
)
def test_names_are_cleaned(name: str, cleaned: str) -> None:
    assert keys.clean(name) == cleaned


@pytest.mark.parametrize(
    "key",
    [
        "",
        "originals/",
        "previews/o/" + FILE_ID + "-a",
        f"originals/o/{FILE_ID}",
        f"originals/o/{FILE_ID}-",
        f"originals/o/{FILE_ID.upper()}-a",
        f"originals/o/p/{FILE_ID}-a",
        f"originals//{FILE_ID}-a",
        f"originals/o#file/{FILE_ID}-a",
        f"originals/o/{FILE_ID}-a..b",
        f"originals/o/{FILE_ID}-a/b",
        f"originals/o/{FILE_ID}-a\n",
        f"originals/o/{FILE_ID}-" + "a" * 81,
    ],
)
def test_a_key_that_we_did_not_make_is_nobodys(key: str) -> None:
    assert keys.parse(key) is None


@given(st.text())
def test_no_text_at_all_breaks_the_parser(text: str) -> None:
    found = keys.parse(text)

    assert found is None or found.key == text


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "a" * 32 + "\n", "../" + "a" * 29])
def test_what_has_not_the_form_of_an_id_is_none(text: str) -> None:
    assert not keys.is_id(text)
