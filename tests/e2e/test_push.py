"""The uploader of the repository against the whole system: a folder with a large file, killed in the middle."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from whole_system import WholeSystem, await_truth

from local.errors import ApiError
from local.samples import Sample
from tests.builders import sha256

pytestmark = pytest.mark.e2e

FILM_BYTES = 60_000_000
PART_BYTES = 16 * 1024**2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An old phone's files: a film, and a photo beside it."""
    made = tmp_path / "an old phone"
    made.mkdir()
    (made / "first steps.mp4").write_bytes(random.randbytes(FILM_BYTES))
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


def test_a_push_killed_in_the_middle_of_a_film_goes_on_and_all_comes_home(
    system: WholeSystem, folder: Path, phone: Path
) -> None:
    samples = [as_sample(file) for file in sorted(folder.iterdir())]
    with start(system, "push", str(folder), "--state", str(phone), "--parallel", "1") as first:
        await_truth(lambda: goes_a_step(first) or bool(parts_in(system)), 90, "a first part")
        first.send_signal(signal.SIGKILL)
        assert first.wait(10) == -signal.SIGKILL, first.communicate()
    there = parts_in(system)

    with start(system, "push", str(folder), "--state", str(phone)) as second:
        told, _ = second.communicate(timeout=120)

    assert second.returncode == 0, told
    assert 1 <= len(there) <= 4
    assert set(there.values()) <= {PART_BYTES, FILM_BYTES % PART_BYTES}
    await_truth(lambda: all(map(system.is_home, samples)), 60, "every file at home")
    assert parts_in(system) == {}


def goes_a_step(process: subprocess.Popen[str]) -> bool:
    """Let a process run for a moment and hold it; say whether it is over. A loopback is too fast to aim at."""
    process.send_signal(signal.SIGCONT)
    time.sleep(0.02)
    process.send_signal(signal.SIGSTOP)
    return process.poll() is not None


def parts_in(system: WholeSystem) -> dict[tuple[str, int], int]:
    """Return the size of each part that waits in the bucket, by S3's upload and number."""
    s3, bucket = system.aws("s3"), system.outputs()["policy"]["Bucket"]
    found: dict[tuple[str, int], int] = {}
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        parts: list[dict[str, Any]] = s3.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]).get(
            "Parts", []
        )
        found |= {(upload["UploadId"], part["PartNumber"]): part["Size"] for part in parts}
    return found


def as_sample(file: Path) -> Sample:
    contents = file.read_bytes()
    return Sample(file, file.name, "", len(contents), sha256(contents))


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
