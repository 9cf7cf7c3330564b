"""What a deploy does beside Chalice's own plan: adopt what stands, keep failed arrivals, limit the API.

Runs inside `chalice deploy`, on Chalice's plan and its knowledge of what is deployed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chalice.config import DeployedResources
from chalice.deploy.models import APICall, DomainName, LambdaFunction, QueueARN, RestAPI, SQSEventSource
from chalice.deploy.planner import Variable

from infra import adopt, gateway
from infra.errors import WrongPlaceError
from infra.outputs import Outputs

Clients = Callable[[str], Any]

# S3 calls object_arrived and does not wait; Lambda tries again twice, then the event must not vanish.
_RETRIES = 2
# A role made seconds ago is not known everywhere yet.
_ATTEMPTS = 30


def check_account(clients: Clients, recorded: Outputs) -> None:
    """Refuse to deploy functions into another account than the one that holds their resources."""
    account = clients("sts").get_caller_identity()["Account"]
    if account != recorded.account:
        raise WrongPlaceError(recorded.stage, "account", recorded.account, account)


def adopt_what_stands(state: Any, resources: Sequence[Any], clients: Clients, name: str) -> None:
    """Tell Chalice of an API and of mappings it does not know but would make a second time."""
    known = state._deployed_resources._deployed_values  # noqa: SLF001 (Chalice has no way in for this)
    unknown = [resource for resource in resources if _is_remembered(resource) and not state.resource_exists(resource)]
    unknown += [domain for domain in map(_domain, resources) if domain and not _knows_domain(known)]
    found = [(resource, _find(resource, clients, name)) for resource in unknown]
    adopted = [{**values, "name": resource.resource_name} for resource, values in found if values]
    state._deployed_resources = DeployedResources({"resources": [*known, *adopted]})  # noqa: SLF001
    state._cache.clear()  # noqa: SLF001 (it remembers that they do not exist)


def extended(plan: Any, resources: Sequence[Any], recorded: Outputs) -> Any:
    """Return Chalice's plan with our own steps at its end."""
    for resource in resources:
        if isinstance(resource, LambdaFunction) and resource.resource_name == "object_arrived":
            wanted = {"function_name": resource.function_name, "destination": recorded.policy["DeadArrivalsArn"]}
            _append(plan, APICall("backhaul_keep_failed_arrivals", wanted), "Keeping failed arrivals\n")
        if isinstance(resource, RestAPI):
            limited = {"rest_api_id": Variable("rest_api_id"), "stage_name": resource.api_gateway_stage}
            _append(plan, APICall("backhaul_limit_requests", limited), "Limiting requests to the API\n")
            if recorded.stage != "local":
                told = {**limited, "group": _access_group(recorded)}
                _append(plan, APICall("backhaul_log_access", told), "Logging requests to the API\n")
    return plan


def keep_failed_arrivals(self: Any, function_name: str, destination: str) -> None:
    """Have Lambda put an event that failed for good where somebody can look at it."""
    wanted = {
        "FunctionName": function_name,
        "MaximumRetryAttempts": _RETRIES,
        "DestinationConfig": {"OnFailure": {"Destination": destination}},
    }
    put = self._client("lambda").put_function_event_invoke_config
    self._call_client_method_with_retries(put, wanted, max_attempts=_ATTEMPTS)


def limit_requests(self: Any, rest_api_id: str, stage_name: str) -> None:
    """Limit every method of the API's stage."""
    patch = gateway.throttling()
    self._client("apigateway").update_stage(restApiId=rest_api_id, stageName=stage_name, patchOperations=patch)


def log_access(self: Any, rest_api_id: str, stage_name: str, group: str) -> None:
    """Have the stage log each request, if the account lets API Gateway write logs; that is one setting for all in it.

    A stage of ours does not set it: whoever else uses the account may have a role of theirs there. docs/RUNBOOK.md
    tells how.
    """
    client = self._client("apigateway")
    if client.get_account().get("cloudwatchRoleArn"):
        patch = gateway.access_log(group)
        client.update_stage(restApiId=rest_api_id, stageName=stage_name, patchOperations=patch)


# Chalice's executor calls its client by these names.
METHODS: dict[str, Callable[..., Any]] = {
    "backhaul_keep_failed_arrivals": keep_failed_arrivals,
    "backhaul_limit_requests": limit_requests,
    "backhaul_log_access": log_access,
}


def _access_group(recorded: Outputs) -> str:
    place = recorded.policy
    return (
        f"arn:{place['Partition']}:logs:{place['Region']}:{place['Account']}:log-group:/aws/apigateway/{recorded.stack}"
    )


def _is_remembered(resource: Any) -> bool:
    """Whether Chalice knows a resource of this kind from its state file alone."""
    return isinstance(resource, RestAPI | SQSEventSource)


def _domain(resource: Any) -> DomainName | None:
    return resource.domain_name if isinstance(resource, RestAPI) else None


def _knows_domain(known: Sequence[adopt.Values]) -> bool:
    return any(one["name"] == adopt.DOMAIN for one in known)


def _find(resource: Any, clients: Clients, name: str) -> adopt.Values | None:
    if isinstance(resource, DomainName):
        return adopt.find_domain(clients("apigateway"), resource.domain_name)
    if isinstance(resource, RestAPI):
        return adopt.find_rest_api(clients("apigateway"), name)
    queue = resource.queue.queue_name if isinstance(resource.queue, QueueARN) else resource.queue
    return adopt.find_mapping(clients("lambda"), resource.lambda_function.function_name, queue)


def _append(plan: Any, call: Any, message: str) -> None:
    plan.instructions.append(call)
    plan.messages[id(call)] = message
