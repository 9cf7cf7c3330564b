"""What is nobody else's business on a Windows PC: the key in its file, notices on the screen."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import win32con
import win32gui
import win32security
from exceptions import under_wine
from fake_cloud import DEVICE, KEY

from agent.drive.home import Home
from agent.identity import private
from agent.identity.keystore import KeyStore
from agent.window import CLASS, Window, ask_to_close

EVERYBODY = "S-1-1-0"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    private.write(tmp_path / "key", "a secret")
    return tmp_path / "key"


def test_a_key_in_a_file_is_whole_and_there_alone(key: Path) -> None:
    assert key.read_text() == "a secret"
    assert [path.name for path in key.parent.iterdir()] == ["key"]


def test_nobody_but_owner_and_system_may_read_a_key_in_a_file(key: Path) -> None:
    assert set(private._may_read(key)) <= {private._own_sid(), private._owner(key), private.SYSTEM}
    assert not private.is_open(key)


def open_to_everybody(path: Path) -> None:
    everybody = win32security.ACL()
    everybody.AddAccessAllowedAce(
        win32security.ACL_REVISION, win32con.GENERIC_ALL, win32security.ConvertStringSidToSid(EVERYBODY)
    )
    what = win32security.DACL_SECURITY_INFORMATION
    win32security.SetNamedSecurityInfo(str(path), win32security.SE_FILE_OBJECT, what, None, None, everybody, None)


@pytest.mark.skipif(under_wine(), reason="Wine keeps permission bits in the place of lists")
def test_a_key_that_everybody_may_read_is_closed_before_it_is_used(home: Home) -> None:
    keys = KeyStore(home, use_keyring=False)
    keys.keep(DEVICE, KEY)
    open_to_everybody(home.key)
    assert private.is_open(home.key)

    assert keys.find(DEVICE) == KEY

    assert not private.is_open(home.key)


def test_a_window_hears_who_asks_it_by_its_name() -> None:
    heard = threading.Event()
    window = Window("a test", heard.set, lambda: None)
    window.open()

    assert ask_to_close("a test")
    assert heard.wait(300)

    window.close()
    assert not ask_to_close("a test")


def test_an_end_that_was_called_off_ends_nothing() -> None:
    ended = threading.Event()
    window = Window("a test", lambda: None, ended.set)
    window.open()
    handle = win32gui.FindWindow(CLASS, "a test")

    win32gui.SendMessage(handle, win32con.WM_ENDSESSION, 0, 0)

    assert not ended.is_set()
    window.close()


def test_a_notice_is_shown_or_said_to_be_not() -> None:
    window = Window("a test", lambda: None, lambda: None)
    window.open()

    shown = [window.show("A title", "x" * 1000), window.show("Another", "")]

    assert shown in ([True, True], [False, False])
    window.close()
