"""How each request and event begins and how refusals leave: the middleware of app.py. Knows no deed."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Request, Response, S3Event

from chalicelib import log
from chalicelib.errors import Refusal

GetResponse = Callable[[Request], Response]
Handle = Callable[[Any], Any]

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


class WholeS3Event(S3Event):
    """An S3 event as it came: Chalice's own reads `Records[0]` and dies on an event that has none."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        pass


def hear(event: Any, handle: Handle) -> Any:
    """Let the handler of an event do its work, with the id of this run in each log line."""
    log.begin(getattr(event.context, "aws_request_id", ""))
    return handle(event)


def answer(request: Request, get_response: GetResponse, cors: Mapping[str, str]) -> Response:
    """Let the view answer, turn its refusal into JSON, and write one line about the request."""
    began = time.perf_counter()
    context = request.context
    log.begin(context.get("requestId", ""))
    try:
        response = get_response(request)
    except Refusal as refusal:
        response = _refused(refusal, cors)
    response.headers = {**SAFE_HEADERS, **response.headers}
    log.logger.info(
        "answered",
        extra={
            "route": f"{request.method} {context.get('resourcePath')}",
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - began) * 1000),
        },
    )
    return response


def _refused(refusal: Refusal, cors: Mapping[str, str]) -> Response:
    body: dict[str, object] = {"Code": type(refusal).__name__, "Message": refusal.message}
    if refusal.details:
        body["Details"] = refusal.details
    # Chalice adds CORS headers only to what views return, so a refusal must bring its own.
    return Response(body=body, status_code=refusal.STATUS_CODE, headers={**cors, **refusal.headers()})
