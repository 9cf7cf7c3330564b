"""Links against a storage that really checks them: the embedded cloud's emulator, alone, with AUTH=true."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import urllib3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from chalicelib import presign
from chalicelib.cloud import Cloud
from chalicelib.incoming import multipart, objects, parts
from chalicelib.library import dispositions
from chalicelib.metadata.files import File, Status
from tests.builders import BUCKET, OWNER, REGION, SETTINGS, HandClock, sha256
from tests.ports import a_free_port

pytestmark = pytest.mark.e2e

PHOTO = b"the bytes of a photo"
KEY_ID, SECRET = "AKIAEXAMPLEROOTKEY00", "a-secret-of-this-test"
HTTP = urllib3.PoolManager(retries=False)
FILE_IDS = iter(f"{n:032x}" for n in range(1, 1000))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("emulator")
    port = a_free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env=settings(home, port),
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as emulator:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            emulator.terminate()


@pytest.fixture(scope="module")
def s3(endpoint: str) -> Any:
    client = botocore.session.get_session().create_client(
        "s3",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def signer(endpoint: str, s3: Any) -> presign.Signer:
    assert s3
    credentials = ReadOnlyCredentials(KEY_ID, SECRET, None)
    return presign.Signer(lambda: credentials, REGION, presign.base_url(BUCKET, REGION, endpoint))


def a_link(signer: presign.Signer, body: bytes = PHOTO) -> presign.Link:
    key = f"originals/{OWNER}/{next(FILE_IDS)}-a.jpg"
    return signer.put(key, "image/jpeg", len(body), sha256(body))


def put(link: presign.Link, body: bytes = PHOTO, **headers: str) -> int:
    sent = {**link.headers, "Content-Length": str(len(body)), **headers}
    return HTTP.request("PUT", link.url, body=body, headers=sent).status


def test_what_was_declared_is_taken(signer: presign.Signer) -> None:
    assert put(a_link(signer)) == 200


@pytest.mark.parametrize(
    "sent",
    [
        lambda link: put(link, PHOTO[:-1] + b"!"),
        lambda link: put(link, PHOTO + b"!"),
        lambda link: put(link, PHOTO[:-1]),
        lambda link: put(link, b""),
        lambda link: put(link, **{"Content-Type": "text/html"}),
        lambda link: put(link, PHOTO[:-1] + b"!", **{"x-amz-checksum-sha256": presign.to_base64("00" * 32)}),
        lambda link: put(link, **{"If-None-Match": "x"}),
    ],
    ids=["a byte changed", "a byte more", "a byte less", "nothing", "another type", "another hash", "overwriting"],
)
def test_anything_else_is_refused(signer: presign.Signer, s3: Any, sent: Callable[[presign.Link], int]) -> None:
    link = a_link(signer)

    assert sent(link) in (400, 403)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=key_of(link))


def test_a_link_lets_nothing_be_put_under_another_key(signer: presign.Signer) -> None:
    link = a_link(signer)

    moved = presign.Link(link.url.replace("-a.jpg", "-b.jpg"), link.method, link.headers, link.expires_at)

    assert put(moved) == 403


def test_a_second_put_is_refused(signer: presign.Signer) -> None:
    link = a_link(signer)
    put(link)

    assert put(link) == 412


def test_a_link_is_for_putting_alone(signer: presign.Signer) -> None:
    link = a_link(signer)
    put(link)

    assert HTTP.request("GET", link.url).status == 403
    assert HTTP.request("DELETE", link.url).status == 403


NAME = 'Ferien am "Müritzsee" 50%\r\nX: y 写真.jpg'


def test_a_link_to_look_brings_the_version_it_names(signer: presign.Signer, s3: Any) -> None:
    link = a_link(signer)
    put(link)
    pinned = s3.head_object(Bucket=BUCKET, Key=key_of(link))["VersionId"]
    s3.put_object(Bucket=BUCKET, Key=key_of(link), Body=b"later")
    told = dispositions.write(NAME, "image/jpeg", download=False)

    got = HTTP.request("GET", signer.get(key_of(link), pinned, "image/jpeg", told).url)

    # The emulator checks how it must answer, but does so of the current version alone.
    assert (got.status, got.data) == (200, PHOTO)


def test_a_link_to_look_is_answered_under_the_name_it_tells(signer: presign.Signer) -> None:
    link = a_link(signer)
    put(link)
    told = dispositions.write(NAME, "image/heic", download=True)

    got = HTTP.request("GET", signer.get(key_of(link), None, "image/heic", told).url)

    assert (got.headers["Content-Type"], got.headers["Content-Disposition"]) == ("image/heic", told)


def test_what_a_link_to_look_tells_cannot_be_changed(signer: presign.Signer) -> None:
    link = a_link(signer)
    put(link)
    looked = signer.get(key_of(link), None, "image/jpeg", "attachment").url

    assert HTTP.request("GET", looked).status == 200
    for forged in (looked.replace("attachment", "inline"), looked.replace("image%2Fjpeg", "text%2Fhtml")):
        assert forged != looked
        assert HTTP.request("GET", forged).status == 403


def test_the_simplest_clients_link_takes_any_bytes_of_its_type(signer: presign.Signer) -> None:
    link = signer.put_anything(f"originals/{OWNER}/{next(FILE_IDS)}-a.jpg", "image/jpeg")

    assert put(link, b"whatever") == 200
    assert put(link, b"whatever", **{"Content-Type": "text/html"}) == 403


def test_what_arrived_is_seen_with_the_hash_that_was_checked(signer: presign.Signer, s3: Any) -> None:
    link = a_link(signer)
    put(link)

    found = objects.find(Cloud(SETTINGS, lambda _: s3, HandClock()), key_of(link), None)

    assert found
    assert (found.size, found.sha256, found.type) == (len(PHOTO), sha256(PHOTO), "image/jpeg")
    assert found.version_id


def test_what_is_not_there_is_none(s3: Any) -> None:
    assert objects.find(Cloud(SETTINGS, lambda _: s3, HandClock()), f"originals/{OWNER}/{'f' * 32}-a", None) is None


# Parts

PART = os.urandom(5 * 1024 * 1024)


class Parts:
    """A large object on its way, as the cloud half begins it."""

    def __init__(self, s3: Any, signer: presign.Signer) -> None:
        self.s3, self.signer = s3, signer
        self.world = Cloud(SETTINGS, lambda _: s3, HandClock())
        self.key = f"originals/{OWNER}/{next(FILE_IDS)}-film.mp4"
        self.upload_id = multipart.create(self.world, self.file(), hashed=True)

    def file(self, upload_id: str | None = None, size: int = 2 * len(PART)) -> File:
        return File(
            owner_id=OWNER,
            file_id="f" * 32,
            name="film.mp4",
            type="video/mp4",
            status=Status.PENDING,
            key=self.key,
            created_at="2026",
            size=size,
            sha256=sha256(PART + PART),
            upload_id=upload_id,
        )

    def link(self, number: int) -> presign.Link:
        return self.signer.put_part(self.key, self.upload_id, number, len(PART), sha256(PART))

    def there(self) -> dict[int, parts.Part]:
        return {part.number: part for part in multipart.listed(self.world, self.file(self.upload_id))}


@pytest.fixture
def large(s3: Any, signer: presign.Signer) -> Parts:
    return Parts(s3, signer)


def test_parts_are_taken_and_put_together(large: Parts) -> None:
    assert [put(large.link(number), PART) for number in (2, 1)] == [200, 200]

    have = large.there()
    assert [(part.number, part.size, part.sha256) for part in have.values()] == [
        (1, len(PART), sha256(PART)),
        (2, len(PART), sha256(PART)),
    ]
    assert multipart.complete(large.world, large.file(large.upload_id), have) == parts.composite(have)

    found = objects.find(large.world, large.key, None)
    assert found
    assert (found.size, found.sha256, found.type) == (2 * len(PART), sha256(PART + PART), "video/mp4")


@pytest.mark.parametrize(
    "sent",
    [
        lambda link: put(link, PART[:-1] + b"!"),
        lambda link: put(link, PART + b"!"),
        lambda link: put(link, PART[:-1]),
        lambda link: put(link, PART[:-1] + b"!", **{"x-amz-checksum-sha256": presign.to_base64("00" * 32)}),
        lambda link: put(presign.Link(link.url.replace("partNumber=1", "partNumber=2"), "PUT", link.headers, ""), PART),
        lambda link: put(presign.Link(link.url.replace("uploadId=", "uploadId=x"), "PUT", link.headers, ""), PART),
        lambda link: put(presign.Link(link.url.replace("film.mp4", "other.mp4"), "PUT", link.headers, ""), PART),
    ],
    ids=[
        "a byte changed",
        "a byte more",
        "a byte less",
        "another hash",
        "another part",
        "another upload",
        "another key",
    ],
)
def test_anything_else_than_the_part_is_refused(large: Parts, sent: Callable[[presign.Link], int]) -> None:
    assert sent(large.link(1)) in (400, 403)
    assert large.there() == {}


def test_parts_of_another_sum_are_not_put_together(large: Parts) -> None:
    put(large.link(1), PART)

    with pytest.raises(large.s3.exceptions.ClientError, match="InvalidRequest"):
        multipart.complete(large.world, large.file(large.upload_id), large.there())

    assert objects.find(large.world, large.key, None) is None


def test_nothing_is_put_together_over_an_object(large: Parts) -> None:
    for number in (1, 2):
        put(large.link(number), PART)
    have = large.there()
    put(large.signer.put_anything(large.key, "video/mp4"), b"was there first")

    with pytest.raises(multipart.UploadGoneError):
        multipart.complete(large.world, large.file(large.upload_id), have)


def test_what_was_thrown_away_is_gone_and_may_be_thrown_away_again(large: Parts) -> None:
    put(large.link(1), PART)

    for _ in range(2):
        multipart.abort(large.world, large.file(), large.upload_id)

    assert put(large.link(1), PART) == 404
    with pytest.raises(multipart.UploadGoneError):
        large.there()


def key_of(link: presign.Link) -> str:
    return link.url.partition("?")[0].partition(f"/{BUCKET}/")[2]


def settings(home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BACKHAUL_"))}
    return kept | {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "objects"),
        "TMPDIR": str(home),
    }


def wait_for(port: int, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"the emulator did not come up on port {port} within {seconds} s")
