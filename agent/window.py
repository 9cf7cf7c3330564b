"""A window nobody sees: how Windows tells a program without a console that it is time to go. Windows alone.

It hears a logoff or shutdown, a polite end (`backhaul stop`, `taskkill`), and what becomes of the notices it shows.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any, cast

import pywintypes
import win32api
import win32con
import win32gui

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger(__name__)
CLASS = "BackhaulAgent"
READY_SECONDS = 10.0
LEAVE, SHOWN = win32con.WM_USER + 1, win32con.WM_USER + 2
OVER = frozenset({0x403, 0x404, 0x405})
"""A notice was hidden, timed out, or was clicked."""
TITLE_LETTERS, TEXT_LETTERS = 63, 255


class Window:
    """One hidden window, with a thread that hears what Windows says to it."""

    def __init__(self, title: str, asked: Callable[[], None], ending: Callable[[], None]) -> None:
        """Take whom to tell when we are asked to go, and when the session ends: then Windows waits for the answer."""
        self._title, self._asked, self._ending = title, asked, ending
        self._handle = 0
        self._icon_there = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, name="window", daemon=True)

    def open(self) -> None:
        """Open the window."""
        self._thread.start()
        self._ready.wait(READY_SECONDS)

    def close(self) -> None:
        """Close the window."""
        with contextlib.suppress(pywintypes.error):
            win32gui.PostMessage(self._handle, LEAVE, 0, 0)
        self._thread.join(READY_SECONDS)

    def show(self, title: str, text: str) -> bool:
        """Show a notice beside the clock; tell whether Windows took it."""
        icon = win32gui.LoadIcon(0, win32con.IDI_INFORMATION)
        flags = win32gui.NIF_ICON | win32gui.NIF_MESSAGE | win32gui.NIF_TIP | win32gui.NIF_INFO
        told: Any = (self._handle, 0, flags, SHOWN, icon, "Backhaul", text[:TEXT_LETTERS], 10, title[:TITLE_LETTERS])
        try:
            win32gui.Shell_NotifyIcon(win32gui.NIM_MODIFY if self._icon_there else win32gui.NIM_ADD, told)
        except pywintypes.error:
            return False
        self._icon_there = True
        return True

    def _live(self) -> None:
        """Make the window and hear until it goes: Windows wants both, and its end, in one thread."""
        try:
            kind = _register(self._hears())
            self._handle = win32gui.CreateWindow(kind, self._title, 0, 0, 0, 0, 0, 0, 0, 0, None)
        except pywintypes.error as error:
            LOG.warning("no window to hear Windows' farewell with: %s", error.strerror)
            return
        finally:
            self._ready.set()
        win32gui.PumpMessages()
        win32gui.UnregisterClass(kind, win32api.GetModuleHandle(None))

    def _hears(self) -> dict[int, Any]:
        return {
            win32con.WM_CLOSE: self._close_asked,
            win32con.WM_QUERYENDSESSION: lambda *_: 1,
            win32con.WM_ENDSESSION: self._session_ends,
            LEAVE: self._leave,
            win32con.WM_DESTROY: self._destroyed,
            SHOWN: self._shown,
        }

    def _close_asked(self, *_: object) -> int:
        self._asked()
        return 0

    def _session_ends(self, _handle: int, _message: int, really: int, _why: int) -> int:
        """Once we return from here the process may be gone."""
        if really:
            self._ending()
        return 0

    def _shown(self, _handle: int, _message: int, _icon: int, what: int) -> int:
        if what in OVER:
            self._take_icon_away()
        return 0

    def _leave(self, handle: int, *_: object) -> int:
        win32gui.DestroyWindow(handle)
        return 0

    def _destroyed(self, *_: object) -> int:
        self._take_icon_away()
        win32gui.PostQuitMessage(0)
        return 0

    def _take_icon_away(self) -> None:
        if self._icon_there:
            self._icon_there = False
            with contextlib.suppress(pywintypes.error):
                win32gui.Shell_NotifyIcon(win32gui.NIM_DELETE, cast("Any", (self._handle, 0)))


def _register(hears: dict[int, Any]) -> Any:
    """Register the kind of window; its name is what `find` looks for."""
    kind: Any = win32gui.WNDCLASS()
    kind.lpszClassName = CLASS
    kind.hInstance = win32api.GetModuleHandle(None)
    kind.lpfnWndProc = hears
    return win32gui.RegisterClass(kind)


def ask_to_close(title: str) -> bool:
    """Ask the program that has the window to go; tell whether there is one."""
    try:
        window = win32gui.FindWindow(CLASS, title)
        if window:
            win32gui.PostMessage(window, win32con.WM_CLOSE, 0, 0)
    except pywintypes.error:
        return False
    return bool(window)
