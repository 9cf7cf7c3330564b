"""What a deploy would change is told, a line a difference, and nothing is changed by looking."""

import json
from pathlib import Path
from typing import Any

import pytest
from fake_cloudformation import FakeCloudFormation

from infra import diff, outputs
from infra.diff import Plan, compare
from infra.errors import UnfinishedStackError
from infra.progress import change_told
from infra.stack import Stack

PROJECT = Path(__file__).resolve().parents[2]
POLICY = {"Statement": [{"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "x"}]}


def test_what_is_the_same_is_no_difference() -> None:
    wanted = Plan(frozenset({"GET /me"}), {"watch": {"memory": 512}}, {"watch": POLICY})

    assert compare(wanted, wanted) == []


def test_the_order_of_actions_is_no_difference() -> None:
    turned = {"Statement": [{"Resource": "x", "Action": ["s3:PutObject", "s3:GetObject"]}]}

    assert (
        compare(
            Plan(settings={"watch": {}}, rights={"watch": POLICY}),
            Plan(settings={"watch": {}}, rights={"watch": turned}),
        )
        == []
    )


def test_each_difference_is_a_line() -> None:
    wanted = Plan(frozenset({"GET /new"}), {"watch": {"memory": 1024}, "fresh": {}}, {"watch": POLICY})
    standing = Plan(frozenset({"GET /old"}), {"watch": {"memory": 512}, "stale": {}}, {"watch": {}})

    assert compare(wanted, standing) == [
        "+ route GET /new",
        "- route GET /old",
        "+ function fresh",
        "- function stale",
        "~ memory of watch: 512 -> 1024",
        "~ rights of watch",
    ]


def test_this_checkout_says_what_it_would_put_up() -> None:
    plan = diff.here(PROJECT, outputs.sample_for("dev"))

    assert {"GET /health", "POST /devices/{device_id}/receipts", "GET /"} <= plan.routes
    assert plan.settings["api_handler"]["timeout"] <= 29
    assert plan.settings["watch"]["environment"]["BACKHAUL_TABLE"] == "backhaul-dev"
    assert "${" not in json.dumps(plan.rights["watch"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Action": "Add"}, "+ AWS::S3::Bucket Bucket"),
        ({"Action": "Remove"}, "- AWS::S3::Bucket Bucket"),
        ({"Action": "Modify", "Replacement": "False"}, "~ AWS::S3::Bucket Bucket"),
        ({"Action": "Modify", "Replacement": "Conditional"}, "~ AWS::S3::Bucket Bucket, REPLACED"),
    ],
)
def test_a_replacement_is_seen(change: dict[str, Any], told: str) -> None:
    assert change_told({**change, "ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "Bucket"}) == told


def preview(cloudformation: FakeCloudFormation) -> list[str]:
    return Stack(cloudformation, "dev", sleep=lambda _: None).preview({}, "template")


def test_looking_at_a_stack_throws_its_change_set_away() -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE")
    cloudformation.changes = [
        {"ResourceChange": {"Action": "Add", "ResourceType": "AWS::SQS::Queue", "LogicalResourceId": "Queue"}}
    ]

    assert preview(cloudformation) == ["+ AWS::SQS::Queue Queue"]
    assert cloudformation.names() == ["create_change_set", "delete_change_set"]


def test_a_stack_as_it_should_be_has_no_changes() -> None:
    cloudformation = FakeCloudFormation("UPDATE_COMPLETE", refusal="The submitted information didn't contain changes.")

    assert preview(cloudformation) == []
    assert cloudformation.names() == ["create_change_set", "delete_change_set"]


def test_a_stage_that_does_not_stand_is_new_as_a_whole() -> None:
    cloudformation = FakeCloudFormation(None)

    assert preview(cloudformation) == ["+ stack backhaul-dev, and all that is in it"]
    assert cloudformation.names() == []


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_a_stack_that_is_not_at_rest_is_not_looked_at(status: str) -> None:
    with pytest.raises(UnfinishedStackError, match=status):
        preview(FakeCloudFormation(status))
