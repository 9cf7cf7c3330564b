"""Links against another storage, written by other people: what one emulator takes by its own softness fails here.

rclone serves a folder as S3 and checks signatures, expiry and every signed header. It knows neither SHA-256 checksums
nor `If-None-Match`; those two are tested in test_links.py.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from botocore.credentials import ReadOnlyCredentials
from test_links import wait_for

from chalicelib import presign
from tests.builders import OWNER, REGION, sha256
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
def signer(folder: Path) -> Iterator[presign.Signer]:
    port = a_free_port()
    command = [RCLONE, "serve", "s3", "--auth-key", f"{KEY_ID},{SECRET}", "--addr", f"127.0.0.1:{port}", folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            credentials = ReadOnlyCredentials(KEY_ID, SECRET, None)
            yield presign.Signer(
                lambda: credentials, REGION, presign.base_url(BUCKET, REGION, f"http://127.0.0.1:{port}")
            )
        finally:
            server.terminate()


def a_link(signer: presign.Signer, name: str) -> presign.Link:
    return signer.put(f"originals/{OWNER}/{'0' * 32}-{name}", "image/jpeg", len(PHOTO), sha256(PHOTO))


def put(link: presign.Link, body: bytes = PHOTO, **headers: str) -> int:
    return HTTP.request("PUT", link.url, body=body, headers={**link.headers, **headers}).status


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

    moved = presign.Link(link.url.replace("-c.jpg", "-d.jpg"), link.method, link.headers, link.expires_at)

    assert put(moved) == 403


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
