"""What some photos ask of the embedded cloud, from the first request to the last receipt: the real halves, counted.

The whole system runs in a folder of its own: the app deployed by Chalice, real functions, a real PC. What has nothing
to do with the photos, such as polls, is in the counts as well; so they are told beside those of `journey`.
"""

from __future__ import annotations

import hashlib
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from local.demo import ask
from local.samples import Sample
from local.sending import Progress, put, whole
from tests.media.pictures import encoded

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))
from whole_system import WholeSystem, await_truth

_SECONDS = 240
_PAGE = 100


def count(number: int) -> dict[str, int]:
    """Bring some photos home through the whole system, and return how often each operation was asked for."""
    with tempfile.TemporaryDirectory(prefix="backhaul-count-") as folder:
        system = WholeSystem(Path(folder))
        lines = system.project / "operations.log"
        lines.touch()
        try:
            system.ensure_up()
            return _brought_home(system, _photos(Path(folder), number), lines)
        finally:
            if system.process is not None and system.process.poll() is None:
                system.end(signal.SIGTERM)


def _brought_home(system: WholeSystem, photos: list[Sample], lines: Path) -> dict[str, int]:
    api = system.api()
    # What a first request makes only once: the profile of the owner, keys that are learnt.
    system.upload(api, photos.pop())
    await_truth(lambda: _home(system) == 1, _SECONDS, "the first photo home")
    time.sleep(5)
    begins = len(lines.read_text().splitlines())
    for one in ask(api, photos):
        put(one.answer["link"], whole(one.sample), Progress(0))
    await_truth(lambda: _home(system) == len(photos) + 1, _SECONDS, "all photos home")
    counts = Counter(lines.read_text().splitlines()[begins:])
    return dict(sorted(counts.items()))


def _home(system: WholeSystem) -> int:
    """Count by what lies in the home folder and is looked into, so that asking is not counted along."""
    home = [file for file in system.home.rglob("*.jpg") if ".backhaul" not in file.parts]
    previews = list(system.state.joinpath("objects").rglob("*-256.webp"))
    return min(len(home), len(previews))


def _photos(folder: Path, number: int) -> list[Sample]:
    """Make photos large enough for both previews; what lies behind the picture makes each another file."""
    picture = encoded("JPEG", 1800, 1200)
    return [_photo(folder, f"IMG_{n:04}.jpg", picture + str(n).encode()) for n in range(number + 1)]


def _photo(folder: Path, name: str, contents: bytes) -> Sample:
    (folder / name).write_bytes(contents)
    return Sample(folder / name, name, "image/jpeg", len(contents), hashlib.sha256(contents).hexdigest())
