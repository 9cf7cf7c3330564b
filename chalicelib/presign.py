"""Links that expire: what a phone may PUT, where, and nothing else; what may be looked at.

Knows S3's addresses and botocore's own signer.

botocore's `generate_presigned_url` spends most of its time on finding the endpoint and serializing; the signer beneath
it does all that matters here, at a third of the cost.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib import moments
from chalicelib.bodies import Moment, Reply

LINK_SECONDS = 15 * 60


class Link(Reply, frozen=True):
    """A permission to make one request until it expires; the headers are signed and have to be sent as they are."""

    url: str
    method: str
    headers: dict[str, str]
    expires_at: Moment


@dataclass(frozen=True)
class Signer:
    """Signs with the credentials of the function that runs, which may change while it lives."""

    get_credentials: Callable[[], Any]
    region: str
    base_url: str
    clock: moments.Clock = moments.utc_now

    def put(self, key: str, kind: str, size: int | None, sha256: str | None, label: str = "") -> Link:
        """Let exactly what was declared be put, once; of what nobody declared anything, whatever comes.

        The label goes along with the object.
        """
        if size is None:
            return self.put_anything(key, kind)
        headers = {"Content-Type": kind, "Content-Length": str(size)}
        if sha256:
            headers["x-amz-checksum-sha256"] = to_base64(sha256)
        if label:
            headers["x-amz-meta-label"] = label
        return self._sign("PUT", key, {**headers, "If-None-Match": "*"})

    def put_part(self, key: str, upload_id: str, number: int, size: int, sha256: str | None) -> Link:
        """Let exactly these bytes be put as a part; for one whose hash nobody knows, any so many."""
        headers = {"Content-Length": str(size)} | ({"x-amz-checksum-sha256": to_base64(sha256)} if sha256 else {})
        return self._sign("PUT", key, headers, {"partNumber": str(number), "uploadId": upload_id})

    def put_anything(self, key: str, kind: str) -> Link:
        """Let a client that sends no header but Content-Type put its file."""
        return self._sign("PUT", key, {"Content-Type": kind})

    def get(self, key: str, version_id: str | None, kind: str, disposition: str) -> Link:
        """Let one version be fetched, with the type and under the name that is told here; S3 is told to say so."""
        told = {"response-content-type": kind, "response-content-disposition": disposition}
        return self._sign("GET", key, {}, told | ({"versionId": version_id} if version_id else {}))

    def _sign(self, method: str, key: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Link:
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 (a refused request need not pay for botocore)

        expires_at = moments.to_text(self.clock() + timedelta(seconds=LINK_SECONDS))
        url = f"{self.base_url}/{quote(key, safe='/~')}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        request = AWSRequest(method=method, url=url, headers=dict(headers))
        _query_auth()(self.get_credentials(), "s3", self.region, expires=LINK_SECONDS).add_auth(request)
        return Link(request.url, method, dict(headers), expires_at)


@cache
def _query_auth() -> Any:
    """Return botocore's signer, which looks through the headers twice for each link, made to do so once."""
    from botocore.auth import S3SigV4QueryAuth  # noqa: PLC0415 (a refused request need not pay for botocore)

    class QueryAuth(S3SigV4QueryAuth):  # type: ignore[misc] # botocore is untyped
        def headers_to_sign(self, request: Any) -> Any:
            known = request.context
            if "headers_to_sign" not in known:
                known["headers_to_sign"] = super().headers_to_sign(request)
            return known["headers_to_sign"]

    return QueryAuth


def base_url(bucket: str, region: str, endpoint_url: str) -> str:
    """Return where a bucket's keys begin: its regional host on AWS, a path on an endpoint of our own."""
    if endpoint_url:
        return f"{endpoint_url.rstrip('/')}/{bucket}"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{region}.{suffix}"


def to_base64(sha256: str) -> str:
    """Write a hash as S3's headers want it."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def to_hex(checksum: str | None) -> str | None:
    """Read the hash of a whole object from S3's headers; one made of hashes of parts ends in `-<count>`: none."""
    if not checksum or "-" in checksum:
        return None
    return base64.b64decode(checksum).hex()
