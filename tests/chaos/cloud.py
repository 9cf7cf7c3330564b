"""The embedded cloud with bad weather before it.

`python -m tests.chaos.cloud STATE HOME CLOUD_PORT API_PORT SEED SHARE`

The weather begins when the file `raging` is put beside the state, and ends when it is taken away. What it did is
written to `faults.json` when the process ends.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import NoReturn

from local import system
from local.places import Places
from tests.chaos.storm import stormy
from tests.chaos.weather import Weather
from tests.chaos.wire import Wire

BEHIND = "127.0.0.2"
RAGING, FAULTS = "raging", "faults.json"


def main(state: Path, home: Path, cloud_port: int, api_port: int, seed: int, share: float) -> None:
    """Run until a signal."""
    project, beside = Path.cwd(), state.parent
    places = Places(project, state, home, cloud_port, api_port, BEHIND)
    weather = Weather(seed, share)
    raging = beside / RAGING
    wires = [Wire(port, BEHIND, random.Random(seed + port), share, raging) for port in (cloud_port, api_port)]
    threading.Thread(target=_serve, args=[wires], daemon=True).start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    try:
        with system.up(places, _tell, lambda app: stormy(app, weather, api_port, raging)) as running:
            _tell(system.summary(running))
            running.stay()
    except KeyboardInterrupt:
        pass
    finally:
        counts = sum((wire.counts for wire in wires), weather.counts)
        (beside / FAULTS).write_text(json.dumps(Counter(counts)), encoding="utf-8")


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
