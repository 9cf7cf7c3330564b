"""`python -m bench.idle`: an agent whose catalog knows 100,000 files: how soon it works, what idling costs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from agent.drive.catalog import Catalog, Receipt
from agent.drive.home import Home, Pairing
from agent.fetch.notices import Notice
from agent.identity.keystore import KeyStore
from bench.cloud import DEVICE, Cloud

FILES = 100_000
IDLE_SECONDS = 30
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure and print."""
    folder = Path("build/bench/idle").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    home = Home(folder)
    home.prepare()
    KeyStore(home, use_keyring=False).keep(DEVICE, f"bh_{DEVICE}_bench")
    _fill(home)
    environment: Mapping[str, str] = {**os.environ, "BACKHAUL_KEYRING": "file"}
    with Cloud([], "http://127.0.0.1:9") as cloud:
        home.remember(Pairing(cloud.url, DEVICE, "bench"))
        begun = time.monotonic()
        command = [sys.executable, "-m", "agent", "run", "--home", str(home)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        asked = cloud.asked.wait(60)
        waited, used_by_then = time.monotonic() - begun, _processor_seconds(process.pid)
        print(f"{FILES:,} files in the catalog: asked what is owed after {waited:.2f} s ({asked=})")
        print(f"processor time by then: {used_by_then:.2f} s")
        time.sleep(10)
        before = _processor_seconds(process.pid)
        time.sleep(IDLE_SECONDS)
        idle = (_processor_seconds(process.pid) - before) / IDLE_SECONDS
        print(f"idle: {idle:.2%} of a core over {IDLE_SECONDS} s")
        process.send_signal(signal.SIGTERM)
        used = os.wait4(process.pid, 0)[2]
        print(
            f"most memory: {used.ru_maxrss * 1024 / 1e6:.0f} MB; read from the drive: {used.ru_inblock * 512:,} bytes"
        )
    return 0


def _fill(home: Home) -> None:
    with Catalog(home.catalog) as catalog, catalog.together():
        for number in range(FILES):
            file_id, sha256 = f"{number:032x}", f"{number:064x}"
            path = f"2024/2024-{number % 12 + 1:02}/IMG_{number}.jpg"
            catalog.intend(_notice(file_id, sha256), path)
            catalog.came_home(Receipt(file_id, sha256, 1, path))
            catalog.receipt_taken(file_id)


def _notice(file_id: str, sha256: str) -> Notice:
    return Notice(
        file_id=file_id,
        bucket="bench",
        key=f"originals/o/{file_id}-IMG.jpg",
        version_id=None,
        size=1,
        sha256=sha256,
        name="IMG.jpg",
        kind="image/jpeg",
        taken_at=None,
        uploaded_at=None,
    )


def _processor_seconds(process: int) -> float:
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS


if __name__ == "__main__":
    sys.exit(main())
