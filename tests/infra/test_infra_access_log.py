"""Each request is a line of JSON in a log that forgets, where the account lets API Gateway write at all."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.deploy.models import RestAPI

from infra import gateway, outputs, plan

GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/apigateway/backhaul-dev"


class FakeGateway:
    def __init__(self, role: str = "") -> None:
        self.role = role
        self.patched: list[dict[str, Any]] = []

    def get_account(self) -> dict[str, str]:
        return {"cloudwatchRoleArn": self.role} if self.role else {}

    def update_stage(self, **asked: Any) -> None:
        self.patched.append(asked)


def logged(role: str) -> FakeGateway:
    client = FakeGateway(role)
    plan.log_access(SimpleNamespace(_client=lambda _: client), "api", "api", GROUP)
    return client


def test_a_stage_logs_where_the_account_has_a_role_for_it() -> None:
    (patched,) = logged("arn:aws:iam::123456789012:role/logs").patched

    assert patched["restApiId"] == "api"
    assert patched["patchOperations"] == gateway.access_log(GROUP)


def test_without_one_a_deploy_goes_on() -> None:
    assert logged("").patched == []


def test_a_line_is_json_and_holds_neither_token_nor_query() -> None:
    (where, how) = gateway.access_log(GROUP)

    assert where["value"] == GROUP
    assert {"status", "route", "milliseconds"} <= json.loads(how["value"]).keys()
    assert "$context.path" not in how["value"]
    assert "authorizer" not in how["value"]


@pytest.mark.parametrize(("stage", "steps"), [("dev", 2), ("local", 1)])
def test_the_embedded_cloud_has_no_access_log(stage: str, steps: int) -> None:
    made = SimpleNamespace(instructions=[], messages={})
    api = RestAPI.__new__(RestAPI)
    api.api_gateway_stage = "api"

    plan.extended(made, [api], outputs.sample_for(stage))

    assert len(made.instructions) == steps
