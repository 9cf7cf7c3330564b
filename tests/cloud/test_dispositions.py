"""Names in headers: the right one for those who read it, and no way out of it for those who wrote it."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.library import dispositions

FORM = re.compile(
    r"""(inline|attachment); filename="([ !#$&-.0-\[\]-~]+)"; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+)"""
)


def written(name: str, kind: str = "image/jpeg", *, download: bool = False) -> tuple[str, str, str]:
    """Return how, the plain name and the real one."""
    found = FORM.fullmatch(dispositions.write(name, kind, download=download))
    assert found, name
    return found[1], found[2], unquote(found[3], errors="strict")


@pytest.mark.parametrize(
    ("name", "plain", "real"),
    [
        ("IMG_0001.heic", "IMG_0001.heic", "IMG_0001.heic"),
        ("Ferien am Müritzsee.jpg", "Ferien am Muritzsee.jpg", "Ferien am Müritzsee.jpg"),
        ("写真.jpg", "__.jpg", "写真.jpg"),
        ("👩‍👧.png", "___.png", "👩‍👧.png"),
        ('a"; filename="b.exe', "a_; filename=_b.exe", 'a"; filename="b.exe'),
        ("a\r\nSet-Cookie: x=y", "a__Set-Cookie: x=y", "a__Set-Cookie: x=y"),
        ("50%41.jpg", "50_41.jpg", "50%41.jpg"),
        ("it's (1) *.jpg", "it's (1) *.jpg", "it's (1) *.jpg"),
        ("a\\b.jpg", "a_b.jpg", "a_b.jpg"),
        ("../../etc/passwd", "_.._etc_passwd", "_.._etc_passwd"),
        ("\u202egpj.exe", "gpj.exe", "gpj.exe"),
        ("\x00", "_", "_"),
        ("...", "file", "file"),
        ("", "file", "file"),
        ("\ud800.jpg", "_.jpg", "_.jpg"),
    ],
)
def test_a_name_is_told_to_both_kinds_of_readers(name: str, plain: str, real: str) -> None:
    assert written(name)[1:] == (plain, real)


@settings(deadline=None, derandomize=True, database=None)
@given(st.text(max_size=300), st.text(max_size=40), st.booleans())
def test_no_name_and_no_type_gets_out_of_the_header(name: str, kind: str, download: bool) -> None:
    told = dispositions.write(name, kind, download=download)

    assert FORM.fullmatch(told), told
    assert len(told) < 120 * 13 + 100


def test_a_long_name_keeps_its_extension() -> None:
    assert written("x" * 2000 + ".jpeg")[2] == "x" * 115 + ".jpeg"
    assert written("x." + "y" * 2000)[2] == ("x." + "y" * 2000)[:120]


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("image/jpeg", "inline"),
        ("image/heic", "inline"),
        ("VIDEO/MP4", "inline"),
        ("audio/mpeg", "inline"),
        ("application/pdf", "inline"),
        ("text/plain; charset=utf-8", "inline"),
        ("image/svg+xml", "attachment"),
        ("IMAGE/SVG+XML", "attachment"),
        ("text/html", "attachment"),
        ("application/xhtml+xml", "attachment"),
        ("application/octet-stream", "attachment"),
        ("image/jpeg\r\nx: y", "attachment"),
        ("", "attachment"),
    ],
)
def test_only_what_cannot_run_is_shown_in_place(kind: str, how: str) -> None:
    assert written("a", kind)[0] == how


def test_what_is_to_be_saved_is_saved() -> None:
    assert written("a.jpg", "image/jpeg", download=True)[0] == "attachment"
