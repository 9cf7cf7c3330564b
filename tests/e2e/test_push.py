"""The uploader of the repository against the whole system: a folder with a large file, killed in the middle.

`make push-killed SIZE=2147483648 KILLS=5` does the same with a larger file, killed more often.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from whole_system import WholeSystem, await_truth

from local.errors import ApiError
from local.samples import Sample

pytestmark = pytest.mark.e2e

FILM_BYTES = int(os.environ.get("PUSH_BYTES", "60000000"))
KILLS = int(os.environ.get("PUSH_KILLS", "1"))
PART_BYTES = 16 * 1024**2
PART_COUNT = -(-FILM_BYTES // PART_BYTES)
PATIENCE_SECONDS = 90 + FILM_BYTES / 1_000_000
STEP_SECONDS = FILM_BYTES / 3_000_000_000

Part = tuple[str, int]
Told = tuple[int, datetime]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An old phone's files: a film, and a photo beside it."""
    made = tmp_path / "an old phone"
    made.mkdir()
    with (made / "first steps.mp4").open("wb") as film:
        for start in range(0, FILM_BYTES, PART_BYTES):
            film.write(random.randbytes(min(PART_BYTES, FILM_BYTES - start)))
    (made / "photo.jpg").write_bytes(random.randbytes(100_000))
    return made


@pytest.fixture
def phone(system: WholeSystem, tmp_path: Path) -> Path:
    """The state folder of a paired phone."""
    state = tmp_path / "phone"
    arguments = ["pair", f"http://127.0.0.1:{system.api_port}", "--kind", "phone", "--home", str(state), "--json"]
    with start(system, *arguments) as pairing:
        assert pairing.stdout
        asked = json.loads(pairing.stdout.readline())
        system.api().post("/pairings/approve", {"userCode": asked["userCode"], "approve": True})
        assert pairing.wait(60) == 0, pairing.communicate()
    return state


def start(system: WholeSystem, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments],
        cwd=system.project,
        env={**os.environ, "BACKHAUL_KEYRING": "file"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_push_killed_again_and_again_sends_no_part_twice_and_all_comes_home(
    system: WholeSystem, folder: Path, phone: Path
) -> None:
    samples = [as_sample(file) for file in sorted(folder.iterdir())]
    there: dict[Part, Told] = {}
    for kill in range(1, KILLS + 1):
        before, there = there, killed_once_there(system, folder, phone, PART_COUNT * kill // (KILLS + 1))
        assert there.items() >= before.items()
        assert len(there) > len(before)

    with start(system, "push", str(folder), "--state", str(phone)) as last:
        told, _ = last.communicate(timeout=PATIENCE_SECONDS)

    assert last.returncode == 0, told
    assert len(there) < PART_COUNT
    assert {size for size, _ in there.values()} <= {PART_BYTES, FILM_BYTES % PART_BYTES}
    await_truth(lambda: all(map(system.is_home, samples)), PATIENCE_SECONDS, "every file at home")
    assert parts_in(system) == {}


def killed_once_there(system: WholeSystem, folder: Path, phone: Path, count: int) -> dict[Part, Told]:
    """Push until at least so many parts are in the bucket, kill without a warning, and return what is there."""
    with start(system, "push", str(folder), "--state", str(phone), "--parallel", "1") as push:
        await_truth(
            lambda: goes_a_step(push) or len(parts_in(system)) >= max(1, count), PATIENCE_SECONDS, f"part {count}"
        )
        push.send_signal(signal.SIGKILL)
        assert push.wait(10) == -signal.SIGKILL, push.communicate()
    return parts_in(system)


def goes_a_step(process: subprocess.Popen[str]) -> bool:
    """Let a process run for a moment and hold it; say whether it is over. A loopback is too fast to aim at."""
    process.send_signal(signal.SIGCONT)
    time.sleep(STEP_SECONDS)
    process.send_signal(signal.SIGSTOP)
    return process.poll() is not None


def parts_in(system: WholeSystem) -> dict[Part, Told]:
    """Return size and time of each part that waits in the bucket: one that is sent again gets another time."""
    s3, bucket = system.aws("s3"), system.outputs()["policy"]["Bucket"]
    found: dict[Part, Told] = {}
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        where = {"Bucket": bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
        for page in s3.get_paginator("list_parts").paginate(**where):
            found |= {
                (upload["UploadId"], part["PartNumber"]): (part["Size"], part["LastModified"])
                for part in page.get("Parts", [])
            }
    return found


def as_sample(file: Path) -> Sample:
    with file.open("rb") as contents:
        summed = hashlib.file_digest(contents, "sha256").hexdigest()
    return Sample(file, file.name, "", file.stat().st_size, summed)


def test_the_functions_may_do_what_parts_need_and_leave_nothing_behind(system: WholeSystem) -> None:
    """Each of these needs a right of its own in the function's policy, which the embedded cloud enforces."""
    api, s3, bucket = system.api(), system.aws("s3"), system.outputs()["policy"]["Bucket"]
    wish = {"name": "film.mp4", "type": "video/mp4", "size": FILM_BYTES, "sha256": os.urandom(32).hex()}
    (begun,) = api.post("/uploads", {"files": [wish]})["files"]
    where = f"/uploads/{begun['fileId']}"
    asked = {"parts": [{"part": 1, "sha256": "ab" * 32}]}

    assert [link["part"] for link in api.post(f"{where}/links", asked)["links"]] == [1]
    assert api.post(f"{where}/links", {"parts": []})["have"] == []
    (upload,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    with pytest.raises(ApiError, match="4 parts lack"):
        api.post(f"{where}/complete", {})
    assert len(api.post(f"{where}/links", asked)["links"]) == 1
    api.delete(where)

    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
