"""The demo PC: an agent with the home folder as its home, paired with the demo owner and kept running."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.api import Api, patiently
from local.disk import read_json, write_json
from local.emulator import without_foreign
from local.errors import ApiError, PairingError
from local.places import Places
from local.processes import end, start

logger = logging.getLogger(__name__)

NAME = "Demo PC"
PAIR_SECONDS = 60
STOP_SECONDS = 7
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STEADY_SECONDS = 60.0
NEEDS_PAIRING = (3, 4)  # the agent's exit codes for: revoked, not paired


def needs_pairing(recorded: dict[str, Any] | None, devices: list[dict[str, Any]], places: Places) -> bool:
    """Decide whether the home folder must be paired (again): never yet, at another address, or not known any more."""
    if recorded is None or recorded.get("apiUrl") != places.api_url or recorded.get("home") != str(places.home):
        return True
    known = {device.get("deviceId") for device in devices if not device.get("revokedAt")}
    return recorded.get("deviceId") not in known or not (places.home / ".backhaul").is_dir()


def next_pause(previous: float, ran_seconds: float) -> float:
    """How long to wait before the agent is started again: longer each time, until it ran steadily."""
    if ran_seconds >= STEADY_SECONDS:
        return FIRST_PAUSE
    return min(max(previous * 2, FIRST_PAUSE), LONGEST_PAUSE)


def ensure_paired(api: Api, places: Places) -> str:
    """Make sure that the home folder is paired with the owner who is signed in, and return its device id."""
    recorded = read_json(places.pc_file) if places.pc_file.exists() else None
    devices = patiently(lambda: api.get("/devices")).get("devices", [])
    if recorded is not None and not needs_pairing(recorded, devices, places):
        return str(recorded["deviceId"])
    device_id = _pair(api, places)
    write_json(places.pc_file, {"deviceId": device_id, "apiUrl": places.api_url, "home": str(places.home)})
    _forget(api, recorded, devices)
    return device_id


def _forget(api: Api, recorded: dict[str, Any] | None, devices: list[dict[str, Any]]) -> None:
    """Revoke the device that this home folder was before; else every file would be owed to it for ever."""
    for device in devices:
        if recorded and device.get("deviceId") == recorded.get("deviceId") and not device.get("revokedAt"):
            api.delete(f"/devices/{device['deviceId']}")


def _pair(api: Api, places: Places) -> str:
    places.home.mkdir(parents=True, exist_ok=True)
    arguments = ["-m", "agent", "pair", places.api_url, "--home", str(places.home), "--name", NAME, "--yes", "--json"]
    log = places.log("agent")
    with log.open("ab") as errors:
        process = start(arguments, folder=places.project, environment=agent_environment(), stderr=errors)
        deadline = threading.Timer(PAIR_SECONDS, process.kill)
        deadline.start()
        try:
            api.post("/pairings/approve", {"userCode": _told(process, "userCode", log), "approve": True})
            device_id = _told(process, "deviceId", log)
        except ApiError as error:
            raise PairingError(str(error), log) from error
        finally:
            deadline.cancel()
            _await_end(process)
    return device_id


def _await_end(process: subprocess.Popen[bytes]) -> None:
    """Let the agent write down what it was given; stop it when it takes too long about it."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        end(process, STOP_SECONDS)


def _told(process: subprocess.Popen[bytes], name: str, log: Path) -> str:
    """Read the next line of JSON that the agent prints, and the value of that name in it."""
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        return str(json.loads(line)[name])
    except (ValueError, KeyError, TypeError) as error:
        raise PairingError(last_line(log) or f"the agent said {line!r}, expected {name!r}", log) from error


def last_line(log: Path) -> str:
    """The last thing that a log says."""
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def agent_environment() -> dict[str, str]:
    """What the agent sees: nobody's AWS settings, and its key in a file and not in this person's credential store."""
    return {**without_foreign(os.environ), "BACKHAUL_KEYRING": "file", "PYTHONUNBUFFERED": "1"}


class Agent:
    """Keeps an agent running until it is stopped."""

    def __init__(self, places: Places, tell: Callable[[str], None]) -> None:
        self._places = places
        self._tell = tell
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="agent", daemon=True)

    def start(self) -> None:
        """Start the agent, and again whenever it ends by itself."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the agent; it finishes what it must within seconds."""
        self._stopping.set()
        self._let_go()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS + 1)

    def _let_go(self) -> None:
        process = self._process
        if process and process.stdin:
            process.stdin.close()

    def _keep_running(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run_once()
            if self._stopping.is_set():
                return
            pause = next_pause(pause, time.monotonic() - began)
            said = last_line(self._places.log("agent"))
            if code in NEEDS_PAIRING:
                self._tell(f"The demo PC is not paired any more: {said}\nStop and start again (make run) to pair it.")
                return
            self._tell(f"The agent ended with code {code}; it is started again in {pause:.0f} s. It said: {said}")
            self._stopping.wait(pause)

    def _run_once(self) -> int:
        arguments = ["-m", "local.leash", *_agent_command(self._places)]
        with self._places.log("agent").open("ab") as log:
            self._process = start(
                arguments,
                folder=self._places.project,
                environment=agent_environment(),
                stdin=subprocess.PIPE,
                stdout=log,
            )
            if self._stopping.is_set():
                self._let_go()
            return self._process.wait()


def _agent_command(places: Places) -> list[str]:
    return [sys.executable, "-m", "agent", "run", "--home", str(places.home)]
