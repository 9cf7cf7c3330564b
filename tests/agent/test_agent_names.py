"""Names and paths: legal on Windows whatever came in, unique, stable, inside the home folder."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices_told import FILE_ID, a_notice

from agent import names, paths

ANY_TEXT = st.text(st.characters(), max_size=400)
NASTY = st.sampled_from(
    [
        "CON",
        "nul.jpg",
        "COM¹.txt",
        "..",
        ".",
        "../../x",
        "C:\\x",
        "\\\\srv\\s",
        "a:stream",
        "a\0b",
        "x. ",
        " . ",
        "é",
        "é",
    ]
)
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)


@given(ANY_TEXT | NASTY)
def test_any_name_becomes_legal_on_windows(name: str) -> None:
    made = names.legal_name(name)

    assert made
    assert not set(made) & set('<>:"/\\|?*')
    assert all(ord(letter) >= 32 for letter in made)
    assert made[-1] not in ". "
    assert not RESERVED.fullmatch(made.split(".")[0].rstrip(" "))
    assert len(made.encode()) <= 184
    assert unicodedata.is_normalized("NFC", made)
    assert PureWindowsPath(made).parts == (made,)


@given(ANY_TEXT | NASTY)
def test_a_legal_name_stays_as_it_is(name: str) -> None:
    made = names.legal_name(name)

    assert names.legal_name(made) == made


@given(ANY_TEXT | NASTY)
def test_every_path_on_offer_is_inside_and_distinct(name: str) -> None:
    offered = paths.candidates(paths.DEFAULT_TEMPLATE, a_notice(name=name))

    assert all(len(PurePosixPath(path).parts) == 3 and ".." not in path.split("/") for path in offered)
    assert all(len(PurePosixPath(path).name.encode()) <= 255 for path in offered)
    assert len({names.twin_key(path) for path in offered}) == len(offered)


@given(ANY_TEXT)
def test_twins_in_case_or_composition_have_one_key(name: str) -> None:
    made = names.legal_name(name)
    twins = [made.upper(), made.lower(), unicodedata.normalize("NFD", made), unicodedata.normalize("NFC", made)]

    assert {names.twin_key(twin) for twin in twins} == {names.twin_key(made)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"),
        ("../../x", "..-..-x"),
        ("C:\\x", "C--x"),
        ("\\\\srv\\s", "--srv-s"),
        ("a:stream", "a-stream"),
        ("14:30 party?.jpg", "14-30 party_.jpg"),
        ("a\0b.jpg", "ab.jpg"),
        ("photo.jpg. . ", "photo.jpg"),
        ("NUL.jpg", "_NUL.jpg"),
        ("con", "_con"),
        (".backhaul", "_.backhaul"),
        ("", "file"),
        ("...", "file"),
        ("gpj.\u202egnp.exe", "gpj.gnp.exe"),
        ("Grüße 👩\u200d👧.heic", "Grüße 👩\u200d👧.heic"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("x" * 300 + ".jpeg", "x" * 175 + ".jpeg"),
    ],
)
def test_names_stay_readable(name: str, expected: str) -> None:
    assert names.legal_name(name) == expected


def test_twins_get_a_suffix_from_their_contents() -> None:
    offered = paths.candidates(paths.DEFAULT_TEMPLATE, a_notice())

    assert offered == [
        "2024/2024-07/IMG_1.jpg",
        "2024/2024-07/IMG_1 (277089d9).jpg",
        f"2024/2024-07/IMG_1 ({FILE_ID}).jpg",
    ]


def test_a_taken_path_is_followed_by_the_next() -> None:
    assert paths.next_candidate(["a", "b", "c"], "b") == "c"
    assert paths.next_candidate(["a", "b", "c"], "c") is None
    assert paths.next_candidate(["a", "b", "c"], "of an older template") == "a"


@pytest.mark.parametrize(
    ("template", "fine"),
    [
        (paths.DEFAULT_TEMPLATE, True),
        ("{name}", True),
        ("{kind}/{year}/{day} {name}", True),
        ("{year}/{month}", False),
        ("{year", False),
        ("{owner}/{name}", False),
        ("{name}/{name}", False),
        ("{year:>9}/{name}", False),
        ("{year!r}/{name}", False),
    ],
)
def test_a_template_is_checked(template: str, fine: bool) -> None:
    assert (paths.template_problems(template) == []) is fine


@pytest.mark.parametrize("template", ["../{name}", "/etc/{name}", "C:/{name}", "{year}/../../{name}", "//srv/x/{name}"])
def test_no_template_leaves_the_home_folder(template: str) -> None:
    best = paths.candidates(template, a_notice())[0]

    assert ".." not in best.split("/")
    assert not best.startswith("/")
    assert ":" not in best
