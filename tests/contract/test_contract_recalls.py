"""Both halves of a recall: the agent finds, proves and sends what the app asks it for, and nothing else."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest

import app
from agent.drive.catalog import Catalog, Receipt
from agent.drive.home import Home
from agent.fetch import notices
from agent.fetch.owed import Owed
from agent.push.answers import Link
from agent.push.replies import Reply
from agent.recall.api import RecallApi
from agent.recall.recaller import Recaller
from chalicelib.cloud import cloud
from chalicelib.keeping import retention
from chalicelib.metadata import files
from tests.access import ANNA, an_account, settings
from tests.builders import s3_event, s3_record
from tests.contract.test_contract import PHOTO, Wire, bring, paired
from tests.expected import PERSON
from tests.stage import Stage, set_up

WHERE = "2026/2026-11/Straße 1.jpg"


class Bucket:
    """S3 as a signed link lets one in: these bytes, once; what is in there is heard of at once."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name="eu-west-1")
        self.puts = 0

    def put(self, link: Link, piece: Iterable[bytes]) -> Reply:
        body, headers = b"".join(piece), link.headers
        sent = str(len(body)), base64.b64encode(hashlib.sha256(body).digest()).decode()
        if sent != (headers["Content-Length"], headers["x-amz-checksum-sha256"]):
            return Reply(400, "BadDigest")
        key = unquote(urlsplit(link.url).path).removeprefix("/")
        self.puts += 1
        told = {"Bucket": settings().bucket, "Key": key, "Body": body, "ChecksumAlgorithm": "SHA256"}
        put = self.s3.put_object(**told, ContentType=headers["Content-Type"])
        app.object_arrived(s3_event(s3_record(key, put["VersionId"])), None)
        return Reply(200)


class Den:
    """A PC that has one photo at home, of which the cloud has none any more."""

    def __init__(self, stage: Stage, wire: Wire, folder: Path) -> None:
        self.stage, self.home, self.bucket = stage, Home(folder), Bucket()
        self.home.prepare()
        assert self.ask("DELETE", f"/devices/{stage.anna['pc'].device_id}").status == 200
        claimed = paired(stage, wire)
        self.file_id = bring(stage)
        ((notice,), _) = Owed(claimed).page()
        with Catalog(self.home.catalog) as catalog:
            catalog.intend(notice, WHERE)
            receipt = Receipt(notice.file_id, str(notice.sha256), notice.size, WHERE)
            catalog.came_home(receipt)
        self.photo = self.home.folder / WHERE
        self.photo.parent.mkdir(parents=True)
        self.photo.write_bytes(PHOTO)
        claimed.send_receipts([receipt])
        device = claimed._device_id
        key = claimed._headers["Authorization"].removeprefix("Bearer ")
        self.api = RecallApi("https://api.example", device, key, wire)
        self._let_go(device)

    def _let_go(self, device_id: str) -> None:
        file = self.file()
        assert retention.let_go(self.stage.world, file, device_id)
        version = self.file().version_id
        self.bucket.s3.delete_object(Bucket=settings().bucket, Key=file.key, VersionId=version)
        assert retention.note_gone(self.stage.world, self.file())

    def file(self) -> files.File:
        found = files.find(self.stage.world.table, ANNA, self.file_id)
        assert found is not None
        return found

    def ask(self, method: str, path: str, **body: Any) -> Any:
        token = self.stage.anna["tokens"][PERSON]
        return self.stage.gateway.call(method, path, json.dumps(body) if method == "POST" else None, token=token)

    def recall(self) -> Any:
        return self.ask("POST", f"/files/{self.file_id}/recall").body

    def heard(self) -> list[str]:
        """Take what rings out of the PC's queue."""
        url = self.api.credentials()["queueUrl"]
        found = boto3.client("sqs", region_name="eu-west-1").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [message["Body"] for message in found["Messages"]]

    def waiting(self) -> int:
        told: int = self.api.heartbeat(free_bytes=1, owed=0).get("recalls", 0)
        return told

    def send_back(self) -> None:
        Recaller(self.home, self.api, self.bucket, threading.Event()).make_pass()


@pytest.fixture
def den(tmp_path: Path) -> Iterator[Den]:
    with an_account():
        cloud.cache_clear()
        stage = set_up()
        yield Den(stage, Wire(stage.gateway), tmp_path / "home")
        cloud.cache_clear()


def test_a_file_that_is_only_at_home_comes_back_when_it_is_asked_for(den: Den) -> None:
    before = den.ask("GET", f"/files/{den.file_id}/link")
    asked, waited = den.recall(), den.waiting()
    rung = den.heard()

    den.send_back()

    link = den.ask("GET", f"/files/{den.file_id}/link")
    assert (before.status, asked["outcome"], waited, den.waiting()) == (410, "asked", 1, 0)
    assert link.status == 200
    assert [notices.is_recall(body) for body in rung] == [False, True]
    key, version = den.file().key, den.file().version_id
    got = den.bucket.s3.get_object(Bucket=settings().bucket, Key=key, VersionId=version)["Body"].read()
    assert got == PHOTO == den.photo.read_bytes()
    assert den.api.owed(10) == {"files": []}


def test_what_was_sent_back_is_not_sent_twice(den: Den) -> None:
    den.recall()

    den.send_back()
    den.send_back()

    assert den.bucket.puts == 1


def test_what_nobody_asks_for_is_not_sent(den: Den) -> None:
    den.send_back()

    assert den.bucket.puts == 0


def test_a_file_that_a_person_moved_is_found_and_sent(den: Den) -> None:
    den.recall()
    den.photo.rename(den.home.folder / "elsewhere.jpg")

    den.send_back()

    with Catalog(den.home.catalog) as catalog:
        entry = catalog.find(den.file_id)
    assert entry is not None
    assert (den.bucket.puts, den.waiting(), entry.path) == (1, 0, "elsewhere.jpg")


@pytest.mark.parametrize("spoil", [lambda photo: photo.write_bytes(PHOTO[::-1]), lambda photo: photo.unlink()])
def test_a_file_that_is_not_whole_any_more_is_reported_and_never_sent(den: Den, spoil: Any) -> None:
    den.recall()
    spoil(den.photo)

    den.send_back()
    den.send_back()

    assert (den.bucket.puts, den.waiting()) == (0, 0)
    assert den.ask("GET", f"/files/{den.file_id}").body["status"] == "lost"
    assert den.recall()["outcome"] == "nobodyHasIt"


def test_a_recall_that_is_over_when_it_is_looked_at_changes_nothing(den: Den) -> None:
    den.recall()
    listed = den.api.recalls()
    den.send_back()

    over = Recaller(den.home, den.api, den.bucket, threading.Event())
    den.api.recalls = lambda _=None: listed  # type: ignore[method-assign, assignment]
    over.make_pass()

    assert den.bucket.puts == 1
