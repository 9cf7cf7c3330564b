"""The lookout as it is deployed, and the admin's commands against the running embedded cloud."""

import json
import sys
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
    "resources": ["arn:aws:events:us-east-1:000000000000:rule/watch"],
}


def test_a_dead_letter_is_told_of_and_sent_back(system: WholeSystem, tmp_path: Path) -> None:
    (sample, *_), api = samples.make(tmp_path, seed=26, video_mb=0), system.api()
    file_id = system.upload(api, sample)
    await_truth(lambda: api.get(f"/files/{file_id}")["status"] == "downloaded", 60, "the receipt")
    lay_aside(system, arrival(system, file_id))

    watch(system)
    assert "since" in kept(system, "queue#arrivals-dead")

    sent_back = admin(system, "redrive")
    assert (sent_back.returncode, sent_back.stderr) == (0, "")
    assert "events sent to object_arrived" in sent_back.stdout
    watch(system)
    assert "since" not in kept(system, "queue#arrivals-dead")
    assert api.get(f"/files/{file_id}")["status"] == "downloaded"


def test_ledger_and_bucket_can_be_compared(system: WholeSystem, tmp_path: Path) -> None:
    (sample, *_), api = samples.make(tmp_path, seed=27, video_mb=0), system.api()
    file_id = system.upload(api, sample)
    await_truth(lambda: api.get(f"/files/{file_id}")["status"] == "downloaded", 60, "the receipt")
    assert damage(system, file_id) == []

    version = found(system, file_id)
    system.aws("s3").delete_object(
        Bucket=system.outputs()["policy"]["Bucket"], Key=version["Key"], VersionId=version["VersionId"]
    )

    (line,) = damage(system, file_id)
    assert line.startswith("missing object")


def watch(system: WholeSystem) -> None:
    told = system.aws("lambda").invoke(FunctionName="backhaul-local-watch", Payload=json.dumps(SCHEDULED))
    assert "FunctionError" not in told, told["Payload"].read()


def admin(system: WholeSystem, *arguments: str) -> Any:
    return system.run(sys.executable, "-m", "admin", *arguments, "--stage", "local")


def damage(system: WholeSystem, file_id: str) -> list[str]:
    """Have all compared; return what concerns one file: other tests leave files of theirs in any state."""
    compared = admin(system, "audit")
    assert compared.returncode in (0, 3), compared.stderr
    return [line for line in compared.stdout.splitlines() if file_id in line]


def kept(system: WholeSystem, sk: str) -> dict[str, Any]:
    key = {"pk": {"S": "watch"}, "sk": {"S": sk}}
    item: dict[str, Any] = system.aws("dynamodb").get_item(TableName="backhaul-local", Key=key)["Item"]
    return item


def found(system: WholeSystem, file_id: str) -> dict[str, Any]:
    page = system.aws("s3").list_object_versions(Bucket=system.outputs()["policy"]["Bucket"], Prefix="originals/")
    version: dict[str, Any] = next(one for one in page["Versions"] if f"/{file_id}-" in one["Key"])
    return version


def arrival(system: WholeSystem, file_id: str) -> dict[str, Any]:
    bucket, version = system.outputs()["policy"]["Bucket"], found(system, file_id)
    told = {"bucket": {"name": bucket}, "object": {"key": version["Key"], "versionId": version["VersionId"]}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": told}]}


def lay_aside(system: WholeSystem, event: dict[str, Any]) -> None:
    sqs = system.aws("sqs")
    url = sqs.get_queue_url(QueueName="backhaul-local-arrivals-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"version": "1.0", "requestPayload": event}))
