"""The program that Windows starts as a service: it works until Windows says stop, or shuts down. Windows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.startup.errors import NoStarterError

if TYPE_CHECKING:
    from collections.abc import Callable

STARTED_BY_HAND = 1063
HINT_MILLISECONDS = 10_000


def serve(work: Callable[[], None], stop: Callable[[], None]) -> None:
    """Work as a service. What `work` raises makes the service a failed one, which Windows starts again.

    No signal and no end of a console is heard: Windows tells every service of every person who logs off.
    """
    try:
        import pywintypes  # noqa: PLC0415 - exists on Windows alone
        import servicemanager  # noqa: PLC0415 - as above
        import win32service  # noqa: PLC0415 - as above
        from win32serviceutil import ServiceFramework  # noqa: PLC0415 - as above
    except ImportError as error:
        raise NoStarterError("a Windows service") from error

    class Host(ServiceFramework):
        _svc_name_ = "Backhaul"

        def SvcDoRun(self) -> None:  # noqa: N802 - called by this name
            work()

        def SvcStop(self) -> None:  # noqa: N802 - as above
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=HINT_MILLISECONDS)
            stop()

        SvcShutdown = SvcStop

    windows: Any = servicemanager
    windows.Initialize()
    windows.PrepareToHostSingle(Host)
    try:
        windows.StartServiceCtrlDispatcher()
    except pywintypes.error as error:
        if error.winerror != STARTED_BY_HAND:
            raise
        raise NoStarterError("Windows' service control, which alone starts `serve`,") from error
