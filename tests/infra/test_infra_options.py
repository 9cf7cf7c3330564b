"""What a person may choose of a stage by a parameter, and what it is unless they do."""

import json
from typing import Any

import cfnlint.decode
import pytest

from infra.__main__ import PARAMETERS
from infra.stack import TEMPLATE


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    decoded, _ = cfnlint.decode.decode(str(TEMPLATE))
    plain: dict[str, Any] = json.loads(json.dumps(decoded))
    return plain


def test_originals_are_tiered_only_if_asked_and_only_where_it_pays(template: dict[str, Any]) -> None:
    rules = template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (asked,) = [one["Fn::If"] for one in rules if "Fn::If" in one]

    condition, tiered, otherwise = asked
    assert (condition, otherwise) == ("Tiers", {"Ref": "AWS::NoValue"})
    assert tiered["Prefix"] == "originals/"
    assert int(tiered["ObjectSizeGreaterThan"]) == 128 * 1024
    assert tiered["Transitions"] == [
        {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": {"Ref": "TieringAfterDays"}}
    ]


def test_codes_are_mailed_by_ses_where_an_address_is_named(template: dict[str, Any]) -> None:
    condition, mailing, otherwise = template["Resources"]["UserPool"]["Properties"]["EmailConfiguration"]["Fn::If"]

    assert (condition, otherwise) == ("MailsBySes", {"Ref": "AWS::NoValue"})
    assert mailing["EmailSendingAccount"] == "DEVELOPER"
    assert mailing["SourceArn"]["Fn::Sub"].endswith(":identity/${MailFrom}")


def test_a_stage_takes_new_owners_unless_it_is_closed(template: dict[str, Any]) -> None:
    pool = template["Resources"]["UserPool"]["Properties"]["AdminCreateUserConfig"]

    assert pool["AllowAdminCreateUserOnly"] == {"Fn::If": ["TakesNobody", True, False]}
    assert template["Conditions"]["TakesNobody"] == {"Fn::Equals": [{"Ref": "SignUp"}, "closed"]}
    assert template["Parameters"]["SignUp"]["Default"] == "open"
    assert template["Outputs"]["SignUp"]["Value"] == {"Ref": "SignUp"}


def test_nothing_is_tiered_where_nobody_asked(template: dict[str, Any]) -> None:
    assert template["Parameters"]["TieringAfterDays"]["Default"] == 0
    assert template["Conditions"]["Tiers"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "TieringAfterDays"}, 0]}]}


def test_every_parameter_can_be_given_to_a_deploy(template: dict[str, Any]) -> None:
    assert template["Parameters"].keys() == {"Stage", *PARAMETERS}
