"""What tests are made of: an account in moto, a clock that is wound by hand, phones and PCs that act."""

import base64
import hashlib
import json
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote_plus, unquote, urlsplit

import botocore.session
import msgspec
from botocore.credentials import ReadOnlyCredentials

from chalicelib.auth import devices, scopes
from chalicelib.auth.callers import Caller
from chalicelib.cloud import Cloud
from chalicelib.config import Settings
from chalicelib.debts import laps, notices, owed, receipts
from chalicelib.incoming import arrivals, parts, under_way, uploads, wanted
from chalicelib.keeping import trash
from chalicelib.library import files
from chalicelib.metadata import devices as metadata_devices
from chalicelib.metadata import files as metadata_files
from chalicelib.metadata import ledger, owners
from chalicelib.metadata.changes import CHANGED
from chalicelib.metadata.devices import Device
from chalicelib.metadata.files import File, Status
from chalicelib.metadata.items import from_item
from chalicelib.metadata.shelves import FAVOURITES, LIBRARY
from chalicelib.metadata.table import Index, Key, Put, Table
from tests import needed
from tests.multipart_s3 import MultipartS3

REGION = "eu-west-1"
BUCKET = TABLE = "backhaul-test"
SETTINGS = Settings(
    stage="test",
    bucket=BUCKET,
    table=TABLE,
    user_pool="eu-west-1_test",
    user_pool_client="client",
    pc_role="arn:aws:iam::123456789012:role/backhaul-test-pc",
    paired_queue="arn:aws:sqs:eu-west-1:123456789012:backhaul-test-paired",
    media_queue="arn:aws:sqs:eu-west-1:123456789012:backhaul-test-media",
    dead_notices="arn:aws:sqs:eu-west-1:123456789012:backhaul-test-notices-dead",
    topic="arn:aws:sns:eu-west-1:123456789012:backhaul-test-trouble",
    region=REGION,
)
OWNER = "11111111-1111-4111-8111-111111111111"
STRANGER = "22222222-2222-4222-8222-222222222222"
INDEXES = (LIBRARY, FAVOURITES, CHANGED)


@cache
def _session() -> Any:
    """One for all tests: what it reads from disk it reads once."""
    return botocore.session.get_session()


class HandClock:
    """Shows the time it was set to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def wind(self, **by: float) -> None:
        self.moment += timedelta(**by)


class Account:
    """An AWS account with one stage put up, that counts the calls made to it."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.calls: list[str] = []
        make_client = cache(self._client)
        self.world = Cloud(
            SETTINGS,
            make_client,
            self.clock,
            get_credentials=lambda: ReadOnlyCredentials("AKIDEXAMPLE", "secret", None),
        )
        self.s3, self.dynamodb = make_client("s3"), make_client("dynamodb")
        self.sqs, self.sns = make_client("sqs"), make_client("sns")
        self._put_up()
        self.world.table = Table(self.dynamodb, TABLE, sleep=lambda _: None)
        assert self.world.media_queue_url
        self.calls.clear()

    def _client(self, service: str) -> Any:
        client = _session().create_client(service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
        client.meta.events.register("before-call", lambda model, **_: self.calls.append(model.name))
        client.meta.events.register("before-parameter-build", needed.bear_witness)
        return MultipartS3(client, self.calls, self.clock) if service == "s3" else client

    def _put_up(self) -> None:
        where = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        make_table(self.dynamodb)
        for name in ("paired", "media", "arrivals-dead", "media-dead", "notices-dead", "paired-dead"):
            self.sqs.create_queue(QueueName=f"backhaul-test-{name}")
        self.trouble_url = self.sqs.create_queue(QueueName="trouble-seen")["QueueUrl"]
        self.sns.create_topic(Name="backhaul-test-trouble")
        self.sns.subscribe(
            TopicArn=SETTINGS.topic,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{REGION}:123456789012:trouble-seen",
            Attributes={"RawMessageDelivery": "true"},
        )

    @contextmanager
    def counting(self) -> Any:
        """Count the calls made within."""
        self.calls.clear()
        yield self.calls

    def put(self, key: str, body: bytes, kind: str = "image/jpeg", *, checked: bool = True, label: str = "") -> str:
        """Put an object as S3 would have it after a PUT; return its version."""
        told: dict[str, Any] = {"ChecksumSHA256": b64(body), "ChecksumAlgorithm": "SHA256"} if checked else {}
        told |= {"Metadata": {"label": label}} if label else {}
        version: str = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=kind, **told)["VersionId"]
        return version

    def event(self, key: str, version_id: str | None = None) -> dict[str, Any]:
        """Make the event that S3 sends for an object."""
        return s3_event(s3_record(key, version_id))

    def hear(self, key: str, version_id: str | None = None) -> None:
        """Deliver the event of an object."""
        arrivals.object_arrived(self.world, self.event(key, version_id))

    def item(self, pk: str, sk: str) -> dict[str, Any] | None:
        return self.world.table.find(Key(pk, sk))

    def items(self, pk: str, prefix: str) -> list[dict[str, Any]]:
        return self.world.table.page(pk, prefix, limit=1000).items

    def everything(self) -> list[dict[str, Any]]:
        """Read the whole table."""
        found = self.dynamodb.scan(TableName=TABLE)["Items"]
        return sorted(map(from_item, found), key=lambda item: (item["pk"], item["sk"]))

    def usage(self, owner_id: str = OWNER) -> dict[str, int]:
        """Add up the counters of an owner; what is zero is left out."""
        total = owners.usage(self.world.table, [owner_id])[owner_id]
        return {name: value for name, value in total.items() if value}

    def troubles(self) -> list[dict[str, Any]]:
        return messages(self.sqs, self.trouble_url)

    def owner(self, owner_id: str = OWNER) -> None:
        """Make an owner's profile."""
        key = owners.profile(owner_id)
        self.world.table.put(Put({**key._asdict(), "pcs": {}, "createdAt": self.world.now_text()}))

    def stock(self, count: int, *pcs: "Pc") -> list[str]:
        """Put files into the table as if they had arrived; a write of many is slow in moto. Return their ids."""
        return [self._stock(n, pcs) for n in range(count)]

    def _stock(self, n: int, pcs: Sequence["Pc"]) -> str:
        file = File(
            owner_id=OWNER,
            file_id=self.world.new_id(),
            name=f"{n}.jpg",
            type="image/jpeg",
            status=Status.UPLOADED,
            key=f"originals/{OWNER}/{n}",
            created_at=self.world.now_text(),
            size=n + 1,
            sha256=sha256(str(n).encode()),
            uploaded_at=self.world.now_text(),
            owed_to=frozenset(pc.device_id for pc in pcs),
        )
        (change, *_) = metadata_files.uploaded(None, file)
        self.world.table.put(change)
        for pc in pcs:
            self.world.table.put(ledger.owe(pc.device_id, notices.of(file, BUCKET), self.world.now_text()))
        return file.file_id

    def phone(self, owner_id: str = OWNER) -> "Phone":
        return Phone(self, owner_id)

    def pc(self, owner_id: str = OWNER) -> "Pc":
        """Pair a PC: its queue is made and it stands in the profile, its lap not yet run."""
        device_id = self.world.new_id()
        url = self.sqs.create_queue(QueueName=f"backhaul-test-pc-{device_id}")["QueueUrl"]
        if not self.world.table.find(owners.profile(owner_id)):
            self.owner(owner_id)
        now, due_at = self.world.now_text(), laps.due_at(self.world)
        device = Device(device_id, "den", "pc", "", scopes.of_device("pc"), now, queue_url=url)
        made = metadata_devices.added(owner_id, device, "hash", due_at)
        self.world.table.write(owners.pc_added(owner_id, device_id, url), *made)
        return Pc(self, owner_id, device_id, url)


class Phone:
    """A phone that declares honestly and puts what it declared."""

    def __init__(self, account: Account, owner_id: str) -> None:
        self.account = account
        self.caller = Caller(owner_id, account.world.new_id(), frozenset({"upload", "read"}))

    def begin(self, *declared: Any) -> list[Any]:
        """Begin a batch of bodies (declared honestly) or declarations (as they are)."""
        told = [declare(one) if isinstance(one, bytes) else one for one in declared]
        batch = msgspec.json.decode(json.dumps({"files": told}), type=wanted.Batch)
        return uploads.begin(self.account.world, self.caller, batch).files

    def send(self, body: bytes, **more: Any) -> Any:
        """Begin and put one file; its event is still on the way."""
        (begun,) = self.begin(declare(body, **more))
        if begun.link:
            headers = begun.link.headers
            self.account.put(begun.key, body, headers["Content-Type"], label=headers["x-amz-meta-label"])
        return begun

    def bring(self, body: bytes, **more: Any) -> str:
        """Bring a file all the way into the cloud; return its id."""
        begun = self.send(body, **more)
        if begun.link:
            self.account.hear(begun.key)
        file_id: str = begun.file_id
        return file_id

    def links(self, file_id: str, *asked: Any) -> under_way.Standing:
        """Ask for links for parts, each a number or a number and a hash; without any, how an upload stands."""
        told = [under_way.AskedPart(one) if isinstance(one, int) else under_way.AskedPart(*one) for one in asked]
        return under_way.links(self.account.world, self.caller, file_id, under_way.AskedParts(told))

    def send_parts(self, file_id: str, size: int, numbers: Sequence[int] | None = None) -> None:
        """Send the parts of a large file that nobody has seen: each is known by its size and a hash of its number."""
        plan = parts.cut(size)
        wanted = list(numbers or range(1, plan.count + 1))
        for start in range(0, len(wanted), under_way.MOST_LINKS):
            asked = [(number, part_hash(number)) for number in wanted[start : start + under_way.MOST_LINKS]]
            for link in self.links(file_id, *asked).links or ():
                assert self.account.s3.put_part(link, plan.size_of(link.part), part_hash(link.part)) == 200

    def complete(self, file_id: str) -> str:
        return under_way.complete(self.account.world, self.caller, file_id).status

    def bring_large(self, size: int, **more: Any) -> str:
        """Bring a large file all the way into the cloud; return its id."""
        (begun,) = self.begin(declare_large(size, **more))
        self.send_parts(begun.file_id, size)
        self.complete(begun.file_id)
        self.account.hear(begun.key)
        file_id: str = begun.file_id
        return file_id

    def throw_away(self, *file_ids: str) -> list[trash.TrashAnswer]:
        return trash.throw_all_away(self.account.world, self.caller, trash.FileIds(list(file_ids))).files

    def restore(self, *file_ids: str) -> list[trash.TrashAnswer]:
        return trash.restore_all(self.account.world, self.caller, trash.FileIds(list(file_ids))).files

    def see(self, file_id: str) -> files.FileShown:
        return files.get(self.account.world, self.caller, file_id)


class Pc:
    """A PC that takes its files home."""

    def __init__(self, account: Account, owner_id: str, device_id: str, queue_url: str) -> None:
        self.account = account
        self.owner_id = owner_id
        self.device_id = device_id
        self.queue_url = queue_url
        self.caller = Caller(owner_id, device_id, frozenset({"pc"}))

    def heard(self) -> list[dict[str, Any]]:
        """Take the notices out of the queue."""
        return messages(self.account.sqs, self.queue_url)

    def owed(self, limit: int = 500) -> list[dict[str, Any]]:
        asked = owed.Asked(limit=limit)
        return owed.page(self.account.world, self.caller, self.device_id, asked).files

    def receipt(self, *told: dict[str, Any]) -> list[tuple[str, str | None]]:
        """Send receipts for notices; return outcome and reason of each."""
        made = [receipts.Receipt(one["fileId"], one["sha256"], one["size"]) for one in told]
        answers = receipts.take(self.account.world, self.caller, self.device_id, receipts.Receipts(made))
        return [(answer.outcome, answer.reason) for answer in answers.receipts]

    def run_lap(self, **more: Any) -> dict[str, Any]:
        """Let the consumer hear that this PC has a lap to run."""
        body = json.dumps({"ownerId": self.owner_id, "deviceId": self.device_id, **more})
        return laps.pcs_changed(self.account.world, sqs_event(body))

    def finish_laps(self) -> None:
        """Run both laps to their end."""
        self.run_lap()
        self.account.clock.wind(seconds=laps.SECOND_LAP.total_seconds())
        self.run_lap()

    def revoke(self) -> None:
        """Let the owner revoke this PC."""
        owner = Caller(self.owner_id, None, frozenset({scopes.OWNER}))
        devices.revoke(self.account.world, owner, self.device_id)


def make_table(dynamodb: Any) -> None:
    """Make the table as the template does."""
    named = {name for index in INDEXES for name in (index.of, index.by)}
    names = sorted(named | {"pk", "sk", "dueKind", "dueAt"})
    due = {"IndexName": "due", "KeySchema": _keys("dueKind", "dueAt"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[due, *map(_index, INDEXES)],
    )


def _index(index: Index) -> dict[str, Any]:
    more = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.shown)}
    shown = more if index.shown else {"ProjectionType": "KEYS_ONLY"}
    return {"IndexName": index.name, "KeySchema": _keys(index.of, index.by), "Projection": shown}


def _keys(of: str, by: str) -> list[dict[str, str]]:
    return [{"AttributeName": of, "KeyType": "HASH"}, {"AttributeName": by, "KeyType": "RANGE"}]


def declare(body: bytes, **more: Any) -> dict[str, Any]:
    """Declare a file as an honest phone does."""
    told = {"name": "IMG_0001.jpg", "type": "image/jpeg", "size": len(body), "sha256": sha256(body)}
    return told | more


def declare_large(size: int, **more: Any) -> dict[str, Any]:
    """Declare a file too large for a test to hold."""
    told = {"name": "film.mp4", "type": "video/mp4", "size": size, "sha256": sha256(f"{size} bytes".encode())}
    return told | more


def part_hash(number: int) -> str:
    """Return the hash of a part of such a file."""
    return sha256(f"part {number}".encode())


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def b64(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def s3_record(key: str, version_id: str | None = None, bucket: str = BUCKET, name: str = "ObjectCreated:Put") -> Any:
    """Make a record as S3 writes it: the key encoded, blanks as plus signs."""
    told = {"key": quote_plus(key, safe="/")} | ({"versionId": version_id} if version_id else {})
    return {"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": {"name": bucket}, "object": told}}


def s3_event(*records: Any) -> dict[str, Any]:
    return {"Records": list(records)}


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]}


def messages(sqs: Any, url: str) -> list[dict[str, Any]]:
    """Take all messages out of a queue."""
    taken: list[dict[str, Any]] = []
    while True:
        some = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not some:
            return taken
        for message in some:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken.append(json.loads(message["Body"]))


def key_of(url: str) -> str:
    """Read the key out of a link on the bucket's own host."""
    return unquote(urlsplit(url).path).removeprefix("/")
