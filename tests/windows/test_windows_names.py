"""Names as the drive takes them: what we call legal is created under exactly that name, and twins never share one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import tempfile
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from fake_pc import Pc
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.drive import disk
from agent.drive.home import Home
from agent.drive.names import legal_name, twin_key

NASTY = [
    *("CON", "con.jpg", "NUL", "nul.tar.gz", "PRN .txt", "AUX.", "COM1", "COM¹.jpg", "LPT9.png", "CONIN$", "CLOCK$.a"),
    *("a.", "a..", "a ", "a. .", " a", ".", "..", "...", " ", ""),
    *("a:b", "a:stream:$DATA", "C:\\x", "\\\\srv\\s", "\\\\?\\C:\\x", "a/b", "a\\b", "a<b>c", 'a"b', "a|b?c*d"),
    *("a\0b", "a\tb", "a\nb", "a\x7fb", "\u202egpj.exe", "\ufeffa", "\ud800", "e\u0301.jpg", "é.jpg", "😀.heic"),
    *("x" * 300, "x" * 300 + ".jpeg", "ü" * 200 + ".jpg", "😀" * 100, ".backhaul", ".BackHaul", "desktop.ini", "~1"),
]


@pytest.mark.parametrize("name", NASTY)
def test_whatever_came_in_the_drive_has_the_name_we_say(home: Home, name: str) -> None:
    path = f"2024/{legal_name(name)}"
    partial = home.partials / "a.partial"
    partial.write_bytes(name.encode(errors="replace"))

    disk.publish(partial, disk.place(home, path))

    assert os.listdir(home.folder / "2024") == [legal_name(name)]  # noqa: PTH208 - what the drive itself says
    assert (home.folder / path).read_bytes() == name.encode(errors="replace")


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=120))
def test_any_text_becomes_a_name_that_the_drive_takes(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Home(Path(folder)).folder / legal_name(name)).write_bytes(b"")

        assert [path.name for path in Path(folder).iterdir()] == [legal_name(name)]


def test_what_windows_takes_for_the_same_letter_so_do_we() -> None:
    """A twin that we miss would cost a photo: the second would lie where the first is."""
    upper = ctypes.windll.ntdll.RtlUpcaseUnicodeChar  # type: ignore[attr-defined,unused-ignore]
    upper.argtypes, upper.restype = [ctypes.c_wchar], ctypes.c_wchar
    letters = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]

    missed = [letter for letter in letters if twin_key(letter) != twin_key(upper(letter))]

    assert missed == []


def test_case_and_composition_twins_lie_side_by_side(pc: Pc, cloud: FakeCloud) -> None:
    twins = [
        "IMG_1.jpg",
        "img_1.JPG",
        "Ä.jpg",
        "ä.JPG",
        "A\u0308.jpg",
        "CON.jpg",
        "con.JPG",
        "a .jpg",
        "a.jpg",
        "a.jpg. ",
    ]
    for number, name in enumerate(twins):
        cloud.has(b"photo %d" % number, name)

    pc.start()
    with contextlib.ExitStack() as ended:
        ended.callback(pc.stop)
        cloud.wait_until(lambda: cloud.all_home)

    assert sorted(pc.files().values()) == [b"photo %d" % number for number in range(len(twins))]
