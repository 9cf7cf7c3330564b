import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local import chalice_plugin
from local.swagger import parse, steps

LAMBDA_URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f/invocations"
)
PREFLIGHT = {"method.response.header.Access-Control-Allow-Origin": "'*'"}


def a_document(paths: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document such as Chalice writes: a guarded route with its preflight, and an open one."""
    proxy = {"type": "aws_proxy", "uri": LAMBDA_URI, "httpMethod": "POST", "passthroughBehavior": "when_no_match"}
    mock = {
        "type": "mock",
        "passthroughBehavior": "when_no_match",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseParameters": PREFLIGHT}},
    }
    return {
        "info": {"title": "backhaul-local", "version": "1.0"},
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"responseParameters": {"a": "'b'"}}},
        "securityDefinitions": {
            "caller_token": {
                "name": "Authorization",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": "token",
                    "authorizerUri": LAMBDA_URI,
                    "authorizerResultTtlInSeconds": 60,
                },
            }
        },
        "paths": paths
        if paths is not None
        else {
            "/files/{fileId}": {
                "get": {"security": [{"caller_token": []}], "x-amazon-apigateway-integration": proxy},
                "options": {"x-amazon-apigateway-integration": mock},
            },
            "/health": {"get": {"x-amazon-apigateway-integration": proxy}},
        },
    }


class Gateway:
    """An API gateway that knows only the granular calls, as the emulator does."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {"r0": {"id": "r0", "path": "/"}}
        self.authorizers: dict[str, dict[str, Any]] = {}
        self.responses: dict[str, Any] = {}
        self.created: dict[str, Any] = {}
        self._count = 0

    def _new(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def create_rest_api(self, **asked: Any) -> dict[str, Any]:
        self.created = asked
        return {"id": "api1", "name": asked["name"]}

    def get_resources(self, **_: Any) -> dict[str, Any]:
        return {"items": list(self.resources.values())}

    def get_authorizers(self, **_: Any) -> dict[str, Any]:
        return {"items": list(self.authorizers.values())}

    def create_resource(self, *, parentId: str, pathPart: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's names
        path = self.resources[parentId]["path"].rstrip("/") + "/" + pathPart
        assert path not in self.paths()
        made = {"id": self._new("r"), "path": path}
        self.resources[made["id"]] = made
        return made

    def delete_resource(self, *, resourceId: str, **_: Any) -> None:  # noqa: N803
        path = self.resources.pop(resourceId)["path"]
        assert not [one for one in self.paths() if one.startswith(path + "/")], "children go first"

    def create_authorizer(self, **asked: Any) -> dict[str, Any]:
        made = {"id": self._new("a"), **asked}
        self.authorizers[made["id"]] = made
        return made

    def delete_authorizer(self, *, authorizerId: str, **_: Any) -> None:  # noqa: N803
        del self.authorizers[authorizerId]

    def put_gateway_response(self, *, responseType: str, **asked: Any) -> None:  # noqa: N803
        self.responses[responseType] = asked["responseParameters"]

    def _methods(self, resource: str) -> dict[str, Any]:
        methods: dict[str, Any] = self.resources[resource].setdefault("resourceMethods", {})
        return methods

    def put_method(self, *, resourceId: str, httpMethod: str, **asked: Any) -> None:  # noqa: N803
        assert httpMethod not in self._methods(resourceId), "AWS answers with a conflict"
        self._methods(resourceId)[httpMethod] = asked

    def delete_method(self, *, resourceId: str, httpMethod: str, **_: Any) -> None:  # noqa: N803
        del self._methods(resourceId)[httpMethod]

    def put_integration(self, *, resourceId: str, httpMethod: str, **asked: Any) -> None:  # noqa: N803
        self._methods(resourceId)[httpMethod]["integration"] = asked

    def put_method_response(self, *, resourceId: str, httpMethod: str, **asked: Any) -> None:  # noqa: N803
        self._methods(resourceId)[httpMethod]["response"] = asked

    def put_integration_response(self, *, resourceId: str, httpMethod: str, **asked: Any) -> None:  # noqa: N803
        self._methods(resourceId)[httpMethod]["integrationResponse"] = asked

    def paths(self) -> set[str]:
        return {one["path"] for one in self.resources.values()}

    def method(self, path: str, verb: str) -> dict[str, Any]:
        found = next(one for one in self.resources.values() if one["path"] == path)
        method: dict[str, Any] = found["resourceMethods"][verb]
        return method


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def imported(gateway: Gateway, document: dict[str, Any] | None = None) -> str:
    return chalice_plugin.import_api(gateway, {"body": json.dumps(document or a_document())})


def replaced(gateway: Gateway, document: dict[str, Any]) -> str:
    return chalice_plugin.replace_api(
        gateway, {"url_path": "/restapis/api1?mode=overwrite", "body": json.dumps(document)}
    )


def test_an_import_makes_every_path_once_with_its_parents(gateway: Gateway) -> None:
    imported(gateway)

    assert gateway.paths() == {"/", "/files", "/files/{fileId}", "/health"}


def test_a_guarded_route_refers_to_its_authorizer(gateway: Gateway) -> None:
    imported(gateway)

    (authorizer,) = gateway.authorizers.values()
    method = gateway.method("/files/{fileId}", "GET")
    assert (method["authorizationType"], method["authorizerId"]) == ("CUSTOM", authorizer["id"])


def test_the_authorizer_keeps_its_time_to_live(gateway: Gateway) -> None:
    imported(gateway)

    (authorizer,) = gateway.authorizers.values()
    assert authorizer["authorizerResultTtlInSeconds"] == 60
    assert authorizer["identitySource"] == "method.request.header.Authorization"


def test_an_open_route_asks_for_nothing(gateway: Gateway) -> None:
    imported(gateway)

    assert gateway.method("/health", "GET")["authorizationType"] == "NONE"


def test_a_preflight_answers_by_itself(gateway: Gateway) -> None:
    imported(gateway)

    assert gateway.method("/files/{fileId}", "OPTIONS")["integrationResponse"]["responseParameters"] == PREFLIGHT


def test_gateway_responses_and_binary_types_are_kept(gateway: Gateway) -> None:
    imported(gateway)

    assert gateway.responses == {"DEFAULT_4XX": {"a": "'b'"}}
    assert gateway.created["binaryMediaTypes"] == ["image/png"]


def test_a_replacement_keeps_the_id_of_the_api(gateway: Gateway) -> None:
    imported(gateway)

    assert replaced(gateway, a_document()) == "api1"


def test_a_replacement_leaves_nothing_of_what_was(gateway: Gateway) -> None:
    imported(gateway)
    smaller = a_document()
    del smaller["paths"]["/files/{fileId}"]

    replaced(gateway, smaller)

    assert gateway.paths() == {"/", "/health"}
    assert len(gateway.authorizers) == 1


def test_a_route_at_the_root_can_be_replaced(gateway: Gateway) -> None:
    document = a_document()
    document["paths"]["/"] = document["paths"].pop("/health")
    imported(gateway, document)

    replaced(gateway, document)

    assert gateway.method("/", "GET")["authorizationType"] == "NONE"


def test_empty_patches_are_left_out() -> None:
    asked = {"patchOperations": [{"path": "/a", "value": ""}, {"path": "/b", "value": "REGIONAL"}]}

    sent = chalice_plugin.without_empty_patches(asked)

    assert sent["patchOperations"] == [{"path": "/b", "value": "REGIONAL"}]


def test_parents_are_made_before_their_children() -> None:
    api = parse(a_document())

    made = ["/"]
    for step in steps(api):
        assert step.parent in made
        made.append(step.path)


@pytest.mark.parametrize(
    ("scheme", "reference"),
    [
        ({"type": "apiKey", "name": "x-api-key"}, {"apiKeyRequired": True}),
        ({"x-amazon-apigateway-authtype": "awsSigv4", "name": "Authorization"}, {"authorizationType": "AWS_IAM"}),
    ],
)
def test_schemes_without_an_authorizer_need_nothing_made(scheme: dict[str, Any], reference: dict[str, Any]) -> None:
    document = a_document(paths={}) | {"securityDefinitions": {"it": scheme}}

    (authorizer,) = parse(document).authorizers

    assert (authorizer.settings, authorizer.reference) == (None, reference)


class Events(list[str]):
    """The hooks of a client, by the names they are registered for."""

    def register_first(self, name: str, _: Any) -> None:
        self.append(name)


@pytest.mark.parametrize(
    ("endpoint", "translated"),
    [
        ("http://127.0.0.1:4510", True),
        ("http://localhost:4510", True),
        ("https://apigateway.eu-central-1.amazonaws.com", False),
        ("https://127.0.0.1.example.com", False),
    ],
)
def test_real_aws_is_never_touched(endpoint: str, *, translated: bool) -> None:
    events = Events()
    service = SimpleNamespace(service_name="apigateway")

    chalice_plugin.initialize_client_plugin(
        SimpleNamespace(meta=SimpleNamespace(endpoint_url=endpoint, service_model=service, events=events))
    )

    assert bool(events) is translated


def test_waiters_do_not_wait_for_five_seconds() -> None:
    client = boto3.Session("key", "secret", region_name="us-east-1").client("lambda", endpoint_url="http://127.0.0.1:1")

    chalice_plugin.initialize_client_plugin(client)

    assert client.get_waiter("function_active_v2").config.delay < 1
