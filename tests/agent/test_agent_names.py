"""Names and paths: legal on Windows whatever came in, unique, stable, inside the home folder."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from notices_told import FILE_ID, a_notice

from agent.drive import names, paths
from agent.drive.catalog import Catalog
from agent.drive.shelf import Shelf

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


@given(st.from_regex(names.PLAIN, fullmatch=True))
def test_a_plain_name_has_nothing_to_mend(name: str) -> None:
    assert names._mended(name) == name


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


@pytest.mark.parametrize(
    ("template", "problems"),
    [
        ("{year", 1),
        ("{year}/{month}", 1),
        ("{town}/{month!r}/{name}/x", 3),
        ("{name}/{name}", 1),
        ("/".join("abcdefghijklmnopq") + "/{name}", 1),
        ("", 1),
        ("{}/{name}", 1),
        ("{year.real}/{name}", 1),
    ],
)
def test_all_that_is_wrong_with_a_template_is_said(template: str, problems: int) -> None:
    assert len(paths.template_problems(template)) == problems


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"deviceName": "Anna's Pixel", "album": "Rome: day 1"}, "Anna's Pixel/Rome- day 1/IMG_1.jpg"),
        ({}, "phone/no album/IMG_1.jpg"),
        ({"deviceName": "", "album": 7}, "phone/no album/IMG_1.jpg"),
        ({"deviceName": "../..", "album": "CON"}, "..-/_CON/IMG_1.jpg"),
    ],
)
def test_device_and_album_are_told_or_have_a_fallback(told: dict[str, object], path: str) -> None:
    assert paths.candidates("{device}/{album}/{name}", a_notice(**told))[0] == path


WORDS = st.sampled_from(
    [*(f"{{{word}}}" for word in paths.WORDS if word != "name"), "x", ".", "..", "CON", "a:b", "/", "{{"]
)


@given(st.lists(WORDS, max_size=12).map("".join), ANY_TEXT | NASTY, ANY_TEXT | NASTY, ANY_TEXT | NASTY)
def test_no_template_and_no_name_makes_an_illegal_or_outside_path(
    template: str, name: str, device: str, album: str
) -> None:
    template += "/{name}"
    assume(not paths.template_problems(template))
    notice = a_notice(name=name, deviceName=device, album=album)

    offered = paths.candidates(template, notice)

    assert offered == paths.candidates(template, notice)
    for path in offered:
        assert all(names.legal_name(part) == part or paths_suffix(part) for part in path.split("/"))
        assert ".." not in path.split("/")
        assert names.twin_key(path.split("/")[0]) != names.twin_key(names.STATE_FOLDER)
    assert len({names.twin_key(path) for path in offered}) == 3


def paths_suffix(part: str) -> bool:
    """Whether a name is longer than a legal one only by its mark."""
    return part.endswith(")") or ")." in part


@given(st.lists(ANY_TEXT | NASTY, min_size=2, max_size=20))
def test_many_names_on_one_shelf_never_share_a_path(given_names: list[str]) -> None:
    with Catalog(Path(":memory:")) as catalog:
        shelf = Shelf(catalog, paths.DEFAULT_TEMPLATE)
        notices_told = [
            a_notice(fileId=f"{number:032x}", key=f"originals/owner/{number:032x}-x", name=name)
            for number, name in enumerate(given_names)
        ]

        half = len(notices_told) // 2

        placed = shelf.place(notices_told[:half]) | shelf.place(notices_told[half:])

        assert len({names.twin_key(entry.path) for entry in placed.values()}) == len(given_names)
        assert shelf.place(notices_told) == placed


def test_another_template_moves_no_file_that_has_its_place(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        before = Shelf(catalog, paths.DEFAULT_TEMPLATE).place([a_notice()])[FILE_ID].path
        other = Shelf(catalog, "{kind}/{name}")

        assert other.place([a_notice()])[FILE_ID].path == before
        new = a_notice(fileId="0" * 32, key=f"originals/owner/{'0' * 32}-x")
        assert other.place([new])["0" * 32].path == "photos/IMG_1.jpg"


@pytest.mark.parametrize("template", ["../{name}", "/etc/{name}", "C:/{name}", "{year}/../../{name}", "//srv/x/{name}"])
def test_no_template_leaves_the_home_folder(template: str) -> None:
    best = paths.candidates(template, a_notice())[0]

    assert ".." not in best.split("/")
    assert not best.startswith("/")
    assert ":" not in best
