"""The routes of files, through the authorizer and as API Gateway calls them."""

import os
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.auth import device_keys, scopes
from chalicelib.cloud import cloud
from chalicelib.metadata import devices
from chalicelib.metadata.table import Put, Table
from tests import gateway
from tests.builders import OWNER, STRANGER, Account, declare, s3_event, s3_record, sha256
from tests.gateway import Answer, Gateway


@pytest.fixture
def app(account: Account) -> Any:
    assert account
    cloud.cache_clear()
    import app

    return app


@pytest.fixture
def api(app: Any) -> Gateway:
    return Gateway(app)


def a_device(account: Account, kind: str, owner_id: str = OWNER) -> tuple[str, str]:
    """Pair a device; return its id and its key."""
    device_id = account.pc(owner_id).device_id if kind == "pc" else account.world.new_id()
    key = device_keys.new(device_id)
    device = devices.Device(device_id, "mine", kind, "any", scopes.of_device(kind), account.world.now_text())
    shown, kept, *watched = devices.added(owner_id, device, key.hashed())
    account.world.table.write(*([Put(kept.item)] if kind == "pc" else [shown, kept, *watched]))
    return device_id, key.text()


def test_a_file_comes_home_through_the_api(account: Account, app: Any, api: Gateway) -> None:
    (_, phone), (pc_id, pc) = a_device(account, "phone"), a_device(account, "pc")

    (begun,) = api.call("POST", "/uploads", {"files": [declare(b"photo")]}, token=phone).body["files"]
    account.put(begun["key"], b"photo")
    app.object_arrived(s3_event(s3_record(begun["key"])), None)
    (notice,) = api.call("GET", f"/devices/{pc_id}/owed?limit=10", token=pc).body["files"]
    receipt = {"fileId": notice["fileId"], "sha256": notice["sha256"], "size": notice["size"], "path": "a.jpg"}
    answer = api.call("POST", f"/devices/{pc_id}/receipts", {"receipts": [receipt]}, token=pc)
    shown = api.call("GET", f"/files/{begun['fileId']}", token=phone).body

    assert answer.body == {"receipts": [{"fileId": begun["fileId"], "outcome": "taken"}]}
    assert (shown["status"], shown["owedTo"], list(shown["home"])) == ("downloaded", [], [pc_id])
    (listed,) = api.call("GET", "/files", token=phone).body["files"]
    assert (listed["fileId"], listed["owedToCount"], listed["homeCount"]) == (begun["fileId"], 0, 1)


def test_the_answers_have_the_shapes_agreed_on(account: Account, api: Gateway) -> None:
    _, phone = a_device(account, "phone")
    asked = {"files": [declare(b"photo"), declare(b"", size=0), declare(b"photo")]}

    upload, refused, duplicate = api.call("POST", "/uploads", asked, token=phone).body["files"]

    assert set(upload) == {"outcome", "fileId", "key", "link"}
    assert set(upload["link"]) == {"url", "method", "headers", "expiresAt"}
    assert upload["link"]["method"] == "PUT"
    assert refused == {
        "outcome": "refused",
        "reason": "empty",
        "message": "size must be at least 1, got 0: the file holds nothing yet",
    }
    assert duplicate == {"outcome": "duplicate", "fileId": upload["fileId"], "status": "pending"}


def test_the_simplest_client_gets_what_it_expects(account: Account, api: Gateway) -> None:
    _, phone = a_device(account, "phone")
    asked = {"fileName": "a.jpg", "fileType": "image/jpeg", "userId": "somebody else"}

    answer = api.call("POST", "/upload-url", asked, token=phone)

    assert set(answer.body) == {"uploadUrl", "fileId", "key"}
    assert answer.body["key"].startswith(f"originals/{OWNER}/")


def test_calling_off_answers_nothing_twice(account: Account, api: Gateway) -> None:
    _, phone = a_device(account, "phone")
    (begun,) = api.call("POST", "/uploads", {"files": [declare(b"photo")]}, token=phone).body["files"]

    answers = [api.call("DELETE", f"/uploads/{begun['fileId']}", token=phone) for _ in range(2)]

    assert [(answer.status, answer.body) for answer in answers] == [(200, {})] * 2


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["Code"]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/uploads", "{", (400, "BadInputError")),
        ("POST", "/uploads", "", (400, "BadInputError")),
        ("POST", "/uploads", {"files": []}, (400, "BadInputError")),
        ("POST", "/uploads", {"files": [{}] * 101}, (400, "BadInputError")),
        ("POST", "/uploads", {"files": ["x" * 2_000_000]}, (400, "BadInputError")),
        ("POST", "/upload-url", {"fileName": "", "fileType": "a/b"}, (400, "BadInputError")),
        ("POST", "/upload-url", {"fileName": "a"}, (400, "BadInputError")),
        ("GET", "/files?limit=0", None, (400, "BadInputError")),
        ("GET", "/files?limit=501", None, (400, "BadInputError")),
        ("GET", "/files?limit=x", None, (400, "BadInputError")),
        ("GET", "/files?next=x", None, (400, "BadCursorError")),
        ("GET", "/files/x", None, (404, "NotFoundError")),
        ("GET", "/files/..%2f..", None, (404, "NotFoundError")),
        ("DELETE", f"/uploads/{'0' * 32}", None, (404, "NotFoundError")),
        ("GET", f"/devices/{'0' * 32}/owed", None, (403, "NotAllowedError")),
        ("POST", f"/devices/{'0' * 32}/receipts", {"receipts": [{}]}, (400, "BadInputError")),
    ],
)
def test_bad_questions_get_plain_answers(
    account: Account, api: Gateway, method: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    _, phone = a_device(account, "phone")
    before = account.everything()

    assert code(api.call(method, path, body, token=phone)) == expected
    assert account.everything() == before


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/octet-stream"])
def test_another_content_type_is_refused(account: Account, app: Any, kind: str) -> None:
    context = Gateway(app)._context("POST", "/uploads", "/uploads", "203.0.113.7")
    context["authorizer"] = {"ownerId": OWNER, "scopes": "upload"}
    event = gateway._event("POST", "/uploads", {}, "", {"files": [declare(b"x")]}, context)
    event["headers"]["Content-Type"] = kind

    assert app.app(event, None)["statusCode"] == 415
    assert account.items(f"owner#{OWNER}", "file#") == []


def test_strangers_meet_404_everywhere(account: Account, api: Gateway) -> None:
    (_, phone), (pc_id, _) = a_device(account, "phone"), a_device(account, "pc")
    (_, strange_phone), (_, strange_pc) = a_device(account, "phone", STRANGER), a_device(account, "pc", STRANGER)
    (begun,) = api.call("POST", "/uploads", {"files": [declare(b"photo")]}, token=phone).body["files"]
    receipt = {"fileId": begun["fileId"], "sha256": sha256(b"photo"), "size": 5}

    answers = [
        api.call("GET", f"/files/{begun['fileId']}", token=strange_phone),
        api.call("DELETE", f"/uploads/{begun['fileId']}", token=strange_phone),
        api.call("GET", f"/devices/{pc_id}/owed", token=strange_pc),
        api.call("POST", f"/devices/{pc_id}/receipts", {"receipts": [receipt]}, token=strange_pc),
    ]

    assert [code(answer) for answer in answers] == [(404, "NotFoundError")] * 4


def test_nobody_is_let_in_without_a_key(account: Account, api: Gateway) -> None:
    assert account
    routes = [("POST", "/uploads"), ("POST", "/upload-url"), ("GET", "/files"), ("GET", "/files/x")]
    routes += [("DELETE", "/uploads/x"), ("GET", "/devices/x/owed"), ("POST", "/devices/x/receipts")]

    assert {api.call(method, path, {}).status for method, path in routes} == {401}


def test_a_crowded_table_asks_for_patience(account: Account, api: Gateway) -> None:
    _, phone = a_device(account, "phone")
    world = cloud()
    crowded = {"Error": {"Code": "ThrottlingException", "Message": ""}}
    world.table = Table(world.table._client, "backhaul-test", sleep=lambda _: None)

    def throttled(**_: Any) -> None:
        raise ClientError(crowded, "TransactWriteItems")

    world.table._client.meta.events.register("before-call.dynamodb.TransactWriteItems", throttled)
    answer = api.call("POST", "/uploads", {"files": [declare(b"photo")]}, token=phone)

    assert code(answer) == (503, "CrowdedError")
    assert answer.headers["Retry-After"] == "1"


def test_s3s_own_test_event_is_taken_quietly(app: Any) -> None:
    app.object_arrived({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "backhaul-test"}, None)


def test_the_consumer_says_what_failed(app: Any) -> None:
    event = {"Records": [{"messageId": "m1", "body": "{", "receiptHandle": "r"}]}

    assert app.pcs_changed(event, None) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_importing_the_app_imports_nothing_that_one_function_alone_needs() -> None:
    """Each is 1 to 140 ms of every cold start; `make bench ONLY=cold` tells how much all of it is."""
    dear = ["boto3", "botocore", "urllib3", "cryptography", "jwt", "PIL", "mimetypes", "subprocess", "ctypes"]
    dear += ["asyncio", "email", "http.client", "ssl", "sqlite3", "xml", "concurrent.futures"]
    dear += [f"chalicelib.{name}" for name in ("openapi", "media.work", "media.sandbox")]
    told = f"import sys; there = {{*sys.modules}}; import app; print(sorted({{*{dear}}} & {{*sys.modules}} - there))"

    ran = subprocess.run([sys.executable, "-c", told], env=os.environ, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
