"""Who may call, on the embedded cloud: its real Cognito tokens through its gateway, IAM and all, by real processes."""

import base64
import hashlib
import hmac
import itertools
import json
import os
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError
from whole_system import WholeSystem, await_truth

from tests.expected import EXPECTED

pytestmark = pytest.mark.e2e

PASSWORD, CODE = "Correct-horse-1", "123456"
GUARDED = sorted(route for route, expected in EXPECTED.items() if expected.callers is not None)
SCHEDULED = {
    "version": "0",
    "id": "0",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-11-21T10:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:000000000000:rule/sweep"],
    "detail": {},
}
UNKNOWN = {"device_id": "0" * 32, "file_id": "0" * 32, "user_code": "ZZZZ-ZZZZ", "album_id": "0" * 32}
http = urllib3.PoolManager(retries=False, timeout=60)


@dataclass(frozen=True)
class Told:
    """What came back over the wire."""

    status: int
    body: Any
    headers: Any


@dataclass(frozen=True)
class Api:
    """The API as anybody reaches it."""

    url: str

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Told:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        raw = None if body is None else json.dumps(body)
        answer = http.request(method, self.url + path, body=raw, headers=headers)
        return Told(answer.status, json.loads(answer.data or b"null"), answer.headers)

    def get_in(self, email: str) -> dict[str, Any]:
        told = self.call("POST", "/auth/login", {"email": email, "password": PASSWORD})
        assert told.status == 200, told
        return dict(told.body)


@dataclass(frozen=True)
class Person:
    """Somebody with an account of their own."""

    api: Api
    email: str
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Told:
        return self.api.call(method, path, body, self.token)

    @property
    def owner_id(self) -> str:
        return str(self.ask("GET", "/me").body["ownerId"])


@pytest.fixture
def api(system: WholeSystem) -> Api:
    return Api(f"http://127.0.0.1:{system.api_port}")


def a_person(api: Api) -> Person:
    email = f"{uuid.uuid4().hex}@example.com"
    assert api.call("POST", "/auth/register", {"email": email, "password": PASSWORD}).status == 200
    assert api.call("POST", "/auth/confirm", {"email": email, "code": CODE}).status == 200
    return Person(api, email, api.get_in(email)["accessToken"])


@pytest.fixture
def anna(api: Api) -> Person:
    return a_person(api)


def a_device(person: Person, kind: str = "pc") -> dict[str, Any]:
    asked = person.api.call("POST", "/pairings", {"name": "den", "kind": kind, "platform": "an OS"}).body
    assert person.ask("POST", "/pairings/approve", {"userCode": asked["userCode"], "approve": True}).status == 200
    told = person.api.call("POST", "/pairings/claim", {"deviceCode": asked["deviceCode"]})
    assert told.status == 200, told
    return dict(told.body)


def bring(system: WholeSystem, person: Person) -> str:
    """Put an object where an owner's files are, past the API; return its key."""
    key = f"originals/{person.owner_id}/{'0' * 32}-a.txt"
    system.aws("s3").put_object(Bucket=system.outputs()["policy"]["Bucket"], Key=key, Body=b"bytes")
    return key


# ---- tokens through the gateway ----


def test_an_account_lives_its_life(api: Api) -> None:
    person = a_person(api)

    me = person.ask("GET", "/me").body

    assert (me["scopes"], me["devices"]) == (["owner", "read", "upload"], [])


def test_a_session_is_continued_and_ended(api: Api, anna: Person) -> None:
    refresh_token = api.get_in(anna.email)["refreshToken"]

    continued = api.call("POST", "/auth/refresh", {"refreshToken": refresh_token})
    api.call("POST", "/auth/logout", {"refreshToken": refresh_token})
    ended = api.call("POST", "/auth/refresh", {"refreshToken": refresh_token})

    assert api.call("GET", "/me", token=continued.body["accessToken"]).status == 200
    assert (ended.status, ended.body["Code"]) == (401, "SessionEndedError")


def test_an_authenticator_app_guards_the_account(api: Api, anna: Person) -> None:
    secret = anna.ask("POST", "/auth/mfa").body["secret"]
    assert anna.ask("POST", "/auth/mfa/verify", {"code": totp(secret)}).status == 200
    session = api.get_in(anna.email)["session"]

    wrong = api.call("POST", "/auth/challenge", {"session": session, "code": "000000"})
    right = api.call("POST", "/auth/challenge", {"session": session, "code": totp(secret)})

    assert (wrong.status, wrong.body["Code"]) == (400, "WrongCodeError")
    assert api.call("GET", "/me", token=right.body["accessToken"]).status == 200


def totp(secret: str) -> str:
    """Compute what the app shows (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time() // 30)), hashlib.sha1)
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


def bad_tokens(system: WholeSystem, anna: Person) -> dict[str, str | None]:
    """What real tokens of this very pool can be bent into."""
    environment = system.outputs()["environment"]
    signed_in = system.aws("cognito-idp").initiate_auth(
        ClientId=environment["BACKHAUL_USER_POOL_CLIENT"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": anna.email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    header, payload, signature = anna.token.split(".")
    jwks = http.request(
        "GET", f"http://127.0.0.1:{system.cloud_port}/{environment['BACKHAUL_USER_POOL']}/.well-known/jwks.json"
    )
    kid = jwks.json()["keys"][0]["kid"]
    hs256 = f"{part({'alg': 'HS256', 'kid': kid})}.{payload}"
    mac = base64.urlsafe_b64encode(hmac.digest(jwks.data, hs256.encode(), "sha256")).decode().rstrip("=")
    return {
        "none": None,
        "garbage": "garbage",
        "an id token": signed_in["IdToken"],
        "a refresh token": signed_in["RefreshToken"],
        "no signature": f"{part({'alg': 'none', 'kid': kid})}.{payload}.",
        "a symmetric one": f"{hs256}.{mac}",
        "changed claims": f"{header}.{part({'sub': str(uuid.uuid4())})}.{signature}",
        "a made-up key": f"bh_{'0' * 32}_{'a' * 43}",
    }


def part(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def test_no_bad_credential_opens_a_deployed_route(system: WholeSystem, anna: Person) -> None:
    tokens = sorted(bad_tokens(system, anna).items(), key=lambda one: one[0])
    # Each credential at many routes, each route with one: the matrix of both is asked without a deployment.
    for (method, path), (why, token) in zip(GUARDED, itertools.cycle(tokens), strict=False):
        told = anna.api.call(method, path.format(**UNKNOWN), None if method == "GET" else {}, token)

        assert told.status == 401, (why, method, path, told)
        assert told.headers["Access-Control-Allow-Origin"] == "*", (why, method, path)


def test_a_deployed_route_refuses_readably_for_browsers(anna: Person) -> None:
    for told in (anna.ask("GET", "/admin/owners"), anna.ask("GET", f"/files/{'0' * 32}"), anna.ask("GET", "/nowhere")):
        assert told.status in (403, 404)
        assert told.headers["Access-Control-Allow-Origin"] == "*"


def test_an_admin_is_who_is_in_the_group(system: WholeSystem, anna: Person) -> None:
    pool = system.outputs()["environment"]["BACKHAUL_USER_POOL"]
    system.aws("cognito-idp").admin_add_user_to_group(UserPoolId=pool, Username=anna.owner_id, GroupName="admin")

    told = anna.api.call("GET", "/admin/owners", token=anna.api.get_in(anna.email)["accessToken"])

    assert (told.status, "owners" in told.body) == (200, True)


# ---- pairing by two processes, and the end of it ----


@pytest.fixture
def pairing(system: WholeSystem, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "agent",
        "pair",
        f"http://127.0.0.1:{system.api_port}",
        "--home",
        str(tmp_path / "home"),
    ]
    with subprocess.Popen(
        [*command, "--name", "attic", "--json"],
        cwd=system.project,
        env={**without_aws(), "BACKHAUL_KEYRING": "file"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def without_aws() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BACKHAUL_"))}


def test_a_pc_is_paired_by_two_processes(pairing: subprocess.Popen[str], anna: Person) -> None:
    assert pairing.stdout is not None
    asked = json.loads(pairing.stdout.readline())
    shown = anna.ask("GET", f"/pairings/{asked['userCode']}").body
    anna.ask("POST", "/pairings/approve", {"userCode": asked["userCode"], "approve": True})

    told, code = pairing.stdout.readline(), pairing.wait(30)

    assert (shown["name"], shown["kind"], shown["address"], code) == ("attic", "pc", "127.0.0.1", 0)
    assert json.loads(told)["deviceId"] == anna.ask("GET", "/devices").body["devices"][0]["deviceId"]


def test_a_denied_pc_is_told_so(pairing: subprocess.Popen[str], anna: Person) -> None:
    assert pairing.stdout is not None
    asked = json.loads(pairing.stdout.readline())

    anna.ask("POST", "/pairings/approve", {"userCode": asked["userCode"], "approve": False})

    assert pairing.wait(30) == 1


def test_a_revoked_pc_stops_within_a_minute(system: WholeSystem, anna: Person) -> None:
    pc = a_device(anna)
    queue = f"backhaul-local-pc-{pc['deviceId']}"
    assert anna.api.call("GET", "/me", token=pc["key"]).status == 200

    assert anna.ask("DELETE", f"/devices/{pc['deviceId']}").status == 200
    lent = anna.api.call("POST", f"/devices/{pc['deviceId']}/credentials", {}, pc["key"])

    # The gateway may remember who the key was for a minute; what the key could get is gone at once.
    assert lent.status in (401, 404)
    assert_refused(lambda: system.aws("sqs").get_queue_url(QueueName=queue), "NonExistentQueue")
    await_truth(lambda: anna.api.call("GET", "/me", token=pc["key"]).status == 401, 65, "the end of the key")


# ---- what a PC is lent ----


def test_lent_credentials_reach_own_files_and_own_queue_alone(system: WholeSystem, anna: Person) -> None:
    bert = a_person(anna.api)
    pc, other, berts = a_device(anna), a_device(anna), a_device(bert)
    own, foreign = bring(system, anna), bring(system, bert)
    lent = anna.api.call("POST", f"/devices/{pc['deviceId']}/credentials", {}, pc["key"]).body
    s3, sqs, table, sts = (lent_client(lent, service) for service in ("s3", "sqs", "dynamodb", "sts"))
    bucket, queue = lent["bucket"], lent["queueUrl"]
    names = system.outputs()["policy"]

    assert s3.get_object(Bucket=bucket, Key=own)["Body"].read() == b"bytes"
    assert sqs.receive_message(QueueUrl=queue)["ResponseMetadata"]["HTTPStatusCode"] == 200
    for refused in (
        lambda: s3.get_object(Bucket=bucket, Key=foreign),
        lambda: s3.get_object(Bucket=bucket, Key=f"previews/{anna.owner_id}/x.webp"),
        lambda: s3.put_object(Bucket=bucket, Key=own, Body=b"other"),
        lambda: s3.delete_object(Bucket=bucket, Key=own),
        lambda: s3.put_object_tagging(Bucket=bucket, Key=own, Tagging={"TagSet": []}),
        lambda: s3.list_objects_v2(Bucket=bucket),
        s3.list_buckets,
        lambda: sqs.receive_message(QueueUrl=queue.replace(pc["deviceId"], other["deviceId"])),
        lambda: sqs.receive_message(QueueUrl=queue.replace(pc["deviceId"], berts["deviceId"])),
        lambda: sqs.send_message(QueueUrl=queue, MessageBody="{}"),
        lambda: sqs.purge_queue(QueueUrl=queue),
        lambda: sqs.delete_queue(QueueUrl=queue),
        sqs.list_queues,
        lambda: table.get_item(TableName=names["Table"], Key={"pk": {"S": "x"}, "sk": {"S": "x"}}),
        lambda: table.scan(TableName=names["Table"]),
        lambda: sts.assume_role(RoleArn=names["PcRoleArn"], RoleSessionName="again"),
    ):
        assert_refused(refused, "AccessDenied")


def lent_client(lent: dict[str, Any], service: str) -> Any:
    session = boto3.Session(lent["accessKeyId"], lent["secretAccessKey"], lent["sessionToken"], lent["region"])
    return session.client(service, endpoint_url=lent["endpointUrl"])


def assert_refused(deed: Callable[[], Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        deed()
    assert code in str(refused.value)


# ---- the end of an account ----


def test_a_closed_account_is_removed_with_all_it_owned(system: WholeSystem, anna: Person) -> None:
    phone, owner_id = a_device(anna, "phone"), anna.owner_id
    key = bring(system, anna)
    names = system.outputs()["policy"]

    assert anna.ask("DELETE", "/me", {"password": PASSWORD}).status == 200
    swept = system.aws("lambda").invoke(FunctionName="backhaul-local-sweep_pending", Payload=json.dumps(SCHEDULED))
    assert "FunctionError" not in swept, swept["Payload"].read()

    assert "Contents" not in system.aws("s3").list_objects_v2(Bucket=names["Bucket"], Prefix=key)
    left = system.aws("dynamodb").query(
        TableName=names["Table"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"owner#{owner_id}"}},
    )["Items"]
    assert [item["sk"]["S"] for item in left] == ["profile"]
    assert anna.api.call("GET", "/devices", token=phone["key"]).status in (401, 403)
    again = anna.api.call("POST", "/auth/login", {"email": anna.email, "password": PASSWORD})
    assert (again.status, again.body["Code"]) == (401, "WrongCredentialsError")
