from types import SimpleNamespace
from typing import Any

import pytest
from chalice.config import DeployedResources
from chalice.deploy.models import (
    APIMapping,
    APIType,
    DomainName,
    LambdaFunction,
    QueueARN,
    RestAPI,
    SQSEventSource,
)
from chalice.deploy.planner import RemoteState
from fake_aws import FakeEvents, FakeFunctions, FakeGateway, FakeRoles

from infra import adopt, plan
from infra.errors import SeveralApisError

NAME = "backhaul-dev"


def test_an_api_is_found_by_its_stages_name() -> None:
    apis = FakeGateway({"a": "backhaul-prod", "b": NAME, "c": "backhaul-dev2"})

    assert adopt.find_rest_api(apis, NAME) == {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "b"}


def test_no_api_is_no_error() -> None:
    assert adopt.find_rest_api(FakeGateway({"a": "backhaul-prod"}), NAME) is None


def test_of_several_apis_none_is_chosen() -> None:
    with pytest.raises(SeveralApisError, match="2 APIs are called 'backhaul-dev', expected one: a, b"):
        adopt.find_rest_api(FakeGateway({"a": NAME, "b": NAME}), NAME)


def test_a_domain_is_found_with_what_chalice_would_have_remembered() -> None:
    gateway = FakeGateway({"b": NAME}, {"api.example.com": "b"})

    found = adopt.find_domain(gateway, "api.example.com")

    assert found is not None
    assert (found["domain_name"], found["api_mapping"]) == ("api.example.com", [{"key": "/"}])
    assert adopt.find_domain(gateway, "other.example.com") is None


def test_only_the_domains_that_lead_to_an_api_go_with_it_and_go_first() -> None:
    gateway = FakeGateway({"b": NAME}, {"other.example.com": "x", "api.example.com": "b"})
    here: Any = {"iam": FakeRoles([]), "lambda": FakeFunctions({}), "events": FakeEvents([]), "apigateway": gateway}

    found = adopt.everything(here.__getitem__, NAME, [])

    assert [one.get("domain_name", one["name"]) for one in found] == ["rest_api", "api.example.com"]


@pytest.mark.parametrize("domains", [{}, {"inside.private": "b"}])
def test_an_account_without_a_public_domain_has_none_to_take_along(domains: dict[str, str]) -> None:
    assert adopt.domains_of(FakeGateway({"b": NAME}, domains), "b") == []


def test_a_mapping_is_found_by_function_and_queue() -> None:
    functions = FakeFunctions({"backhaul-dev-pcs_changed": {"1": "backhaul-dev-media", "2": "backhaul-dev-paired"}})

    assert adopt.find_mapping(functions, "backhaul-dev-pcs_changed", "backhaul-dev-paired") == {
        "resource_type": "sqs_event",
        "event_uuid": "2",
        "queue_arn": "arn:aws:sqs:r:1:backhaul-dev-paired",
        "queue": "backhaul-dev-paired",
        "lambda_arn": "arn:backhaul-dev-pcs_changed",
    }


def test_a_function_that_is_not_there_has_no_mapping() -> None:
    assert adopt.find_mapping(FakeFunctions({}), "backhaul-dev-pcs_changed", "backhaul-dev-paired") is None


def clients(service: str) -> Any:
    return {
        "iam": FakeRoles(["backhaul-dev-api_handler", "backhaul-dev-pcs_changed"]),
        "lambda": FakeFunctions({NAME: {}, "backhaul-dev-pcs_changed": {"1": "backhaul-dev-paired"}}),
        "events": FakeEvents(["backhaul-dev-sweep_pending-event", "backhaul-dev2-sweep_pending-event"]),
        "apigateway": FakeGateway({"b": NAME}),
    }[service]


def test_all_that_stands_is_found_and_what_is_gone_left_out() -> None:
    found = adopt.everything(clients, NAME, ["api_handler", "object_arrived", "pcs_changed"])

    assert [(one["resource_type"], one["name"]) for one in found] == [
        ("iam_role", "api_handler_role"),
        ("iam_role", "pcs_changed_role"),
        ("lambda_function", "api_handler"),
        ("lambda_function", "pcs_changed"),
        ("sqs_event", "pcs_changed-sqs-event-source"),
        ("cloudwatch_event", "sweep_pending-event"),
        ("rest_api", "rest_api"),
    ]


def an_api() -> RestAPI:
    return RestAPI("rest_api", {}, "", "api", "REGIONAL", a_function("api_handler", NAME), [])


def a_function(resource_name: str, function_name: str) -> LambdaFunction:
    rest: Any = [None] * (len(LambdaFunction.__dataclass_fields__) - 2)
    return LambdaFunction(resource_name, function_name, *rest)


def a_mapping() -> SQSEventSource:
    queue = QueueARN(arn="arn:aws:sqs:r:1:backhaul-dev-paired")
    consumer = a_function("pcs_changed", "backhaul-dev-pcs_changed")
    return SQSEventSource(
        resource_name="pcs_changed-sqs-event-source",
        lambda_function=consumer,
        queue=queue,
        batch_size=10,
        maximum_batching_window_in_seconds=0,
        maximum_concurrency=None,
    )


class FakeChaliceClient:
    """What Chalice asks when it looks whether a resource it remembers still stands."""

    def __init__(self, *apis: str) -> None:
        self.apis = apis

    def get_rest_api(self, rest_api_id: str) -> dict[str, str]:
        return {"id": rest_api_id} if rest_api_id in self.apis else {}

    def verify_event_source_current(self, event_uuid: str, **_: str) -> bool:
        return event_uuid == "1"


def remembering(*resources: dict[str, str], apis: tuple[str, ...] = ("b",)) -> RemoteState:
    return RemoteState(FakeChaliceClient(*apis), DeployedResources({"resources": list(resources)}))


def test_without_a_state_file_the_api_that_stands_is_adopted() -> None:
    state, api = remembering(), an_api()

    plan.adopt_what_stands(state, [api], clients, NAME)

    assert state.resource_exists(api)
    assert state.resource_deployed_values(api)["rest_api_id"] == "b"


def test_without_a_state_file_the_mapping_that_stands_is_adopted() -> None:
    state, mapping = remembering(), a_mapping()

    plan.adopt_what_stands(state, [mapping], clients, NAME)

    assert state.resource_exists(mapping)
    assert state.resource_deployed_values(mapping)["event_uuid"] == "1"


def at_home() -> RestAPI:
    api = an_api()
    mapping = APIMapping("api_mapping", "(none)", "api")
    api.domain_name = DomainName(adopt.DOMAIN, "api.example.com", APIType.HTTP, mapping, "arn:cert")
    return api


def test_without_a_state_file_the_domain_that_stands_is_adopted() -> None:
    gateway = FakeGateway({"b": NAME}, {"api.example.com": "b"})
    state, api = remembering(), at_home()

    plan.adopt_what_stands(state, [api], lambda _: gateway, NAME)

    assert state.resource_deployed_values(api.domain_name)["api_mapping"] == [{"key": "/"}]


def test_a_domain_that_is_remembered_is_not_looked_for() -> None:
    mine = {"name": adopt.DOMAIN, "resource_type": "domain_name", "domain_name": "api.example.com"}
    state, api = remembering(mine), at_home()

    plan.adopt_what_stands(state, [api], clients, NAME)

    assert "api_mapping" not in state.resource_deployed_values(api.domain_name)


def test_what_is_remembered_and_stands_is_left_alone() -> None:
    mine = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "mine"}
    state, api = remembering(mine, apis=("mine", "b")), an_api()

    plan.adopt_what_stands(state, [api], clients, NAME)

    assert state.resource_deployed_values(api)["rest_api_id"] == "mine"


def test_a_memory_of_an_api_that_is_gone_gives_way_to_the_one_that_stands() -> None:
    old = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "gone"}
    state, api = remembering(old), an_api()

    plan.adopt_what_stands(state, [api], clients, NAME)

    assert state.resource_deployed_values(api)["rest_api_id"] == "b"


def test_where_nothing_stands_nothing_is_adopted() -> None:
    state, api = remembering(), an_api()

    plan.adopt_what_stands(state, [api], lambda _: FakeGateway({}), NAME)

    assert not state.resource_exists(api)


def test_the_plan_ends_with_what_chalice_cannot_do(recorded: Any) -> None:
    planned = SimpleNamespace(instructions=[], messages={})
    arrived = a_function("object_arrived", "backhaul-dev-object_arrived")

    plan.extended(planned, [arrived, an_api()], recorded)

    keep, limit, log = planned.instructions
    assert keep.method_name in plan.METHODS
    assert keep.params["destination"] == "arn:aws:sqs:eu-central-1:123456789012:backhaul-dev-arrivals-dead"
    assert limit.method_name in plan.METHODS
    assert limit.params["stage_name"] == "api"
    assert log.method_name in plan.METHODS
    assert log.params["group"].endswith(":log-group:/aws/apigateway/backhaul-dev")


class KeepingClient:
    """Chalice's client, and what it was told to put."""

    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []

    def _client(self, _: str) -> Any:
        keep = lambda **asked: self.put.append(asked)  # noqa: E731
        return SimpleNamespace(put_function_event_invoke_config=keep, update_stage=keep)

    def _call_client_method_with_retries(self, call: Any, asked: dict[str, Any], max_attempts: int) -> None:
        assert max_attempts > 1
        call(**asked)


def test_a_failed_arrival_is_tried_twice_more_and_then_kept() -> None:
    client = KeepingClient()

    plan.keep_failed_arrivals(client, "object_arrived", "arn:queue")

    (asked,) = client.put
    assert asked["MaximumRetryAttempts"] == 2
    assert asked["DestinationConfig"] == {"OnFailure": {"Destination": "arn:queue"}}


def test_every_method_of_the_api_is_limited() -> None:
    client = KeepingClient()

    plan.limit_requests(client, "b", "api")

    (asked,) = client.put
    assert {one["path"] for one in asked["patchOperations"]} == {
        "/*/*/throttling/rateLimit",
        "/*/*/throttling/burstLimit",
    }
