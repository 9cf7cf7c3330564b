"""Each policy grants what its function comes to, and nothing else. What tests really do is looked up there, too."""

import pytest

from tests import needed

# What Lambda itself does for a function that reads a queue, and for one whose failed events are kept.
BY_LAMBDA: dict[str, set[str]] = {
    "object_arrived": {"sqs:SendMessage"},
    "pcs_changed": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
    "media_queued": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
}
# What seems within reach and is not, each with its reason.
TOO_MUCH: dict[str, set[str]] = {
    # It tells no PC of what it takes back (`rings=False`): each asks by itself what it is owed.
    "sweep_home": {"sqs:SendMessage"},
    # Its writes are conditions on the items themselves.
    "watch": {"dynamodb:ConditionCheckItem"},
}


def granted(function: str) -> set[str]:
    """Name the actions; AWS knows no batch actions, so a star is one action here."""
    actions = {action.removesuffix("*") for action, _ in needed.granted(function)}
    return {action for action in actions if not action.startswith("logs:")}


@pytest.mark.parametrize("function", needed.functions())
def test_a_policy_grants_what_its_function_comes_to_and_no_more(function: str) -> None:
    comes_to = needed.rights(needed.calls(function)) - TOO_MUCH.get(function, set())
    by_lambda = BY_LAMBDA.get(function, set())

    assert granted(function) - by_lambda == comes_to - by_lambda


def test_what_is_said_to_seem_within_reach_does() -> None:
    for function, rights in TOO_MUCH.items():
        assert rights <= needed.rights(needed.calls(function))


def test_every_function_is_read() -> None:
    assert needed.functions().keys() == {
        file.stem for file in (needed.PROJECT / ".chalice" / "policies").glob("*.json")
    }
    assert all(needed.calls(function) for function in needed.functions())


def test_every_client_is_spoken_to_by_its_name() -> None:
    """A call that went another way than `world.s3.head_object` would not be seen."""
    made = set().union(*map(needed.calls, needed.functions()))

    assert {"s3:HeadObject", "sqs:SendMessageBatch", "sns:Publish", "sts:AssumeRole", "dynamodb:Query"} <= made
