"""Which operations the embedded cloud is asked for: one line each in a file, if somebody has put that file there.

Whoever wants to know what a file costs counts them: `make count-operations`. Knows how AWS's protocols name them.
"""

from pathlib import Path
from urllib.parse import parse_qs

from local.guard import App, Receive, Scope, Send, header

_S3_SUBRESOURCES = ("tagging", "versions", "uploads", "uploadId", "list-type", "delete")
_S3 = {
    "PUT": "PutObject",
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "DELETE": "DeleteObject",
    "PUT tagging": "PutObjectTagging",
    "GET tagging": "GetObjectTagging",
    "GET versions": "ListObjectVersions",
    "GET uploads": "ListMultipartUploads",
    "GET list-type": "ListObjectsV2",
    "POST uploads": "CreateMultipartUpload",
    "PUT uploadId": "UploadPart",
    "POST uploadId": "CompleteMultipartUpload",
    "GET uploadId": "ListParts",
}


def counted(app: App, file: Path) -> App:
    """Write down what is asked for; without the file nothing is."""
    if not file.exists():
        return app

    async def count(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            with file.open("a", encoding="utf-8") as lines:
                lines.write(f"{operation(scope)}\n")
        await app(scope, receive, send)

    return count


def operation(scope: Scope) -> str:
    """Name what a request asks for, as AWS's own documents do; `api` is a request to our API."""
    if scope["path"].startswith("/_aws/execute-api/"):
        return "api"
    if target := header(scope, b"x-amz-target"):
        return target.rpartition(".")[2]
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    service = _service(header(scope, b"authorization") or "".join(query.get("X-Amz-Credential", [])))
    if service != "s3":
        return f"{service} {scope['method']}"
    which = next((name for name in _S3_SUBRESOURCES if name in query), "")
    return _S3.get(f"{scope['method']} {which}".strip(), f"s3 {scope['method']} {which}".strip())


def _service(credential: str) -> str:
    """Read the service that a signature is for: .../<day>/<region>/<service>/aws4_request."""
    parts = credential.partition("/aws4_request")[0].split("/")
    return parts[-1] if len(parts) > 1 else "unsigned"
