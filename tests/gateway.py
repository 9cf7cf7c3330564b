"""API Gateway as far as the app can tell: the authorizer's own function first, then the handler, with AWS's events.

Every answer is held against the OpenAPI document, so each test of a route is a test of what the document says of it.

`chalice.test.Client` runs neither the authorizer's output through a request context nor the gateway's own refusals.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests import documented, leaks

GATEWAY_CORS = {"Access-Control-Allow-Origin": "*"}  # what infra's gateway responses add
ARN = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/api"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


class Gateway:
    """Calls an app module as API Gateway would."""

    def __init__(self, module: Any, *, authorize: bool = True) -> None:
        self._module = module
        self._authorize = authorize

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        address: str = "203.0.113.7",
    ) -> Answer:
        path, _, query = path.partition("?")
        found = self._route(method, path)
        if found is None:
            return _own(403, "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        resource, given = found
        event = _event(method, path, given, query, body, self._context(method, path, resource, address))
        answer = self._answer(event, token)
        leaks.WATCH.learn(answer.body)
        documented.check(self._module, method, resource, answer)
        return answer

    def _answer(self, event: dict[str, Any], token: str | None) -> Answer:
        context = event["requestContext"]
        entry = self._module.app.routes[event["resource"]][event["httpMethod"]]
        if entry.authorizer is not None:
            refused = self._judge(entry.authorizer.name, event["httpMethod"], event["path"], token, context)
            if refused:
                return refused
        if token is not None:
            event["headers"]["Authorization"] = f"Bearer {token}"
        return _answer(self._module.app(event, None))

    def _route(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        asked = path.split("/")
        fits = []
        for resource, methods in self._module.app.routes.items():
            parts = resource.split("/")
            if method in methods and len(parts) == len(asked) and all(map(_fits, parts, asked)):
                given = {part[1:-1]: got for part, got in zip(parts, asked, strict=True) if part.startswith("{")}
                fits.append((len(given), resource, given))
        return min(fits, key=lambda fit: fit[0])[1:] if fits else None

    def _judge(self, name: str, method: str, path: str, token: str | None, context: dict[str, Any]) -> Answer | None:
        if token is None:
            return _own(401, "UNAUTHORIZED", "Unauthorized")
        arn = f"{ARN}/{method}{path}"
        event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}
        try:
            policy = getattr(self._module, name)(event, None)
        except Exception as error:  # noqa: BLE001 (the runtime reports any error by its message)
            if str(error) == "Unauthorized":
                return _own(401, "UNAUTHORIZED", "Unauthorized")
            return _own(500, "AUTHORIZER_FAILURE", None)
        (statement,) = policy["policyDocument"]["Statement"]
        if not any(resource.endswith("/api/*/*") or resource == arn for resource in statement["Resource"]):
            return _own(403, "ACCESS_DENIED", "User is not authorized to access this resource")
        assert all(isinstance(value, str) for value in policy["context"].values())
        context["authorizer"] = {**policy["context"], "principalId": policy["principalId"], "integrationLatency": 3}
        return None

    def _context(self, method: str, path: str, resource: str, address: str) -> dict[str, Any]:
        return {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "domainName": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
            "httpMethod": method,
            "identity": {"sourceIp": address, "userAgent": "a test"},
            "path": f"/api{path}",
            "protocol": "HTTP/1.1",
            "requestId": "8f1e9a3c-0000-4000-8000-000000000000",
            "resourcePath": resource,
            "stage": "api",
        }


def _fits(part: str, got: str) -> bool:
    return bool(got) if part.startswith("{") else part == got


def _event(
    method: str, path: str, given: dict[str, str], query: str, body: Any, context: dict[str, Any]
) -> dict[str, Any]:
    pairs = parse_qsl(query, keep_blank_values=True)
    headers = {"Accept": "*/*", "Host": context["domainName"], "X-Forwarded-For": "198.51.100.99"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return {
        "resource": context["resourcePath"],
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": _many(pairs) or None,
        "pathParameters": given or None,
        "stageVariables": None,
        "requestContext": context,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def _many(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return many


def _own(status: int, code: str, message: str | None) -> Answer:
    body = {"Code": code, "Message": message}
    return Answer(status, body, GATEWAY_CORS, json.dumps(body))


def _answer(told: dict[str, Any]) -> Answer:
    headers = {**told.get("headers", {}), **{k: v[0] for k, v in told.get("multiValueHeaders", {}).items()}}
    text = told["body"]
    try:
        body = json.loads(text)
    except (TypeError, ValueError):
        body = text
    return Answer(told["statusCode"], body, headers, text)
