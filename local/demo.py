"""Send sample files in at one end, and compare the bytes at the other. `python -m local demo`."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local import samples
from local.api import Api, patiently
from local.errors import DemoError
from local.report import Sent, table
from local.samples import Sample
from local.sending import Progress, put, put_parts, whole

AT_ONCE = 4
POLL_SECONDS = 0.25
PAGE = 100
HOME = "downloaded"


@dataclass(frozen=True)
class Asked:
    """What the API answered about one sample."""

    sample: Sample
    answer: dict[str, Any]


def run(api: Api, home: Path, video_mb: int, patience: float = 120) -> int:
    """Send everything, await everything, compare everything; 0 only if all bytes are the same."""
    with tempfile.TemporaryDirectory(prefix="backhaul-demo-") as folder:
        made = samples.make(Path(folder), int.from_bytes(os.urandom(8), "big"), video_mb)
        size = sum(sample.size for sample in made)
        print(f"Sending {len(made)} files, {size >> 20} MiB in all, and the first of them a second time")
        sent = _send(api, made)
        arrived = _await_home(api, sent, patience)
        again = _send_again(api, made[0])
        judged = [*judge(arrived, home), again]
    print(table(judged))
    good = all(one.good for one in judged)
    print("All bytes are the same at both ends." if good else "Not all files came home unchanged.")
    return 0 if good else 1


def _send(api: Api, made: Sequence[Sample]) -> list[Sent]:
    asked = ask(api, made)
    progress = Progress(sum(sample.size for sample in made))
    with ThreadPoolExecutor(AT_ONCE) as crew:
        sent = list(crew.map(lambda one: _upload(api, one, progress), asked))
    progress.end()
    return sent


def ask(api: Api, made: Sequence[Sample]) -> list[Asked]:
    """Ask for a link for each sample."""
    wanted = [{"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256} for one in made]
    answers = api.post("/uploads", {"files": wanted})["files"]
    return [Asked(sample, answer) for sample, answer in zip(made, answers, strict=True)]


def _upload(api: Api, asked: Asked, progress: Progress) -> Sent:
    """Put one file to its link, or its parts to theirs, as a phone does."""
    sample, answer = asked.sample, asked.answer
    began = time.monotonic()
    if answer.get("outcome") == "upload":
        put(answer["link"], whole(sample), progress)
    elif answer.get("outcome") == "multipart":
        put_parts(api, answer, sample, progress)
    else:
        raise DemoError(f"{sample.name!r}: expected the outcome 'upload' or 'multipart', got {answer}")
    now = time.monotonic()
    return Sent(sample, str(answer["fileId"]), up_seconds=now - began, up_at=now)


def _send_again(api: Api, sample: Sample) -> Sent:
    """Offer the first file once more: it must not be asked for a second time."""
    (asked,) = ask(api, [sample])
    outcome = str(asked.answer.get("outcome"))
    return Sent(
        sample,
        str(asked.answer.get("fileId", "")),
        verdict="known already" if outcome == "duplicate" else f"expected duplicate, got {outcome}",
        good=outcome == "duplicate",
    )


def _await_home(api: Api, sent: Sequence[Sent], patience: float) -> list[Sent]:
    """Watch the files until each is home, or patience ends."""
    waiting = {one.file_id: one for one in sent}
    done: dict[str, Sent] = {}
    deadline = time.monotonic() + patience
    while waiting and time.monotonic() < deadline:
        for file in patiently(lambda: api.get(f"/files?limit={PAGE}"))["files"]:
            if (one := waiting.get(file["fileId"])) is None:
                continue
            waiting[one.file_id] = replace(one, status=file["status"])
            if file["status"] == HOME:
                done[one.file_id] = replace(waiting.pop(one.file_id), home_seconds=time.monotonic() - one.up_at)
        if waiting:
            time.sleep(POLL_SECONDS)
    return [done.get(one.file_id) or waiting[one.file_id] for one in sent]


def judge(arrived: Iterable[Sent], home: Path) -> list[Sent]:
    """Compare what was sent with what lies in the home folder, by SHA-256 computed here and now."""
    arrived = list(arrived)
    found = digests(home, {one.sample.size for one in arrived})
    return [_judged(one, found) for one in arrived]


def _judged(one: Sent, found: frozenset[str]) -> Sent:
    if one.status != HOME:
        return replace(one, verdict=f"still {one.status}", good=False)
    same = one.sample.sha256 in found
    return replace(one, verdict="same bytes" if same else "NOT FOUND AT HOME", good=same)


def digests(home: Path, sizes: set[int]) -> frozenset[str]:
    """The SHA-256 of every file at home that has one of these sizes; the agent's own files are passed over."""
    found = set()
    for file in home.rglob("*"):
        if ".backhaul" not in file.relative_to(home).parts and file.is_file() and file.stat().st_size in sizes:
            with file.open("rb") as contents:
                found.add(hashlib.file_digest(contents, "sha256").hexdigest())
    return frozenset(found)
