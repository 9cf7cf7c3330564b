"""The embedded cloud with bad weather before it.

`python -m tests.chaos.cloud STATE HOME CLOUD_PORT API_PORT SEED SHARE`

The weather begins when the file `raging` is put beside the state, and ends when it is taken away. What it did is
written to `faults.json` every second and when the process ends.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from local import snapshots, system
from local.guard import App
from local.places import Places
from tests.chaos import events
from tests.chaos.storm import stormy
from tests.chaos.weather import Weather
from tests.chaos.wire import Wire

BEHIND = "127.0.0.2"
RAGING, FAULTS = "raging", "faults.json"


def main(state: Path, home: Path, cloud_port: int, api_port: int, seed: int, share: float) -> None:
    """Run until a signal."""
    places = Places(Path.cwd(), state, home, cloud_port, api_port, BEHIND)
    weather, raging = Weather(seed, share), state.with_name(RAGING)
    wires = [Wire(port, BEHIND, weather, raging) for port in (cloud_port, api_port)]
    threading.Thread(target=_serve, args=[wires], daemon=True).start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)

    def between(app: App) -> App:
        events.take_over(weather, raging)
        return stormy(app, weather, api_port, raging)

    # Nothing here outlives the run: no snapshot is worth the seconds in which nobody is answered.
    snapshots.SHORTEST_PAUSE = 86_400.0
    over = threading.Event()
    try:
        with system.up(places, _tell, between) as running:
            threading.Thread(target=_keep_writing, args=[weather, state.with_name(FAULTS), over], daemon=True).start()
            _tell(system.summary(running))
            running.stay()
    except KeyboardInterrupt:
        pass
    finally:
        over.set()
        _write(weather, state.with_name(FAULTS))


def _keep_writing(weather: Weather, file: Path, over: threading.Event) -> None:
    while not over.wait(1):
        _write(weather, file)


def _write(weather: Weather, file: Path) -> None:
    beside = file.with_suffix(f".{threading.get_ident()}")
    beside.write_text(json.dumps(dict(weather.counts)), encoding="utf-8")
    beside.replace(file)


def _serve(wires: list[Wire]) -> None:
    async def serve() -> None:
        await asyncio.gather(*(wire.serve() for wire in wires))

    asyncio.run(serve())


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (for the log)


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    state, home, cloud_port, api_port, seed, share = sys.argv[1:]
    main(Path(state), Path(home), int(cloud_port), int(api_port), int(seed), float(share))
