"""The restore drill: the table is lost. Bucket and PC make it whole again, and nothing is fetched twice."""

import json
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from whole_system import WholeSystem, await_truth

from local import samples
from local.api import Api

# One worker runs the drill; its tests look at what it left.
pytestmark = pytest.mark.e2e
TABLE = "backhaul-local"
SHOWN = ("name", "type", "size", "sha256", "createdAt", "takenAt", "status")
FETCHED = " came home file_id="


@dataclass
class Drill:
    """What was there before the loss, and what the commands said after it."""

    system: WholeSystem
    before: dict[str, dict[str, Any]]
    only_at_home: str
    looks: dict[Path, tuple[int, int]]
    fetched: list[str]
    said: dict[str, str] = field(default_factory=dict)
    after: dict[str, dict[str, Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def drill(one_system: WholeSystem, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """Lose the table, and do what the runbook says."""
    one_system.ensure_up()
    drill = prepared(one_system, tmp_path_factory.mktemp("drill"))
    lose_the_table(one_system)
    drill.said = {deed: admin(one_system, "rebuild") for deed in ("first", "second")}
    # The next start finds that nobody knows the PC, and pairs its folder anew.
    one_system.end(signal.SIGTERM)
    one_system.ensure_up()
    api = one_system.api()
    in_bucket = [file_id for file_id in drill.before if file_id != drill.only_at_home]
    await_truth(lambda: all(shown(api, one)["status"] == "downloaded" for one in in_bucket), 90, "the receipts")
    agent = [sys.executable, "-m", "agent", "verify", "--home", str(one_system.home), "--tell", "--json"]
    drill.said["told"] = one_system.run(*agent, BACKHAUL_KEYRING="file").stdout
    drill.after = {file_id: shown(api, file_id) for file_id in drill.before}
    drill.said["audit"] = admin(one_system, "audit", "--owner", api.get("/me")["ownerId"])
    return drill


def prepared(system: WholeSystem, folder: Path) -> Drill:
    """Bring files home, and lose the cloud copy of one for good."""
    api = system.api()
    sent = [system.upload(api, sample) for sample in samples.make(folder, seed=46, video_mb=0)[:3]]
    await_truth(lambda: all(shown(api, one)["status"] == "downloaded" for one in sent), 60, "the receipts")
    before = {file_id: shown(api, file_id) for file_id in sent}
    s3, bucket = system.aws("s3"), system.outputs()["policy"]["Bucket"]
    for one in s3.list_object_versions(Bucket=bucket, Prefix="originals/")["Versions"]:
        if sent[0] in one["Key"]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    return Drill(system, before, sent[0], looks(system), fetched(system))


def lose_the_table(system: WholeSystem) -> None:
    table = system.aws("dynamodb")
    for page in table.get_paginator("scan").paginate(TableName=TABLE):
        for item in page["Items"]:
            table.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})


def admin(system: WholeSystem, *arguments: str) -> str:
    ended = system.run(sys.executable, "-m", "admin", *arguments, "--stage", "local")
    assert ended.returncode in (0, 3), ended.stderr
    return str(ended.stdout)


def shown(api: Api, file_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/files/{file_id}")
    return found


def looks(system: WholeSystem) -> dict[Path, tuple[int, int]]:
    """Look at each file at home: one that was written anew is another inode, or of another time."""
    at_home = [path for path in system.home.rglob("*") if path.is_file() and ".backhaul" not in path.parts]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in at_home}


def fetched(system: WholeSystem) -> list[str]:
    """List what the agent says that it fetched."""
    logs = sorted((system.home / ".backhaul" / "logs").rglob("*"))
    lines = [line for log in logs if log.is_file() for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if FETCHED in line]


def test_what_lies_in_the_bucket_is_written_down_anew(drill: Drill) -> None:
    assert "written down anew; cloud copies stay until the owner sets a grace again" in drill.said["first"]


def test_rebuilding_twice_changes_nothing(drill: Drill) -> None:
    assert " 0 of " in drill.said["second"]


def test_what_only_the_pc_had_is_known_again(drill: Drill) -> None:
    assert json.loads(drill.said["told"].splitlines()[-1])["told"]["restored"] >= 1


def test_every_file_is_as_it_was_before(drill: Drill) -> None:
    known = {file_id: one for file_id, one in drill.before.items() if file_id != drill.only_at_home}

    for file_id, before in known.items():
        assert {name: drill.after[file_id].get(name) for name in SHOWN} == {name: before.get(name) for name in SHOWN}
    lone = drill.after[drill.only_at_home]
    assert [lone[name] for name in ("name", "sha256", "status", "cloudCopy")] == [
        *(drill.before[drill.only_at_home][name] for name in ("name", "sha256", "status")),
        "gone",
    ]


def test_no_file_was_fetched_twice_or_written_again(drill: Drill) -> None:
    assert looks(drill.system) == drill.looks
    assert fetched(drill.system) == drill.fetched
    assert drill.fetched


def test_the_counters_agree_with_the_files(drill: Drill) -> None:
    assert "counters differ" not in drill.said["audit"]
    assert "pointer astray" not in drill.said["audit"]
