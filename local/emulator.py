"""MiniStack inside our own process: started, wrapped, snapshotted, stopped. Knows MiniStack; nothing else here does.

It is meant to run as a program of its own: it reads its settings from the environment when it is imported
and never again, so a process can hold one, and its modules are imported only after the settings are made.
"""

import asyncio
import importlib.metadata
import logging
import logging.handlers
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from local.changes import changed_by
from local.errors import EmulatorError, MissingToolError
from local.front import Front
from local.guard import App, Receive, Scope, Send, guarded, hosts
from local.operations import counted
from local.places import ACCOUNT, LOOPBACK, REGION, Places
from local.snapshots import LastSnapshot, Snapshots, read_last, saving, write_last
from local.state import State

START_SECONDS = 30
STOP_SECONDS = 5
QUIET_SECONDS = 2
EVENT_SECONDS = 0.2  # from an answered PUT to the start of the function that hears of it
LOG_BYTES = 5_000_000
FOREIGN_SETTINGS = ("AWS_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "SERVICES", "USE_SSL", "EDGE_PORT", "BACKHAUL_")


def emulator_version() -> str:
    """Say which MiniStack is installed."""
    try:
        return importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingToolError("ministack") from error


def settings(places: Places, state: State) -> dict[str, str]:
    """Everything the emulator is told; with AUTH signatures, policies and codes are really checked."""
    return {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": state.root_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SECRET_ACCESS_KEY": state.root_secret,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BIND_HOST": places.listen,
        "GATEWAY_PORT": str(places.cloud_port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(places.objects),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(places.cloud),
        "TMPDIR": str(places.scratch),
    }


def without_foreign(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop a person's own AWS settings: a profile that exists only elsewhere would stop every function."""
    return {name: value for name, value in environment.items() if not name.startswith(FOREIGN_SETTINGS)}


def log_to(file: Path) -> None:
    """Send every log line of this process to a file that does not grow without end."""
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


class Emulator:
    """The embedded cloud, on its own thread with its own event loop."""

    def __init__(self, places: Places, state: State, between: Callable[[App], App] | None = None) -> None:
        self._places = places
        self._between = between or (lambda app: app)
        self._state = state
        self._thread = threading.Thread(target=self._run, name="cloud", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._quiet = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._front: Front | None = None
        self._snapshots: Snapshots | None = None

    def start(self) -> None:
        """Listen on both ports, or raise `EmulatorError`."""
        for name in set(os.environ) - set(without_foreign(os.environ)):
            del os.environ[name]
        os.environ.update(settings(self._places, self._state))
        tempfile.tempdir = None
        mark_running(self._places.snapshot_file)
        self._thread.start()
        self._ready.wait(START_SECONDS)
        ports = (self._places.cloud_port, self._places.api_port)
        while self.running and not all(answers(port, self._places.listen) for port in ports):
            time.sleep(0.02)
        if not self.running:
            raise EmulatorError(str(self._failure), self._places.log("cloud"))

    @property
    def running(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def serve_api(self, api_id: str) -> None:
        """Let the front door lead to this API."""
        assert self._front is not None
        self._front.api_id = api_id

    def snapshot(self) -> None:
        """Save what changed now rather than soon."""
        if self._loop and self._snapshots and self.running:
            asyncio.run_coroutine_threadsafe(self._snapshots.take(), self._loop).result(timeout=60)

    def stop(self) -> None:
        """Let the functions finish what they are at, stop answering, and save everything."""
        if self._loop and self._stop and self.running:
            self._quiet = quiet_within(QUIET_SECONDS)
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        spare_the_functions()
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
            logging.getLogger(__name__).exception("the embedded cloud ended")
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        # Imported here and not above: the settings are read from the environment by the import itself.
        from hypercorn.asyncio import serve  # noqa: PLC0415
        from hypercorn.config import Config  # noqa: PLC0415
        from ministack import app as ministack  # noqa: PLC0415
        from ministack.core import lambda_runtime, persistence  # noqa: PLC0415

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        kept = ministack._build_persistence_save_dict  # noqa: SLF001 - the emulator saves by it and offers nothing else
        save = saving(self._places.cloud, persistence.save_state)
        self._snapshots = Snapshots(self._places.snapshot_file, kept, save)
        asked = counted(watched(ministack, self._snapshots), self._places.operations_file)
        self._front = Front(asked, self._places.api_port)
        config = Config()
        config.bind = [f"{self._places.listen}:{port}" for port in (self._places.cloud_port, self._places.api_port)]
        config.loglevel, config.graceful_timeout, config.keep_alive_timeout = "WARNING", 2, 75
        taking = asyncio.create_task(self._snapshots.keep_taking())
        allowed = hosts(self._places.cloud_port, self._places.api_port)
        app: Any = announced(guarded(self._between(self._front), allowed), self._ready)
        await serve(app, config, shutdown_trigger=self._stop.wait)
        taking.cancel()
        write_last(self._places.snapshot_file, LastSnapshot(time.time(), clean=self._quiet))
        lambda_runtime.reset()


def spare_the_functions() -> None:
    """Keep a Ctrl-C in the terminal from the functions: they inherit this thread's mask, and get to finish.

    SIGTERM still reaches them, by which the emulator ends those it needs no more.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def mark_running(file: Path) -> None:
    """Say that from here on a stop without goodbye is an unclean one; when the last snapshot was stays known."""
    last = read_last(file)
    write_last(file, LastSnapshot(last.taken if last else 0, clean=False))


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((host, port)) == 0


def quiet_within(seconds: float) -> bool:
    """Wait until no function runs. One cut off in the middle of an event would leave that event to the sweeps."""
    from ministack.core import lambda_runtime  # noqa: PLC0415 - as in `_serve`

    deadline = time.monotonic() + seconds
    time.sleep(EVENT_SECONDS)
    while lambda_runtime.workers_in_use():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def announced(app: App, ready: threading.Event) -> App:
    """Set the event once the emulator has loaded its state; the ports open right after."""

    async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)

        async def tell(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready.set()

        return await app(scope, receive, tell)

    return wrapper


def watched(ministack: ModuleType, snapshots: Snapshots) -> App:
    """Tell the snapshots what each request may have changed, once it is answered."""
    from ministack.core.router import detect_service  # noqa: PLC0415

    async def watch(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await ministack.app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                snapshots.note(
                    changed_by(scope, detect_service(scope["method"], scope["path"], text_headers(scope), {}))
                )

    return watch


def text_headers(scope: Scope) -> dict[str, str]:
    """The headers as the emulator's router wants them."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
