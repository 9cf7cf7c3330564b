"""Links against another storage, written by other people: what one emulator takes by its own softness fails here.

rclone serves a folder as S3 and checks signatures, expiry and every signed header. It knows neither SHA-256 checksums
nor `If-None-Match`; those two are tested in test_links.py. Of parts it compares numbers and tags, and tells no hashes;
neither a declared sum of sizes nor an object that is there already keeps it from putting parts together.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from test_links import wait_for

from chalicelib import presign
from chalicelib.cloud import Cloud
from chalicelib.errors import CrowdedError
from chalicelib.incoming import multipart
from chalicelib.incoming.parts import Part
from chalicelib.metadata import files
from chalicelib.metadata.files import File, Status
from tests.builders import OWNER, REGION, SETTINGS, sha256
from tests.ports import a_free_port

pytestmark = pytest.mark.e2e

PHOTO = b"the bytes of a photo"
KEY_ID, SECRET, BUCKET = "AKIAEXAMPLEOTHERKEY0", "another-secret", "photos"
HTTP = urllib3.PoolManager(retries=False)
RCLONE = Path(sys.executable).with_name("rclone")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("served")
    (made / BUCKET).mkdir()
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = a_free_port()
    command = [RCLONE, "serve", "s3", "--auth-key", f"{KEY_ID},{SECRET}", "--addr", f"127.0.0.1:{port}", folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def signer(address: str) -> presign.Signer:
    credentials = ReadOnlyCredentials(KEY_ID, SECRET, None)
    return presign.Signer(lambda: credentials, REGION, presign.base_url(BUCKET, REGION, address))


def a_link(signer: presign.Signer, name: str) -> presign.Link:
    return signer.put(f"originals/{OWNER}/{'0' * 32}-{name}", "image/jpeg", len(PHOTO), sha256(PHOTO))


def put(link: presign.Link, body: bytes = PHOTO, **headers: str) -> int:
    return HTTP.request("PUT", link.url, body=body, headers={**link.headers, **headers}).status


def changed(link: presign.Link, old: str, new: str) -> presign.Link:
    return presign.Link(link.url.replace(old, new), link.method, link.headers, link.expires_at)


def test_what_was_declared_is_taken_byte_for_byte(signer: presign.Signer, folder: Path) -> None:
    assert put(a_link(signer, "a.jpg")) == 200
    assert (folder / BUCKET / "originals" / OWNER / f"{'0' * 32}-a.jpg").read_bytes() == PHOTO


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("another type", {"Content-Type": "text/html"}),
        ("another size", {"Content-Length": str(len(PHOTO) - 1)}),
        ("another hash", {"x-amz-checksum-sha256": presign.to_base64("00" * 32)}),
        ("overwriting", {"If-None-Match": "x"}),
    ],
)
def test_every_header_of_a_link_is_signed(
    signer: presign.Signer, folder: Path, name: str, headers: dict[str, str]
) -> None:
    link = a_link(signer, f"{name.replace(' ', '_')}.jpg")
    body = PHOTO[: int(headers.get("Content-Length", len(PHOTO)))]

    assert put(link, body, **headers) == 403
    assert not list(folder.rglob(f"*{name.replace(' ', '_')}*"))


def test_a_link_lets_nothing_be_put_under_another_key(signer: presign.Signer) -> None:
    link = a_link(signer, "c.jpg")

    assert put(changed(link, "-c.jpg", "-d.jpg")) == 403


def test_a_link_is_for_putting_alone(signer: presign.Signer) -> None:
    link = a_link(signer, "e.jpg")
    put(link)

    assert HTTP.request("GET", link.url).status == 403
    assert HTTP.request("DELETE", link.url).status == 403


def test_an_expired_link_opens_nothing(signer: presign.Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presign, "LINK_SECONDS", 1)
    link = a_link(signer, "f.jpg")
    signed_at = time.monotonic()

    while (answer := HTTP.request("PUT", link.url, body=PHOTO, headers=link.headers)).status == 200:
        assert time.monotonic() - signed_at < 60

    # AWS says 403 and "Request has expired"; rclone tells the same refusal in its own words.
    assert (answer.status, b"AccessDenied" in answer.data) == (400, True), answer.data


FILM = os.urandom(5 * 1024**2), os.urandom(1000)
"""The bytes of a film, in two parts: S3 takes no smaller one than the first, unless it is the last."""


@dataclass(frozen=True)
class Film:
    """A large file under way to the other storage, by the cloud half's own calls."""

    world: Cloud
    file: File
    signer: presign.Signer

    def link(self, number: int) -> presign.Link:
        part = FILM[number - 1]
        return self.signer.put_part(self.file.key, self.file.upload_id or "", number, len(part), sha256(part))

    def send(self, *numbers: int) -> list[int]:
        return [put(self.link(number), FILM[number - 1]) for number in numbers]

    def listed(self) -> dict[int, Part]:
        return {part.number: part for part in multipart.listed(self.world, self.file)}


@pytest.fixture
def film(address: str, signer: presign.Signer, request: pytest.FixtureRequest) -> Film:
    s3 = boto3.client(
        "s3",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        region_name=REGION,
        endpoint_url=address,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    world = Cloud(replace(SETTINGS, bucket=BUCKET), lambda _: s3)
    key, size = f"originals/{OWNER}/{'0' * 32}-{request.node.name[:60]}.mp4", sum(map(len, FILM))
    file = File(
        owner_id=OWNER,
        file_id="0" * 32,
        name="film.mp4",
        type="video/mp4",
        status=Status.PENDING,
        key=key,
        created_at="",
        size=size,
    )
    return Film(world, with_upload(world, file), signer)


def with_upload(world: Cloud, file: File) -> File:
    return files.with_parts(file, multipart.create(world, file, hashed=True), hashed=True)


def test_parts_are_told_and_put_together_byte_for_byte(film: Film, folder: Path) -> None:
    assert film.send(1, 2) == [200, 200]
    listed = film.listed()
    assert {number: part.size for number, part in listed.items()} == {1: len(FILM[0]), 2: len(FILM[1])}

    multipart.complete(film.world, film.file, listed)

    assert (folder / BUCKET / film.file.key).read_bytes() == b"".join(FILM)
    with pytest.raises(multipart.UploadGoneError):
        film.listed()


def test_a_part_sent_again_after_its_reply_was_lost_is_there_once(film: Film) -> None:
    assert film.send(1, 1) == [200, 200]

    assert list(film.listed()) == [1]


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("another size", {"Content-Length": str(len(FILM[0]) - 1)}),
        ("another hash", {"x-amz-checksum-sha256": presign.to_base64("00" * 32)}),
    ],
)
def test_every_header_of_a_parts_link_is_signed(film: Film, name: str, headers: dict[str, str]) -> None:
    body = FILM[0][: int(headers.get("Content-Length", len(FILM[0])))]

    assert put(film.link(1), body, **headers) == 403, name
    assert film.listed() == {}


def test_a_parts_link_is_for_that_part_of_that_upload_alone(film: Film) -> None:
    link, other = film.link(1), with_upload(film.world, film.file)

    assert put(changed(link, "partNumber=1", "partNumber=2"), FILM[0]) == 403
    assert put(changed(link, film.file.upload_id or "", other.upload_id or ""), FILM[0]) == 403


def test_parts_that_are_not_the_ones_there_are_not_put_together(film: Film) -> None:
    film.send(1)
    (part,) = film.listed().values()

    with pytest.raises(CrowdedError):
        multipart.complete(film.world, film.file, {1: replace(part, etag=f'"{"0" * 32}"')})
