"""How each request begins and how refusals leave: the middleware of the REST API. Knows no deed."""

import time
from collections.abc import Callable, Mapping

from chalice.app import Request, Response

from chalicelib import log
from chalicelib.errors import Refusal

GetResponse = Callable[[Request], Response]

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


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
