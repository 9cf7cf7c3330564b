"""What the API's generated description lacks: a name per stage, and errors of the gateway's own a page can read. Pure.

The gateway answers by itself where no function runs (no token, no route, too many requests). Chalice gives those
answers no CORS headers, so a browser hides even their status from the page.
"""

import json
from collections.abc import Mapping
from typing import Any

# A hundred requests a second is far more than a household sends and far less than a mistake can cost.
RATE_PER_SECOND = 100
BURST = 200

_CORS = {
    "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
    "gatewayresponse.header.Access-Control-Allow-Headers": "'Authorization,Content-Type'",
    "gatewayresponse.header.Access-Control-Expose-Headers": "'Retry-After'",
}
# The shape of every other error of the API.
_BODY = {"application/json": '{"Code":"$context.error.responseType","Message":$context.error.messageString}'}
_RETRY = {"gatewayresponse.header.Retry-After": "'1'"}
# Browsers name what they accept in an order of their own, and the gateway reads the first alone: only "everything"
# lets a picture's bytes through. What is not marked as Base64 stays the text it is.
_BINARY_TYPES = ["*/*"]


def completed(description: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an API's description with our name, what may be bytes, and the gateway's own answers."""
    answers: dict[str, Any] = {
        kind: {"responseParameters": dict(_CORS), "responseTemplates": dict(_BODY)}
        for kind in ("DEFAULT_4XX", "DEFAULT_5XX")
    }
    answers["THROTTLED"] = {
        "statusCode": "429",
        "responseParameters": _CORS | _RETRY,
        "responseTemplates": dict(_BODY),
    }
    info = {**description["info"], "title": name}
    return {
        **description,
        "info": info,
        "x-amazon-apigateway-binary-media-types": list(_BINARY_TYPES),
        "x-amazon-apigateway-gateway-responses": answers,
    }


# What a line of the access log tells: no token, no query, and the address of the caller cut by nobody but retention.
_ACCESS = {
    "at": "$context.requestTime",
    "request_id": "$context.requestId",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "address": "$context.identity.sourceIp",
    "refused": "$context.error.responseType",
}


def access_log(group: str) -> list[dict[str, str]]:
    """The patch that has a stage write a line of JSON for each request into a log group."""
    return [
        {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": group},
        {"op": "replace", "path": "/accessLogSettings/format", "value": json.dumps(_ACCESS)},
    ]


def throttling() -> list[dict[str, str]]:
    """The patch that limits every method of a stage."""
    return [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": str(RATE_PER_SECOND)},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": str(BURST)},
    ]
