"""The whole system on one machine: the story of its start and of its end."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from local import deployed, owner, pc, recover, resources
from local.api import Api
from local.disk import empty_folder, write_json
from local.emulator import Emulator, emulator_version, log_to
from local.errors import ApiError, EmulatorError, LocalError
from local.guard import App
from local.lock import Lock
from local.places import STAGE, Places
from local.ports import refuse_taken
from local.snapshots import LastSnapshot, read_last
from local.state import State, open_state, refuse_foreign

HEALTH_SECONDS = 30
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Running:
    """A system that is up."""

    places: Places
    api: Api
    device_id: str
    seconds: float
    emulator: Emulator

    def stay(self) -> None:
        """Stay up until a signal raises, or until the cloud is gone."""
        while self.emulator.running:
            threading.Event().wait(1)
        raise LocalError(f"The embedded cloud ended by itself; its log is {self.places.log('cloud')}")


@contextlib.contextmanager
def up(places: Places, tell: Tell, between: Callable[[App], App] | None = None) -> Iterator[Running]:
    """Run the system for the length of a `with` block; it ends as cleanly after an error as after a Ctrl-C.

    `between` may put something between all who call and the cloud.
    """
    began = time.monotonic()
    version = emulator_version()
    refuse_foreign(places)
    lock = Lock(places.lock_file)
    lock.take()
    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        refuse_taken(places)
        state = open_state(places, version)
        last = read_last(places.snapshot_file)
        emulator = _start_emulator(Emulator(places, state, between), places, stack)
        tell(f"The embedded cloud answers at {places.cloud_url}")
        _deploy(places, state, emulator, tell)
        _recover(places, state, last, tell)
        api = owner.sign_in(Api(places.api_url), owner.find_or_invent(places.owner_file))
        device_id = pc.ensure_paired(api, places)
        emulator.snapshot()
        agent = pc.Agent(places, tell)
        stack.callback(agent.stop)
        agent.start()
        write_running(places, device_id)
        stack.callback(places.running_file.unlink, missing_ok=True)
        yield Running(places, api, device_id, time.monotonic() - began, emulator)


def _start_emulator(emulator: Emulator, places: Places, stack: contextlib.ExitStack) -> Emulator:
    empty_folder(places.scratch)
    log_to(places.log("cloud"))
    stack.callback(emulator.stop)
    emulator.start()
    return emulator


def _deploy(places: Places, state: State, emulator: Emulator, tell: Tell) -> None:
    """Put up what is not up yet, and open the front door to it."""
    settings = resources.functions_settings(places) | {"root": state.root_key}
    wanted = deployed.fingerprint(places.project, settings)
    found = deployed.still_deployed(places, wanted)
    if found is not None:
        emulator.serve_api(found.api_id)
        if _is_whole(places):
            _await_health(places, emulator)
            return
        tell("What was put up before is not whole: a kill came while it was changed")
    tell("Putting up the resources (infra/template.yaml)")
    resources.put_up(places, state)
    tell("Putting up the functions (chalice deploy --stage local); the first time fetches packages")
    found = deployed.Deployed(wanted, deployed.deploy_functions(places))
    emulator.snapshot()
    deployed.record(places, found)
    emulator.serve_api(found.api_id)
    _await_health(places, emulator)


def _is_whole(places: Places) -> bool:
    """Whether the API leads to the functions: without its routes it says 403 or 404. Other trouble may pass."""
    try:
        Api(places.api_url).get("/health")
    except ApiError as error:
        return error.status not in (403, 404)
    return True


def _await_health(places: Places, emulator: Emulator) -> None:
    deadline = time.monotonic() + HEALTH_SECONDS
    while True:
        try:
            Api(places.api_url).get("/health")
        except ApiError as error:
            if time.monotonic() > deadline or not emulator.running:
                raise EmulatorError(f"the API is not healthy: {error}", places.log("cloud")) from error
            time.sleep(0.2)
        else:
            return


def _recover(places: Places, state: State, last: LastSnapshot | None, tell: Tell) -> None:
    """After an unclean stop, tell the cloud half again of what arrived since the last snapshot."""
    if last is None or last.clean:
        return
    session = resources.session_of(state)
    told, refused = recover.replay(session, places.cloud_url, resources.bucket(places), last)
    if told:
        tell(f"The last stop was unclean: {told} recent {'arrival was' if told == 1 else 'arrivals were'} told again")
    for key in refused:
        tell(f"The arrival of {key!r} could not be told again; the log of the cloud says why")


def write_running(places: Places, device_id: str) -> None:
    """Let `demo` find the system that is up."""
    write_json(
        places.running_file,
        {
            "pid": os.getpid(),
            "apiUrl": places.api_url,
            "cloudUrl": places.cloud_url,
            "home": str(places.home),
            "deviceId": device_id,
        },
    )


def summary(running: Running) -> str:
    """Tell a person where everything is."""
    places = running.places
    rows: Mapping[str, str] = {
        "API": places.api_url,
        "Page": f"{places.api_url}/ in a browser; sign in as the owner",
        "Home folder": f"{places.home} (the demo PC, device {running.device_id})",
        "Owner": f"{owner.find_or_invent(places.owner_file).email}, password in {places.owner_file}",
        "AWS endpoint": f"{places.cloud_url} (stage {STAGE}; keys in {places.outputs_file})",
        "State": f"{places.state} (logs in {places.log('cloud').parent})",
        "Try it": "make demo, in another terminal",
        "Stop": "Ctrl-C here; what was uploaded is still there at the next start",
    }
    lines = [f"  {name:<13} {value}" for name, value in rows.items()]
    return "\n".join([f"\nBackhaul is up ({running.seconds:.1f} s)\n", *lines, ""])
