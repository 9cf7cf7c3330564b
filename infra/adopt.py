"""Find what Chalice deployed, by its names, when the state file does not know it.

Chalice looks up functions and roles by name, and keeps notifications, rules and permissions single by itself.
The API and the queue's mapping it knows from `.chalice/deployed/<stage>.json` alone: without that file (a fresh
clone, a deploy that died half-way) it makes a second API, and a second mapping, which AWS refuses. A domain of one's
own it finds, and then stumbles over not knowing it.

The values made here have the shape of that file's; see chalice.deploy.planner.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from infra.errors import SeveralApisError

Values = dict[str, Any]
# What Chalice calls the domain of an API.
DOMAIN = "api_gateway_custom_domain"
Clients = Callable[[str], Any]


def find_rest_api(apigateway: Any, name: str) -> Values | None:
    """Find the API of that name, refusing to choose between several."""
    pages = apigateway.get_paginator("get_rest_apis").paginate()
    ids = [api["id"] for page in pages for api in page.get("items", []) if api["name"] == name]
    if len(ids) > 1:
        raise SeveralApisError(name, ids)
    return {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": ids[0]} if ids else None


def find_domain(apigateway: Any, domain: str) -> Values | None:
    """Find a domain of one's own, and what it leads to."""
    try:
        found = apigateway.get_domain_name(domainName=domain)
    except apigateway.exceptions.NotFoundException:
        return None
    paths = [one["basePath"] for one in _led_from(apigateway, domain)]
    return {
        "name": DOMAIN,
        "resource_type": "domain_name",
        "hosted_zone_id": found["regionalHostedZoneId"],
        "alias_domain_name": found["regionalDomainName"],
        "certificate_arn": found["regionalCertificateArn"],
        "security_policy": found["securityPolicy"],
        "domain_name": domain,
        "api_mapping": [{"key": "/" if path == "(none)" else f"/{path}"} for path in paths],
    }


def domains_of(apigateway: Any, api: str) -> list[Values]:
    """Find the domains that lead to an API: AWS deletes none that a domain leads to.

    Of private ones more would have to be told, and none of them leads to an API of ours.
    """
    names = [
        one["domainName"]
        for page in apigateway.get_paginator("get_domain_names").paginate()
        for one in page.get("items", [])
        if "regionalDomainName" in one
    ]
    mine = [name for name in names if any(one.get("restApiId") == api for one in _led_from(apigateway, name))]
    return [found for found in (find_domain(apigateway, name) for name in mine) if found]


def _led_from(apigateway: Any, domain: str) -> Iterator[dict[str, str]]:
    for page in apigateway.get_paginator("get_base_path_mappings").paginate(domainName=domain):
        yield from page.get("items", [])


def find_mappings(functions: Any, function_name: str) -> list[Values]:
    """Find the queues a function reads, as `sqs_event` resources without their names."""
    pages = functions.get_paginator("list_event_source_mappings").paginate(FunctionName=function_name)
    try:
        found = [mapping for page in pages for mapping in page.get("EventSourceMappings", [])]
    except functions.exceptions.ResourceNotFoundException:
        return []
    return [_mapping_values(mapping) for mapping in found if ":sqs:" in mapping.get("EventSourceArn", "")]


def find_mapping(functions: Any, function_name: str, queue: str) -> Values | None:
    """Find the mapping from a queue to a function."""
    return next((found for found in find_mappings(functions, function_name) if found["queue"] == queue), None)


def everything(clients: Clients, name: str, functions: Sequence[str]) -> list[Values]:
    """Rebuild a stage's deployed state from what really stands, in the order it was made.

    `name` is `<app>-<stage>`, `functions` the names in app.py. Whatever is already gone is left out, so that
    `chalice delete` can be run again after it died half-way.
    """
    found = [*_roles(clients("iam"), name, functions), *_functions(clients("lambda"), name, functions)]
    found += _rules(clients("events"), name)
    api = find_rest_api(clients("apigateway"), name)
    # What was made last is deleted first.
    return [*found, api, *domains_of(clients("apigateway"), api["rest_api_id"])] if api else found


def function_name(name: str, function: str) -> str:
    """Name a function as Chalice does; it shortens the API's."""
    return name if function == "api_handler" else f"{name}-{function}"


def _roles(iam: Any, name: str, functions: Sequence[str]) -> Iterator[Values]:
    for function in functions:
        role_name = f"{name}-{function}"
        try:
            role = iam.get_role(RoleName=role_name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            continue
        kept = {"role_name": role_name, "role_arn": role["Arn"]}
        yield {"name": f"{function}_role", "resource_type": "iam_role", **kept}


def _functions(client: Any, name: str, functions: Sequence[str]) -> Iterator[Values]:
    for function in functions:
        try:
            found = client.get_function_configuration(FunctionName=function_name(name, function))
        except client.exceptions.ResourceNotFoundException:
            continue
        yield {"name": function, "resource_type": "lambda_function", "lambda_arn": found["FunctionArn"]}
        for number, mapping in enumerate(find_mappings(client, function_name(name, function))):
            yield {"name": f"{function}-sqs-event-source{number or ''}", **mapping}


def _rules(events: Any, name: str) -> Iterator[Values]:
    for page in events.get_paginator("list_rules").paginate(NamePrefix=f"{name}-"):
        for rule in page.get("Rules", []):
            short = rule["Name"].removeprefix(f"{name}-")
            yield {"name": short, "resource_type": "cloudwatch_event", "rule_name": rule["Name"]}


def _mapping_values(mapping: dict[str, Any]) -> Values:
    arn = mapping["EventSourceArn"]
    return {
        "resource_type": "sqs_event",
        "event_uuid": mapping["UUID"],
        "queue_arn": arn,
        "queue": arn.rpartition(":")[2],
        "lambda_arn": mapping["FunctionArn"],
    }
