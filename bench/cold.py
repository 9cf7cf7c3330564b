"""Cold starts: what each function's first event costs in a fresh process, next to the obvious one-file version.

AWS is moto's server in this process: what it takes is not counted, for the processor's time is read in the other one.
There is no TLS towards it, for anybody.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from moto.server import ThreadedMotoServer

from bench import room
from tests.needed import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.room import Room

CHILD = Path(__file__).with_name("cold_child.py")
PASSWORD = "Correct-horse-1"  # noqa: S105 (of nobody)
TWICE = ("compiled", "plain")
HEAD = (
    "| function | with byte-code: import | and first answer | without: import | and first answer | what is answered |\n"
    "|---|---|---|---|---|---|"
)

Events = dict[str, tuple[str, Any]]
Marks = dict[str, list[dict[str, float]]]


def section(rounds: int, folder: Path) -> str:
    """Measure, and lay out the figures."""
    ours, obvious = room.lay_out(folder)
    marks: Marks = defaultdict(list)
    bare = room.bare_ms(rounds * 3)
    with _aws() as stage:
        for _ in range(rounds):
            for name, (function, event) in stage.ours().items():
                _both(marks, name, ours, stage, function, event)
            for name, (function, event) in stage.obvious().items():
                _both(marks, name, obvious, stage, function, event)
    return told(marks, median(bare), stage.says)


def _both(marks: Marks, name: str, where: Room, stage: Stage, function: str, event: Any) -> None:
    """Start a function in each kind of room; what can be done once only is done in another file each time."""
    for kind, path in zip(TWICE, (where.compiled, where.plain), strict=True):
        given = event(kind) if callable(event) else event
        asked = {
            "path": [str(path), str(where.runtime)],
            "environment": stage.environment,
            "function": function,
            "event": given,
        }
        ran = subprocess.run(
            room.python(str(CHILD)), input=json.dumps(asked), capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise RuntimeError(f"{name} did not answer: {ran.stderr[-2000:]}")
        found = json.loads(ran.stdout.splitlines()[-1])
        if found["status"] >= 400:  # noqa: PLR2004 - statuses are known by their numbers
            raise RuntimeError(f"{name} refused: {found}")
        marks[f"{name}/{kind}"].append(found)


def told(marks: Mapping[str, list[dict[str, float]]], bare: float, says: Mapping[str, str]) -> str:
    """Lay out the medians as a table."""

    def mid(name: str, what: str) -> float:
        return median(one[what] for one in marks[name])

    lines = [f"CPU ms in a fresh process; Python alone takes {bare:.0f}, which is part of each figure.\n", HEAD]
    for name, what in says.items():
        cells = [f"{mid(f'{name}/{kind}', point):.0f}" for kind in TWICE for point in ("import", "answer")]
        lines.append(f"| {name} | {' | '.join(cells)} | {what} |")
    return "\n".join(lines)


class Stage:
    """An account with what the events are about."""

    def __init__(self, endpoint: str) -> None:
        from bench.recording import Recording  # noqa: PLC0415 (reads the environment, which is set by now)
        from tests.access import a_device, make_client  # noqa: PLC0415 - as above

        self._client, self._numbers = make_client, 0
        self._recording = Recording()
        pool, self.token, self._owner_id = self._signed_in()
        self.environment = {
            **ENVIRONMENT,
            **pool,
            "AWS_ENDPOINT_URL": endpoint,
            "OBVIOUS_KEYS_URL": f"{endpoint}/{pool['BACKHAUL_USER_POOL']}/.well-known/jwks.json",
        }
        self._world = _cloud()
        self._pc, self._pc_key = a_device(self._world, "pc", self._owner_id)
        self._phone, self._key = a_device(self._world, "phone", self._owner_id)
        for name in (f"pc-{self._pc.device_id}", "arrivals-dead", "media-dead", "paired-dead"):
            self._client("sqs").create_queue(QueueName=f"backhaul-test-{name}")
        self._client("sns").create_topic(Name="backhaul-test-trouble")
        self.says = {
            "api_handler": "`GET /files`: one query",
            "api_handler, links": "`POST /uploads` of 10 files: 4 calls, 10 links",
            "caller_token": "a device's key: two reads",
            "caller_token, person": "an access token: its keys fetched, signature checked, one read",
            "object_arrived": "a file arrives: looked up, one transaction, one PC rung",
            "pcs_changed": "a lap of a PC without files",
            "media_queued": "a picture looked into, two previews (the sandbox's own process not counted)",
            "sweep_pending": "nothing due",
            "sweep_home": "nothing due",
            "watch": "one PC",
            "obvious: api": "`GET /files`: token checked, one query",
            "obvious: api, links": "`POST /uploads` of 10 files: token checked, 10 writes, 10 links",
            "obvious: object_arrived": "one write, one message",
            "obvious: sweep": "one query",
        }

    def _signed_in(self) -> tuple[dict[str, str], str, str]:
        pools = self._client("cognito-idp")
        pool = pools.create_user_pool(PoolName="bench")["UserPool"]["Id"]
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        client = pools.create_user_pool_client(UserPoolId=pool, ClientName="bench", ExplicitAuthFlows=flows)
        client_id = client["UserPoolClient"]["ClientId"]
        made = pools.admin_create_user(UserPoolId=pool, Username="anna", TemporaryPassword=PASSWORD)
        pools.admin_set_user_password(UserPoolId=pool, Username="anna", Password=PASSWORD, Permanent=True)
        begun = pools.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "anna", "PASSWORD": PASSWORD},
        )
        names = {"BACKHAUL_USER_POOL": pool, "BACKHAUL_USER_POOL_CLIENT": client_id}
        about = {one["Name"]: one["Value"] for one in made["User"]["Attributes"]}
        return names, begun["AuthenticationResult"]["AccessToken"], about["sub"]

    def ours(self) -> Events:
        """Return an event for each of our functions."""
        arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/api/GET/files"
        person = {"type": "TOKEN", "authorizationToken": f"Bearer {self.token}", "methodArn": arn}
        paired = {"ownerId": self._owner_id, "deviceId": self._pc.device_id}
        begun = {kind: self._begun() for kind in TWICE}
        self._recording.call("GET", "/files", token=self._key)
        files, admits = self._recording.events["api_handler"], self._recording.events["caller_token"]
        return {
            "api_handler": ("app", files),
            "api_handler, links": ("app", lambda _: self._asked(10)),
            "caller_token": ("caller_token", admits),
            "caller_token, person": ("caller_token", person),
            "object_arrived": ("object_arrived", lambda kind: self._arrived(begun[kind])),
            "pcs_changed": ("pcs_changed", _message(paired)),
            "media_queued": ("media_queued", lambda kind: _message(self._look(begun[kind]))),
            "sweep_pending": ("sweep_pending", _TICK),
            "sweep_home": ("sweep_home", _TICK),
            "watch": ("watch", _TICK),
        }

    def obvious(self) -> Events:
        """Return the same for the obvious app."""
        begun = self._begun()
        files, links = self._recording.events["api_handler"], self._asked(10)
        self._recording.call("GET", "/files", token=self._key)
        files = self._shown(self._recording.events["api_handler"])
        return {
            "obvious: api": ("app", files),
            "obvious: api, links": ("app", self._shown(links)),
            "obvious: object_arrived": ("object_arrived", self._arrived(begun)),
            "obvious: sweep": ("sweep", _TICK),
        }

    def _shown(self, event: dict[str, Any]) -> dict[str, Any]:
        told = f"Bearer {self.token}"
        return {
            **event,
            "headers": {**event["headers"], "Authorization": told},
            "multiValueHeaders": {**event["multiValueHeaders"], "Authorization": [told]},
        }

    def _asked(self, count: int) -> dict[str, Any]:
        """Keep the event of a request for uploads; asked again with other contents it does as much."""
        self._begun(count)
        event = self._recording.events["api_handler"]
        body = json.loads(event["body"])
        for one in body["files"]:
            one["sha256"] = one["sha256"][::-1]
        return {**event, "body": json.dumps(body)}

    def _begun(self, count: int = 1) -> dict[str, Any]:
        from tests.builders import declare  # noqa: PLC0415 - as above

        self._numbers += count
        bodies = [_picture() + str(self._numbers - n).encode() for n in range(count)]
        asked = {"files": [declare(body, name=f"{n}.jpg") for n, body in enumerate(bodies)]}
        told = self._recording.call("POST", "/uploads", asked, token=self._key).body["files"]
        return {**told[0], "body": bodies[0]}

    def _arrived(self, begun: Mapping[str, Any]) -> dict[str, Any]:
        from tests.builders import BUCKET, b64, s3_event, s3_record  # noqa: PLC0415 - as above

        put = self._client("s3").put_object(
            Bucket=BUCKET,
            Key=begun["key"],
            Body=begun["body"],
            ContentType="image/jpeg",
            ChecksumSHA256=b64(begun["body"]),
        )
        return s3_event(s3_record(begun["key"], put["VersionId"]))

    def _look(self, begun: Mapping[str, Any]) -> dict[str, Any]:
        return {"what": "look", "ownerId": self._owner_id, "fileId": begun["fileId"]}


_TICK = {
    "id": "x",
    "account": "123456789012",
    "region": "eu-west-1",
    "version": "0",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "time": "2026-11-21T10:00:00Z",
    "resources": [],
    "detail": {},
}


def _message(told: Mapping[str, Any]) -> dict[str, Any]:
    record = {"messageId": "m", "body": json.dumps(told), "receiptHandle": "r", "eventSource": "aws:sqs"}
    return {"Records": [record]}


def _picture() -> bytes:
    from tests.media.pictures import encoded  # noqa: PLC0415 (Pillow, for this alone)

    return bytes(encoded("JPEG", 640, 480))


def _cloud() -> Any:
    from chalicelib.cloud import cloud  # noqa: PLC0415 - as above

    return cloud()


@contextmanager
def _aws() -> Iterator[Stage]:
    """Let moto answer, here and over HTTP, from the same account."""
    os.environ.update(ENVIRONMENT)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    from chalicelib import log  # noqa: PLC0415 (set up once)
    from tests.access import an_account  # noqa: PLC0415 - as above

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    log.set_up(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with an_account():
        server.start()
        try:
            yield Stage("http://{}:{}".format(*server.get_host_and_port()))
        finally:
            server.stop()
