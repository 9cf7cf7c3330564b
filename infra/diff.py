"""What a deploy would change, looked at without changing anything: the stack's resources, functions, rights, routes.

CloudFormation tells about its own resources by a change set that is thrown away again; what Chalice owns is compared
with what stands. Code is sent anew by every deploy, so it is no difference here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra import policies, stages
from infra.adopt import find_rest_api, function_name
from infra.outputs import Outputs, stack_of
from infra.place import MakeClient

_ROUTE = re.compile(r'^@app\.route\("([^"]+)", methods=\["(\w+)"\]', re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """What is to stand, or what stands: routes, and of each function its settings and its rights."""

    routes: frozenset[str] = frozenset()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rights: Mapping[str, Any] = field(default_factory=dict)


def compare(wanted: Plan, standing: Plan) -> list[str]:
    """Tell each difference in a line: + is new, - goes, ~ changes. Pure."""
    lines = [f"+ route {one}" for one in sorted(wanted.routes - standing.routes)]
    lines += [f"- route {one}" for one in sorted(standing.routes - wanted.routes)]
    lines += [f"+ function {one}" for one in sorted(wanted.settings.keys() - standing.settings.keys())]
    lines += [f"- function {one}" for one in sorted(standing.settings.keys() - wanted.settings.keys())]
    for name in sorted(wanted.settings.keys() & standing.settings.keys()):
        lines += _changed(name, wanted.settings[name], standing.settings[name])
        if name in wanted.rights and _plain(wanted.rights[name]) != _plain(standing.rights.get(name)):
            lines.append(f"~ rights of {name}")
    return lines


def here(project: Path, recorded: Outputs) -> Plan:
    """Say what this checkout would put up."""
    config = stages.config(project)
    routes = {f"{method} {path}" for path, method in _ROUTE.findall((project / "app.py").read_text(encoding="utf-8"))}
    settings = {
        name: {"memory": told["lambda_memory_size"], "timeout": told["lambda_timeout"], **_of_stage(config, recorded)}
        for name, told in config["lambda_functions"].items()
    }
    return Plan(frozenset(routes), settings, {name: _rights(project, name, recorded) for name in settings})


def there(clients: MakeClient, stage: str, functions: Sequence[str]) -> Plan:
    """Look what stands."""
    name = stack_of(stage)
    found = {one: _standing(clients("lambda"), function_name(name, one)) for one in functions}
    settings = {one: told for one, told in found.items() if told}
    rights = {one: _standing_rights(clients("iam"), f"{name}-{one}") for one in settings}
    api = find_rest_api(clients("apigateway"), name)
    routes = frozenset(_standing_routes(clients("apigateway"), api["rest_api_id"])) if api else frozenset()
    return Plan(routes, settings, rights)


def _changed(name: str, wanted: Mapping[str, Any], standing: Mapping[str, Any]) -> Iterator[str]:
    for what, value in wanted.items():
        if standing.get(what) != value:
            yield f"~ {what} of {name}: {standing.get(what)} -> {value}"


def _of_stage(config: Mapping[str, Any], recorded: Outputs) -> dict[str, Any]:
    told = config["stages"][recorded.stage]
    environment = {**told.get("environment_variables", {}), **recorded.environment}
    return {"architecture": told.get("lambda_architecture"), "environment": environment}


def _rights(project: Path, function: str, recorded: Outputs) -> Any:
    file = project / ".chalice" / "policies" / f"{function}.json"
    return policies.render(file, json.loads(file.read_text(encoding="utf-8")), recorded.policy)


def _standing(functions: Any, name: str) -> dict[str, Any] | None:
    try:
        found = functions.get_function_configuration(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        return None
    return {
        "memory": found["MemorySize"],
        "timeout": found["Timeout"],
        "architecture": found.get("Architectures", ["x86_64"])[0],
        "environment": found.get("Environment", {}).get("Variables", {}),
    }


def _standing_rights(iam: Any, role: str) -> Any:
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"] for one in names]
    return found[0] if len(found) == 1 else found


def _standing_routes(gateway: Any, api: str) -> Iterator[str]:
    for page in gateway.get_paginator("get_resources").paginate(restApiId=api):
        for one in page["items"]:
            yield from (f"{method} {one['path']}" for method in one.get("resourceMethods", {}) if method != "OPTIONS")


def _plain(document: Any) -> str:
    """Write a policy so that the order of its actions and resources does not matter."""
    if isinstance(document, dict):
        return json.dumps({key: _plain(value) for key, value in sorted(document.items())})
    if isinstance(document, list):
        return json.dumps(sorted(map(_plain, document)))
    return json.dumps(document)
