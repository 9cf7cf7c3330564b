"""What S3 says over the wire when parts are put together, and what we make of it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree as ET

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.cloud import Cloud
from chalicelib.errors import CrowdedError
from chalicelib.incoming import multipart
from chalicelib.incoming.multipart import UploadGoneError
from chalicelib.incoming.parts import Part
from chalicelib.metadata.files import File, Status
from tests.builders import OWNER, REGION, SETTINGS, HandClock, part_hash

ERROR = "<?xml version='1.0'?>\n<Error><Code>{}</Code><Message>no</Message></Error>"
DONE = "<CompleteMultipartUploadResult><ChecksumSHA256>abc=-2</ChecksumSHA256></CompleteMultipartUploadResult>"
FILM = File(
    owner_id=OWNER,
    file_id="f" * 32,
    name="a",
    type="b/c",
    status=Status.PENDING,
    key="originals/a",
    created_at="2026",
    size=7,
    upload_id="an upload",
)
HAVE = {number: Part(number, 1, f'"{number}"', part_hash(number)) for number in (1, 2)}


@dataclass
class Wire:
    """An S3 that answers what it is told to, as slowly as S3 does: blanks first, then the answer."""

    answers: list[tuple[int, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
def wire() -> Iterator[tuple[Wire, Cloud]]:
    told = Wire()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.headers = dict(self.headers)
            told.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, text = told.answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        client = botocore.session.get_session().create_client(
            "s3",
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )
        yield told, Cloud(SETTINGS, lambda _: client, HandClock())
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [
        (404, "NoSuchUpload", UploadGoneError),
        (412, "PreconditionFailed", UploadGoneError),
        (200, "NoSuchUpload", UploadGoneError),
        (409, "ConditionalRequestConflict", CrowdedError),
        (400, "InvalidPart", CrowdedError),
        (200, "InternalError", ClientError),
        (200, "SlowDown", ClientError),
    ],
)
def test_an_error_is_one_even_with_the_status_of_a_success(
    wire: tuple[Wire, Cloud], status: int, code: str, raised: type[Exception]
) -> None:
    told, world = wire
    told.answers = [(status, ERROR.format(code))]

    with pytest.raises(raised, match=code if raised is ClientError else None):
        multipart.complete(world, FILM, HAVE)


def test_s3_is_told_everything_it_can_compare(wire: tuple[Wire, Cloud]) -> None:
    told, world = wire
    told.answers = [(200, f"<?xml version='1.0'?>\n     {DONE}")]

    assert multipart.complete(world, FILM, HAVE) == "abc=-2"

    assert (told.headers["If-None-Match"], told.headers["x-amz-mp-object-size"]) == ("*", "7")
    assert [numbers_and_hashes(body) for body in told.bodies] == [[("1", True), ("2", True)]]


def numbers_and_hashes(body: bytes) -> list[tuple[Any, bool]]:
    space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
    parts = ET.fromstring(body).iter(f"{space}Part")  # noqa: S314 (our own)
    return [(part.findtext(f"{space}PartNumber"), bool(part.findtext(f"{space}ChecksumSHA256"))) for part in parts]
