"""From the last byte in S3 to the verified file at home: the whole system on the embedded cloud, one file at a time.

By turns with the least that could be done: S3 tells a queue, a loop receives, gets and writes. It checks nothing, keeps
no ledger, and forgets a message that nobody came for in time; so the difference is what our promises take.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from local.demo import ask
from local.samples import Sample
from local.sending import Progress, put, whole

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))
from whole_system import WholeSystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZE = 200_000
PLAIN = "plain-and-simple"
LONGEST_SECONDS = 120
_LOOK_SECONDS = 0.002
HEAD = "| from the answer to the PUT | median ms | worst ms |\n|---|---|---|"


@dataclass(frozen=True)
class Way:
    """When a file was in S3, was marked as uploaded, and was at home, in seconds since 1970."""

    put: float
    marked: float
    home: float


def section(count: int) -> str:
    """Measure, and lay out the figures."""
    with tempfile.TemporaryDirectory(prefix="backhaul-homeward-") as folder, _system(Path(folder)) as system:
        ways, plain = _measured(system, Path(folder), count)
    return table(ways, plain)


def table(ways: Sequence[Way], plain: Sequence[float]) -> str:
    """Lay out the figures; file by file the two ways took turns."""
    rows = {
        "until `object_arrived` marked it and wrote what is owed": [way.marked - way.put for way in ways],
        "from there until it is whole, flushed and named at home": [way.home - way.marked for way in ways],
        "**all of it**": [way.home - way.put for way in ways],
        "S3 to a queue, received, got, written: nothing checked": list(plain),
        "what the promises take, file by file": [
            way.home - way.put - least for way, least in zip(ways, plain, strict=True)
        ],
    }
    lines = [f"| {name} | {1000 * median(took):.0f} | {1000 * max(took):.0f} |" for name, took in rows.items()]
    says = f"{len(ways)} files of {SIZE // 1000} KB, each sent when the one before was at home.\n"
    return "\n".join([says, HEAD, *lines])


@contextmanager
def _system(folder: Path) -> Iterator[WholeSystem]:
    system = WholeSystem(folder)
    try:
        system.ensure_up()
        yield system
    finally:
        if system.process is not None and system.process.poll() is None:
            system.end(signal.SIGTERM)


def _measured(system: WholeSystem, folder: Path, count: int) -> tuple[list[Way], list[float]]:
    api, least = system.api(), _Plain(system, folder)
    sent: list[tuple[str, float, float]] = []
    plain = []
    for number in range(-1, count):
        sample = _sample(folder, number)
        took = _send(system, api, sample), least.send(sample)
        if number >= 0:  # the first warms everything up
            sent.append(took[0])
            plain.append(took[1])
    least.stop()
    marked = marks((system.state / "logs" / "cloud.log").read_text(encoding="utf-8"))
    return [Way(put_at, marked[file_id], home_at) for file_id, put_at, home_at in sent], plain


def _send(system: WholeSystem, api: Any, sample: Sample) -> tuple[str, float, float]:
    """Send a file, wait until it has its name at home, and say when each was."""
    (asked,) = ask(api, [sample])
    put(asked.answer["link"], whole(sample), Progress(0))
    put_at = time.time()
    deadline = time.monotonic() + LONGEST_SECONDS
    while not list(system.home.glob(f"[0-9]*/*/{sample.name}")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sample.name} is not at home after {LONGEST_SECONDS} s")
        time.sleep(_LOOK_SECONDS)
    return str(asked.answer["fileId"]), put_at, time.time()


def marks(log: str) -> dict[str, float]:
    """Read from the cloud's log when each file was marked as uploaded."""
    found = re.findall(r'^\{"at": "([^"]+)Z".*"said": "uploaded".*"file_id": "([0-9a-f]+)"', log, re.MULTILINE)
    return {file_id: datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at, file_id in found}


def _sample(folder: Path, number: int) -> Sample:
    contents = os.urandom(SIZE)
    path = folder / f"FILE_{number:04}.bin"
    path.write_bytes(contents)
    return Sample(path, path.name, "application/octet-stream", SIZE, hashlib.sha256(contents).hexdigest())


class _Plain:
    """A bucket that tells a queue, and a loop that hears it."""

    def __init__(self, system: WholeSystem, folder: Path) -> None:
        self._s3, self._sqs, self._into = system.aws("s3"), system.aws("sqs"), folder / "plain"
        self._into.mkdir()
        arn = f"arn:aws:sqs:us-east-1:000000000000:{PLAIN}"
        allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._queue = self._sqs.create_queue(QueueName=PLAIN, Attributes={"Policy": policy})["QueueUrl"]
        self._s3.create_bucket(Bucket=PLAIN)
        told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
        self._s3.put_bucket_notification_configuration(Bucket=PLAIN, NotificationConfiguration=told)
        self._leaving, self._home = threading.Event(), threading.Event()
        self._loop = threading.Thread(target=self._hear, args=(system.aws("sqs"), system.aws("s3")), daemon=True)
        self._loop.start()

    def send(self, sample: Sample) -> float:
        """Put a file, and return the seconds until it was written."""
        self._home.clear()
        self._s3.put_object(Bucket=PLAIN, Key=sample.name, Body=sample.path.read_bytes())
        begun = time.monotonic()
        assert self._home.wait(LONGEST_SECONDS), f"{sample.name} never came"
        return time.monotonic() - begun

    def stop(self) -> None:
        """End the loop; its last poll ends by itself."""
        self._leaving.set()
        self._sqs.send_message(QueueUrl=self._queue, MessageBody="{}")
        self._loop.join(30)

    def _hear(self, sqs: Any, s3: Any) -> None:
        while not self._leaving.is_set():
            told = sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=20, MaxNumberOfMessages=10)
            for message in told.get("Messages", []):
                for record in json.loads(message["Body"]).get("Records", []):
                    key = record["s3"]["object"]["key"]
                    (self._into / key).write_bytes(s3.get_object(Bucket=PLAIN, Key=key)["Body"].read())
                    self._home.set()
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
