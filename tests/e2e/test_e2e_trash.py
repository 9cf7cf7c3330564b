"""What is thrown away and what leaves the cloud, by the deployed functions with their own few rights."""

import json
from pathlib import Path
from typing import Any

import pytest
from whole_system import WholeSystem, await_truth

from local import samples

pytestmark = pytest.mark.e2e

SCHEDULED = {"version": "0", "id": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}} | {
    "account": "000000000000",
    "time": "2026-11-21T10:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:000000000000:rule/sweep"],
}


def test_a_copy_leaves_comes_back_and_is_purged_while_home_keeps_the_file(system: WholeSystem, tmp_path: Path) -> None:
    (sample, *_), api = samples.make(tmp_path, seed=20, video_mb=0), system.api()
    api.patch("/me", {"graceDays": 0})
    file_id = system.upload(api, sample)
    await_truth(lambda: api.get(f"/files/{file_id}")["status"] == "downloaded", 60, "the receipt")

    sweep(system)
    assert (tags(system, file_id), api.get(f"/files/{file_id}")["cloudCopy"]) == ({"backhaul:home": "yes"}, "leaving")

    expire(system, file_id)
    api.patch("/me", {"graceDays": None})
    api.delete(f"/files/{file_id}")
    assert api.post(f"/files/{file_id}/restore", {})["status"] == "downloaded"
    sweep(system)
    assert (tags(system, file_id), markers(system, file_id)) == ({}, 0)

    api.delete(f"/files/{file_id}")
    assert api.post(f"/files/{file_id}/purge", {})["status"] == "purging"
    sweep(system)
    assert listed(system, file_id) == {"Versions": [], "DeleteMarkers": []}
    assert system.is_home(sample)


def sweep(system: WholeSystem) -> None:
    swept = system.aws("lambda").invoke(FunctionName="backhaul-local-sweep_home", Payload=json.dumps(SCHEDULED))
    assert "FunctionError" not in swept, swept["Payload"].read()


def listed(system: WholeSystem, file_id: str) -> dict[str, Any]:
    """List a file's object; its previews may still be on their way, and are looked for once more in two days."""
    bucket = system.outputs()["policy"]["Bucket"]
    told = system.aws("s3").list_object_versions(Bucket=bucket, Prefix="originals/")
    return {
        kind: [one for one in told.get(kind, ()) if f"/{file_id}-" in one["Key"]]
        for kind in ("Versions", "DeleteMarkers")
    }


def markers(system: WholeSystem, file_id: str) -> int:
    return len(listed(system, file_id)["DeleteMarkers"])


def original(system: WholeSystem, file_id: str) -> dict[str, str]:
    (one,) = listed(system, file_id)["Versions"]
    return {"Bucket": system.outputs()["policy"]["Bucket"], "Key": one["Key"], "VersionId": one["VersionId"]}


def tags(system: WholeSystem, file_id: str) -> dict[str, str]:
    told = system.aws("s3").get_object_tagging(**original(system, file_id))
    return {one["Key"]: one["Value"] for one in told["TagSet"]}


def expire(system: WholeSystem, file_id: str) -> None:
    """Do what S3 does to what is tagged; the embedded cloud has no lifecycle."""
    where = original(system, file_id)
    system.aws("s3").delete_object(Bucket=where["Bucket"], Key=where["Key"])
