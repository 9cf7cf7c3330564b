"""Read the swagger document that Chalice generates into the parts of a REST API. Pure; a program error in it raises."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
BINARY_TYPES = "x-amazon-apigateway-binary-media-types"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTHTYPE = "x-amazon-apigateway-authtype"


@dataclass(frozen=True)
class Authorizer:
    """Who may call: what to make (`None`: nothing to make), and how a method refers to it."""

    name: str
    reference: Mapping[str, Any]
    settings: Mapping[str, Any] | None


@dataclass(frozen=True)
class Method:
    """One verb on one path: who may call, and what runs."""

    path: str
    verb: str
    security: tuple[tuple[str, tuple[str, ...]], ...]
    integration: Mapping[str, Any]
    mock_headers: Mapping[str, str] | None


@dataclass(frozen=True)
class RestApi:
    """A whole API, as the document describes it."""

    title: str
    binary_types: tuple[str, ...]
    gateway_responses: Mapping[str, Mapping[str, Any]]
    authorizers: tuple[Authorizer, ...]
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class Step:
    """One resource to make below another."""

    parent: str
    part: str
    path: str


def parse(document: Mapping[str, Any]) -> RestApi:
    """Read a whole document."""
    schemes = document.get("securityDefinitions") or {}
    return RestApi(
        title=document["info"]["title"],
        binary_types=tuple(document.get(BINARY_TYPES) or ()),
        gateway_responses=document.get(GATEWAY_RESPONSES) or {},
        authorizers=tuple(_authorizer(name, scheme) for name, scheme in schemes.items()),
        methods=tuple(_methods(document["paths"])),
    )


def steps(api: RestApi) -> list[Step]:
    """List the resources to make, each after its parent and none twice."""
    found: dict[str, Step] = {}
    for path in sorted({method.path for method in api.methods}):
        parent = "/"
        for part in filter(None, path.split("/")):
            here = f"{parent.rstrip('/')}/{part}"
            found.setdefault(here, Step(parent, part, here))
            parent = here
    return list(found.values())


def _authorizer(name: str, scheme: Mapping[str, Any]) -> Authorizer:
    settings = scheme.get(AUTHORIZER)
    if settings is None:
        signed = scheme.get(AUTHTYPE) == "awsSigv4"
        return Authorizer(name, {"authorizationType": "AWS_IAM"} if signed else {"apiKeyRequired": True}, None)
    wanted = {"identitySource": f"method.request.header.{scheme['name']}"}
    if settings["type"] == "cognito_user_pools":
        pools = {"type": "COGNITO_USER_POOLS", "providerARNs": settings["providerARNs"]}
        return Authorizer(name, {"authorizationType": "COGNITO_USER_POOLS"}, wanted | pools)
    wanted |= {"type": "TOKEN", "authorizerUri": settings["authorizerUri"]}
    if "authorizerResultTtlInSeconds" in settings:
        wanted["authorizerResultTtlInSeconds"] = settings["authorizerResultTtlInSeconds"]
    return Authorizer(name, {"authorizationType": "CUSTOM"}, wanted)


def _methods(paths: Mapping[str, Mapping[str, Any]]) -> Iterator[Method]:
    for path, verbs in sorted(paths.items()):
        for verb, operation in verbs.items():
            integration = operation[INTEGRATION]
            yield Method(
                path=path,
                verb=verb.upper(),
                security=tuple(
                    (name, tuple(scopes)) for one in operation.get("security", ()) for name, scopes in one.items()
                ),
                integration=_integration(integration),
                mock_headers=_mock_headers(integration),
            )


def _integration(described: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {
        "type": described["type"].upper(),
        "passthroughBehavior": described["passthroughBehavior"].upper(),
        "contentHandling": described.get("contentHandling"),
        "uri": described.get("uri"),
        "integrationHttpMethod": described.get("httpMethod") if "uri" in described else None,
        "requestTemplates": described.get("requestTemplates"),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _mock_headers(described: Mapping[str, Any]) -> Mapping[str, str] | None:
    if described["type"] != "mock":
        return None
    headers: Mapping[str, str] = described["responses"]["default"]["responseParameters"]
    return headers
