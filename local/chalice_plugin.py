"""Let the unchanged `chalice deploy` talk to the embedded cloud. A botocore client plugin.

    BOTOCORE_EXPERIMENTAL__PLUGINS=backhaul=local.chalice_plugin AWS_ENDPOINT_URL=http://127.0.0.1:4510

MiniStack accepts `ImportRestApi` and makes an empty API of it, and does not know `PutRestApi`; these two
calls are answered here, by the granular calls they stand for. `local.swagger` decides which.

A client whose endpoint is not loopback is left alone: this must never touch real AWS.
"""

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from local.swagger import Authorizer, Method, RestApi, Step, parse, steps

WAITER_SECONDS = 0.2
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
PAGE = 500
DONE = SimpleNamespace(status_code=200, headers={})


def initialize_client_plugin(client: Any) -> None:
    """Called by botocore for every client it makes."""
    if urlsplit(client.meta.endpoint_url).hostname not in LOOPBACK_NAMES:
        return
    service, events = client.meta.service_model.service_name, client.meta.events
    if service == "apigateway":
        events.register_first("before-call.apigateway.ImportRestApi", _answer_with(client, import_api))
        events.register_first("before-call.apigateway.PutRestApi", _answer_with(client, replace_api))
        events.register_first("provide-client-params.apigateway.UpdateRestApi", without_empty_patches)
    elif service == "lambda":
        _hurry_waiters(client)


def _answer_with(client: Any, act: Any) -> Any:
    """A handler whose return value botocore takes for the answer, without sending anything."""

    def handler(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        api_id = act(client, params)
        return DONE, {"id": api_id, "ResponseMetadata": {"HTTPStatusCode": 200}}

    return handler


def _hurry_waiters(client: Any) -> None:
    """Ask again at once: botocore waits five seconds between two looks, and here all is ready at the first."""
    get_waiter = client.get_waiter

    def hurried(name: str) -> Any:
        waiter = get_waiter(name)
        waiter.config.delay = WAITER_SECONDS
        return waiter

    client.get_waiter = hurried


def without_empty_patches(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Drop the patches with an empty value that Chalice sends to say "as it was"; the emulator chokes on them."""
    patches = [patch for patch in params["patchOperations"] if patch.get("value") != ""]
    return {**params, "patchOperations": patches}


def import_api(client: Any, params: dict[str, Any]) -> str:
    """Do what `ImportRestApi` would, and return the new API's id."""
    document = json.loads(params["body"])
    wanted = parse(document)
    endpoint = (params.get("query_string") or {}).get("endpointConfigurationTypes", "REGIONAL")
    api = client.create_rest_api(
        name=wanted.title,
        binaryMediaTypes=list(wanted.binary_types),
        endpointConfiguration={"types": [endpoint]},
    )
    _fill(client, api["id"], wanted)
    return str(api["id"])


def replace_api(client: Any, params: dict[str, Any]) -> str:
    """Do what `PutRestApi` in the mode overwrite would: empty the API, which keeps its id, and fill it again."""
    api_id = str(params["url_path"].split("/")[2].partition("?")[0])
    wanted = parse(json.loads(params["body"]))
    for resource in reversed(_resources(client, api_id)):
        if resource["path"] != "/":
            client.delete_resource(restApiId=api_id, resourceId=resource["id"])
        else:
            for verb in list(resource.get("resourceMethods") or {}):
                client.delete_method(restApiId=api_id, resourceId=resource["id"], httpMethod=verb)
    for authorizer in client.get_authorizers(restApiId=api_id, limit=PAGE)["items"]:
        client.delete_authorizer(restApiId=api_id, authorizerId=authorizer["id"])
    _fill(client, api_id, wanted)
    return api_id


def _resources(client: Any, api_id: str) -> list[dict[str, Any]]:
    """Every resource of an API, parents before children; none is cascaded to when its parent goes."""
    items: list[dict[str, Any]] = client.get_resources(restApiId=api_id, limit=PAGE)["items"]
    return sorted(items, key=lambda resource: (resource["path"].count("/"), resource["path"] != "/"))


def _fill(client: Any, api_id: str, wanted: RestApi) -> None:
    for kind, response in wanted.gateway_responses.items():
        client.put_gateway_response(restApiId=api_id, responseType=kind, **response)
    authorizers = {one.name: _authorize(client, api_id, one) for one in wanted.authorizers}
    ids = {"/": next(one["id"] for one in _resources(client, api_id) if one["path"] == "/")}
    for step in steps(wanted):
        ids[step.path] = _grow(client, api_id, ids[step.parent], step)
    for method in wanted.methods:
        _put_method(client, {"restApiId": api_id, "resourceId": ids[method.path]}, method, authorizers)


def _grow(client: Any, api_id: str, parent_id: str, step: Step) -> str:
    return str(client.create_resource(restApiId=api_id, parentId=parent_id, pathPart=step.part)["id"])


def _authorize(client: Any, api_id: str, authorizer: Authorizer) -> dict[str, Any]:
    """Make an authorizer, and return how a method refers to it."""
    if authorizer.settings is None:
        return dict(authorizer.reference)
    made = client.create_authorizer(restApiId=api_id, name=authorizer.name, **authorizer.settings)
    return {**authorizer.reference, "authorizerId": made["id"]}


def _put_method(client: Any, at: dict[str, str], method: Method, authorizers: dict[str, dict[str, Any]]) -> None:
    where = {**at, "httpMethod": method.verb}
    authorization: dict[str, Any] = {"authorizationType": "NONE"}
    for name, scopes in method.security:
        authorization |= authorizers[name] | ({"authorizationScopes": list(scopes)} if scopes else {})
    client.put_method(**where, **authorization)
    client.put_integration(**where, **method.integration)
    if method.mock_headers is not None:
        names = dict.fromkeys(method.mock_headers, False)
        client.put_method_response(**where, statusCode="200", responseParameters=names)
        client.put_integration_response(
            **where,
            statusCode="200",
            responseParameters=dict(method.mock_headers),
            responseTemplates={"application/json": ""},
        )
