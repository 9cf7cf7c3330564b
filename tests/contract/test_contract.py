"""The two halves share no code: here the agent's own client talks to the app's own routes, and each understands."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

import app
from agent.drive.catalog import Receipt
from agent.errors import PairingError, RequestRefusedError, RevokedError
from agent.fetch import notices as agent_notices
from agent.fetch.owed import Owed
from agent.identity import pairing as agent_pairing
from agent.wire import credentials as agent_credentials
from agent.wire.api import Api, DeviceApi
from chalicelib.cloud import cloud
from tests.access import an_account, settings
from tests.builders import s3_event, s3_record
from tests.expected import PERSON, PHONE
from tests.gateway import Answer, Gateway
from tests.stage import Stage, set_up

PHOTO = b"the bytes of a photo"
SHA256 = "0fd0f1ae7d63ef5b2d4ba9d6b1a0ac94ea3eb6ce5ad4f6e1e9ac6a6d8b0f6d8f"


class Reply:
    """A reply as urllib3 hands it to the agent."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.data = json.dumps(answer.body).encode()
        self.headers = answer.headers


class Wire:
    """Carries the agent's requests to the app, through its authorizer."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def request(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> Any:
        token = headers.get("Authorization", "").removeprefix("Bearer ") or None
        path = url.removeprefix("https://api.example")
        return Reply(self._gateway.call(method, path, body.decode() if body else None, token=token))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with an_account():
        cloud.cache_clear()
        yield set_up()
        cloud.cache_clear()


@pytest.fixture
def wire(stage: Stage) -> Wire:
    return Wire(stage.gateway)


def decide(stage: Stage, code: str, *, approve: bool) -> None:
    body = {"userCode": code, "approve": approve}
    assert stage.gateway.call("POST", "/pairings/approve", body, token=stage.anna["tokens"][PERSON]).status == 200


def paired(stage: Stage, wire: Wire) -> DeviceApi:
    """Pair a PC as the agent does, while its owner agrees."""

    def show(shown: dict[str, Any]) -> None:
        decide(stage, shown["userCode"], approve=True)

    claimed = agent_pairing.pair(Api("https://api.example", wire), "den", show, sleep=lambda _: None)
    return DeviceApi("https://api.example", claimed["deviceId"], claimed["key"], wire)


def bring(stage: Stage, contents: bytes = PHOTO, sender: str = PHONE) -> str:
    """Bring a file in as a phone does; return its id."""
    asked = {"fileName": "Straße 1.jpg", "fileType": "image/jpeg"}
    begun = stage.gateway.call("POST", "/upload-url", asked, token=stage.anna["tokens"][sender]).body
    bucket = settings().bucket
    put = boto3.client("s3", region_name="eu-west-1").put_object(
        Bucket=bucket, Key=begun["key"], Body=contents, ContentType="image/jpeg", ChecksumAlgorithm="SHA256"
    )
    app.object_arrived(s3_event(s3_record(begun["key"], put["VersionId"])), None)
    file_id: str = begun["fileId"]
    return file_id


def test_the_agent_is_paired_by_the_app(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)

    assert api.owed(10) == {"files": []}


def test_the_agent_understands_a_no(stage: Stage, wire: Wire) -> None:
    def show(shown: dict[str, Any]) -> None:
        decide(stage, shown["userCode"], approve=False)

    with pytest.raises(PairingError, match="its owner said no"):
        agent_pairing.pair(Api("https://api.example", wire), "den", show, sleep=lambda _: None)


def test_the_agent_waits_on_while_nobody_has_decided(wire: Wire) -> None:
    api = Api("https://api.example", wire)
    begun = api.begin_pairing("den", "linux")

    with pytest.raises(RequestRefusedError) as refused:
        api.claim(begun["deviceCode"])

    assert refused.value.code == agent_pairing.PENDING


def test_the_agent_reads_the_credentials_it_is_lent(stage: Stage, wire: Wire) -> None:
    lent = agent_credentials.from_answer(paired(stage, wire).credentials())

    assert (lent.bucket, lent.region, lent.endpoint_url) == (settings().bucket, "eu-west-1", None)
    assert lent.queue_url
    assert lent.session_token


def test_a_notice_in_the_ledger_and_one_in_the_queue_say_the_same_to_the_agent(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)
    file_id = bring(stage)

    (owed,), whole = Owed(api).page()
    queue = api.credentials()["queueUrl"]
    (message,) = boto3.client("sqs", region_name="eu-west-1").receive_message(QueueUrl=queue)["Messages"]

    assert agent_notices.parse(message["Body"]) == owed
    assert whole
    assert (owed.file_id, owed.name, owed.size, owed.kind) == (file_id, "Straße 1.jpg", len(PHOTO), "image/jpeg")
    assert owed.version_id
    assert owed.uploaded_at


def test_the_agent_hears_what_the_phone_was_called_when_it_sent_a_file(stage: Stage, wire: Wire) -> None:
    api, where = paired(stage, wire), f"/devices/{stage.anna['ids'][PHONE]['device_id']}"
    for name in ("Anna's Pixel 📱", "the old one"):
        stage.gateway.call("PATCH", where, {"name": name}, token=stage.anna["tokens"][PERSON])
        bring(stage, name.encode())

    (first, second), _ = Owed(api).page()

    assert (first.device, second.device) == ("Anna's Pixel 📱", "the old one")


def test_a_file_that_a_person_sent_comes_from_no_device(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)
    bring(stage, sender=PERSON)

    ((notice,), _) = Owed(api).page()

    assert notice.device is None


def test_the_agents_receipt_is_taken_once_and_known_after(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)
    bring(stage)
    ((notice,), _) = Owed(api).page()
    receipt = Receipt(notice.file_id, str(notice.sha256), notice.size, "2026/2026-11/Straße 1.jpg")

    first = api.send_receipts([receipt])
    again = api.send_receipts([receipt])

    assert [outcome.outcome for outcome in first + again] == ["taken", "repeated"]
    assert api.owed(10) == {"files": []}


def test_a_receipt_for_other_bytes_is_refused_with_a_reason(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)
    file_id = bring(stage)

    (outcome,) = api.send_receipts([Receipt(file_id, SHA256, len(PHOTO), "a.jpg")])

    assert (outcome.outcome, outcome.reason) == ("refused", "otherSha256")


def test_a_loss_the_agent_reports_is_owed_to_it_again(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)
    bring(stage)
    ((notice,), _) = Owed(api).page()
    api.send_receipts([Receipt(notice.file_id, str(notice.sha256), notice.size, "2026/2026-11/Straße 1.jpg")])

    said = [*api.report_losses({notice.file_id: "damaged"}), *api.report_losses({notice.file_id: "gone"})]
    (unknown,) = api.report_losses({"0" * 32: "gone"})

    assert [outcome.outcome for outcome in said] == ["owedAgain", "repeated"]
    assert (unknown.outcome, unknown.reason) == ("refused", "unknownFile")
    assert [one.file_id for one in Owed(api).page()[0]] == [notice.file_id]


def test_the_app_takes_the_agents_heartbeat(stage: Stage, wire: Wire) -> None:
    paired(stage, wire).heartbeat(free_bytes=10**12, owed=3)


def test_a_revoked_agent_knows_that_it_is(stage: Stage, wire: Wire) -> None:
    api = paired(stage, wire)
    token = stage.anna["tokens"][PERSON]
    devices = stage.gateway.call("GET", "/devices", token=token).body["devices"]
    (den,) = [device for device in devices if device["name"] == "den" and device["platform"] != "an OS"]
    assert stage.gateway.call("DELETE", f"/devices/{den['deviceId']}", token=token).status == 200

    with pytest.raises(RevokedError):
        api.owed(10)
