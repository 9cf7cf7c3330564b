"""Links, checked as AWS documents that it checks them, and against what botocore's own client would sign."""

import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import presign

KEY = "originals/11111111-1111-4111-8111-111111111111/0199aabbccdd7eff8011223344556677-IMG_0001.jpg"
HASH = hashlib.sha256(b"photo").hexdigest()
AWS = "https://a-bucket.s3.eu-west-1.amazonaws.com"


def a_signer(base_url: str = AWS, token: str | None = None) -> presign.Signer:
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "a-secret", token)
    return presign.Signer(lambda: credentials, "eu-west-1", base_url, lambda: datetime(2026, 11, 21, 10, tzinfo=UTC))


def fields(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def documented_signature(link: presign.Link, secret: str) -> str:
    """Compute what S3 compares with (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)."""
    parts, told = urlsplit(link.url), fields(link.url)
    sent = {name.lower(): value for name, value in link.headers.items()} | {"host": parts.netloc}
    query = "&".join(sorted(part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature=")))
    names = told["X-Amz-SignedHeaders"].split(";")
    headers = "".join(f"{name}:{sent[name].strip()}\n" for name in names)
    canonical = "\n".join([link.method, parts.path, query, headers, ";".join(names), "UNSIGNED-PAYLOAD"])
    scope = told["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = "\n".join(["AWS4-HMAC-SHA256", told["X-Amz-Date"], scope, digest])
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


UPLOAD_ID = "a+b/c=d e.f_g&h"


def test_a_part_is_signed_with_its_number_its_upload_and_its_bytes() -> None:
    link = a_signer().put_part(KEY, UPLOAD_ID, 7, 5, HASH)

    told = fields(link.url)
    assert (told["partNumber"], told["uploadId"]) == ("7", UPLOAD_ID)
    assert told["X-Amz-SignedHeaders"] == "content-length;host;x-amz-checksum-sha256"
    assert link.headers == {"Content-Length": "5", "x-amz-checksum-sha256": presign.to_base64(HASH)}
    assert told["X-Amz-Signature"] == documented_signature(link, "a-secret")


def test_a_part_without_a_hash_is_signed_with_its_length_alone() -> None:
    link = a_signer().put_part(KEY, UPLOAD_ID, 1, 5, None)

    assert link.headers == {"Content-Length": "5"}
    assert fields(link.url)["X-Amz-Signature"] == documented_signature(link, "a-secret")


DISPOSITION = "inline; filename=\"a b.jpg\"; filename*=UTF-8''%C3%A4%20b.jpg"


@pytest.mark.parametrize("version_id", ["a.b_c-d~e", None])
def test_a_link_to_look_is_pinned_to_a_version_and_says_how_s3_must_answer(version_id: str | None) -> None:
    link = a_signer(token="a/token+=").get(KEY, version_id, "image/heic; x=y", DISPOSITION)

    told = fields(link.url)
    assert (told.get("versionId"), told["response-content-type"]) == (version_id, "image/heic; x=y")
    assert (told["response-content-disposition"], told["X-Amz-Expires"]) == (DISPOSITION, "900")
    assert (link.method, link.headers, told["X-Amz-SignedHeaders"]) == ("GET", {}, "host")
    assert told["X-Amz-Signature"] == documented_signature(link, "a-secret")


@pytest.mark.parametrize(
    ("size", "sha256", "names"),
    [
        (None, None, {"Content-Type"}),
        (5, None, {"Content-Type", "Content-Length", "If-None-Match"}),
        (5, HASH, {"Content-Type", "Content-Length", "If-None-Match", "x-amz-checksum-sha256"}),
    ],
)
def test_what_was_declared_is_signed_and_no_more(size: int | None, sha256: str | None, names: set[str]) -> None:
    assert set(a_signer().put(KEY, "image/jpeg", size, sha256).headers) == names


def test_everything_that_was_declared_is_signed() -> None:
    link = a_signer().put(KEY, "image/jpeg", 5, HASH)

    assert fields(link.url)["X-Amz-SignedHeaders"] == (
        "content-length;content-type;host;if-none-match;x-amz-checksum-sha256"
    )
    assert link.headers == {
        "Content-Type": "image/jpeg",
        "Content-Length": "5",
        "x-amz-checksum-sha256": presign.to_base64(HASH),
        "If-None-Match": "*",
    }


def test_the_label_is_signed_so_that_no_client_can_leave_it_out() -> None:
    link = a_signer().put(KEY, "image/jpeg", 5, HASH, "name=x.jpg")

    assert fields(link.url)["X-Amz-SignedHeaders"].endswith(";x-amz-checksum-sha256;x-amz-meta-label")
    assert link.headers["x-amz-meta-label"] == "name=x.jpg"


def test_the_simplest_client_is_bound_to_its_type_alone() -> None:
    link = a_signer().put_anything(KEY, "image/jpeg")

    assert fields(link.url)["X-Amz-SignedHeaders"] == "content-type;host"


@pytest.mark.parametrize("base_url", [AWS, "http://127.0.0.1:4510/a-bucket"])
@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_the_signature_is_the_documented_one(base_url: str, token: str | None) -> None:
    link = a_signer(base_url, token).put(KEY, "video/mp4; codecs=avc1", 5, HASH)

    assert fields(link.url)["X-Amz-Signature"] == documented_signature(link, "a-secret")
    assert fields(link.url).get("X-Amz-Security-Token") == token


def test_the_link_is_what_botocores_own_client_signs() -> None:
    client: Any = botocore.session.get_session().create_client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="a-secret",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    told = {"Bucket": "a-bucket", "Key": KEY, "ContentType": "image/jpeg", "ContentLength": 5, "IfNoneMatch": "*"}
    told["ChecksumSHA256"] = presign.to_base64(HASH)

    for _ in range(5):  # both read the clock of this machine, whose second may turn in between
        ours = a_signer().put(KEY, "image/jpeg", 5, HASH).url
        theirs = client.generate_presigned_url("put_object", Params=told, ExpiresIn=presign.LINK_SECONDS)
        if fields(ours)["X-Amz-Date"] == fields(theirs)["X-Amz-Date"]:
            break

    assert fields(ours) == fields(theirs)
    assert urlsplit(ours)[:3] == urlsplit(theirs)[:3]


def test_a_link_expires_after_fifteen_minutes() -> None:
    link = a_signer().put(KEY, "image/jpeg", 5, HASH)

    assert fields(link.url)["X-Amz-Expires"] == "900"
    assert link.expires_at == "2026-11-21T10:15:00.000Z"


@pytest.mark.parametrize(
    ("region", "endpoint_url", "begins"),
    [
        ("eu-west-1", "", "https://b.s3.eu-west-1.amazonaws.com"),
        ("us-east-1", "", "https://b.s3.us-east-1.amazonaws.com"),
        ("cn-north-1", "", "https://b.s3.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", "http://127.0.0.1:4510/", "http://127.0.0.1:4510/b"),
    ],
)
def test_links_lead_to_the_bucket(region: str, endpoint_url: str, begins: str) -> None:
    assert presign.base_url("b", region, endpoint_url) == begins


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_survives_the_way_through_s3s_headers(digest: bytes) -> None:
    assert presign.to_hex(presign.to_base64(digest.hex())) == digest.hex()


@pytest.mark.parametrize("checksum", [None, "", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-3"])
def test_a_checksum_of_parts_is_no_hash_of_the_whole(checksum: str | None) -> None:
    assert presign.to_hex(checksum) is None


def test_a_hundred_links_are_signed_in_a_hundredth_of_a_second() -> None:
    signer = a_signer(token="t" * 700)
    signer.put(KEY, "image/jpeg", 5, HASH)

    rounds = []
    for _ in range(10):
        began = time.process_time()
        for _ in range(100):
            signer.put(KEY, "image/jpeg", 5, HASH)
        rounds.append(time.process_time() - began)

    # 7 ms on the machine it was measured on, 8 is the goal; a slower one may take twice as long, boto3 would take 20.
    assert min(rounds) < 0.016
