"""The template against what the design promises of each resource; what the emulator drops is asserted here."""

import json
from pathlib import Path
from typing import Any

import cfnlint.decode
import pytest
from cfnlint.api import ManualArgs, lint_file

from chalicelib.metadata import shelves
from chalicelib.metadata.changes import CHANGED
from chalicelib.metadata.table import Index
from infra import outputs, stages
from infra.stack import TEMPLATE

ALL = "backhaul-${Stage}"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    decoded, _ = cfnlint.decode.decode(str(TEMPLATE))
    plain: dict[str, Any] = json.loads(json.dumps(decoded))
    return plain


@pytest.fixture
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def properties(resources: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[name]["Properties"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: found for name, found in resources.items() if found["Type"] == kind}


def rule(resources: dict[str, Any], name: str) -> dict[str, Any]:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]
    found: dict[str, Any] = next(one for one in rules if one.get("Id") == name)
    return found


def test_the_linter_has_nothing_to_say() -> None:
    assert lint_file(TEMPLATE, config=ManualArgs(regions=["eu-central-1", "us-east-1"])) == []


def test_the_template_may_be_sent_as_it_is() -> None:
    assert TEMPLATE.stat().st_size < 51_200


@pytest.mark.parametrize("name", ["Bucket", "Table", "UserPool"])
def test_data_survives_the_deletion_of_its_stack(resources: dict[str, Any], name: str) -> None:
    kept = (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"])

    assert kept == ("RetainExceptOnCreate", "Retain")


def test_only_data_survives(resources: dict[str, Any]) -> None:
    surviving = {name for name, found in resources.items() if "Retain" in found.get("DeletionPolicy", "")}

    assert surviving == {"Bucket", "Table", "UserPool"}


def test_the_bucket_keeps_versions(resources: dict[str, Any]) -> None:
    assert properties(resources, "Bucket")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_is_encrypted(resources: dict[str, Any]) -> None:
    (one,) = properties(resources, "Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert one["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_nothing_in_the_bucket_can_become_public(resources: dict[str, Any]) -> None:
    blocked = properties(resources, "Bucket")["PublicAccessBlockConfiguration"]

    assert blocked == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )


def test_the_bucket_has_one_owner(resources: dict[str, Any]) -> None:
    ownership = properties(resources, "Bucket")["OwnershipControls"]

    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_infrastructure_leaves_the_notifications_to_chalice(resources: dict[str, Any]) -> None:
    assert "NotificationConfiguration" not in properties(resources, "Bucket")


def test_objects_that_are_home_expire_after_a_day(resources: dict[str, Any]) -> None:
    home = rule(resources, "home-objects-expire")

    assert home["TagFilters"] == [{"Key": "backhaul:home", "Value": "yes"}]
    assert home["ExpirationInDays"] == 1


def test_untagged_originals_never_expire(resources: dict[str, Any]) -> None:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]
    expiring = [one["Id"] for one in rules if {"ExpirationInDays", "ExpirationDate"} & one.keys()]

    assert expiring == ["home-objects-expire", "quarantine-expires", "large-strays-expire"]


def test_what_is_put_aside_can_be_looked_at_for_thirty_days(resources: dict[str, Any]) -> None:
    assert rule(resources, "quarantine-expires") == {
        "Id": "quarantine-expires",
        "Status": "Enabled",
        "Prefix": "quarantine/",
        "ExpirationInDays": 30,
    }


def test_what_is_too_large_to_be_put_aside_can_be_looked_at_for_as_long(resources: dict[str, Any]) -> None:
    assert rule(resources, "large-strays-expire") == {
        "Id": "large-strays-expire",
        "Status": "Enabled",
        "TagFilters": [{"Key": "backhaul:stray", "Value": "yes"}],
        "ExpirationInDays": 30,
    }


def test_expired_objects_can_be_had_back_for_thirty_days(resources: dict[str, Any]) -> None:
    assert rule(resources, "noncurrent-versions-expire")["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_lone_delete_markers_go(resources: dict[str, Any]) -> None:
    assert rule(resources, "lone-delete-markers-expire")["ExpiredObjectDeleteMarker"] is True


def test_unfinished_uploads_go_after_a_month(resources: dict[str, Any]) -> None:
    aborted = rule(resources, "unfinished-multipart-uploads-abort")["AbortIncompleteMultipartUpload"]

    assert aborted == {"DaysAfterInitiation": 30}


def test_every_lifecycle_rule_is_on(resources: dict[str, Any]) -> None:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]

    assert {one.get("Status") or one["Fn::If"][1]["Status"] for one in rules} == {"Enabled"}


def test_a_page_may_use_links_with_all_that_is_signed_into_them(resources: dict[str, Any]) -> None:
    (cors,) = properties(resources, "Bucket")["CorsConfiguration"]["CorsRules"]

    assert {"PUT", "GET"} <= set(cors["AllowedMethods"])
    assert {"content-type", "if-none-match", "x-amz-*"} <= set(cors["AllowedHeaders"])


def test_a_page_may_read_what_the_bucket_answers(resources: dict[str, Any]) -> None:
    (cors,) = properties(resources, "Bucket")["CorsConfiguration"]["CorsRules"]

    assert {"ETag", "x-amz-checksum-sha256", "x-amz-version-id"} <= set(cors["ExposedHeaders"])


@pytest.mark.parametrize(
    "name",
    [
        "BucketPolicy",
        "PairedQueuePolicy",
        "PairedDeadQueuePolicy",
        "MediaQueuePolicy",
        "MediaDeadQueuePolicy",
        "DeadNoticesQueuePolicy",
        "DeadArrivalsQueuePolicy",
        "TroubleTopicPolicy",
    ],
)
def test_only_tls_gets_in(resources: dict[str, Any], name: str) -> None:
    statement = properties(resources, name)["PolicyDocument"]["Statement"][0]

    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_bucket_and_all_in_it_are_meant(resources: dict[str, Any]) -> None:
    statement = properties(resources, "BucketPolicy")["PolicyDocument"]["Statement"][0]

    assert statement["Resource"] == [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]


def test_nobody_of_another_account_gets_in_whatever_is_allowed_later(resources: dict[str, Any]) -> None:
    statement = properties(resources, "BucketPolicy")["PolicyDocument"]["Statement"][-1]

    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}


def test_every_queue_has_a_policy(resources: dict[str, Any]) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    policies = of_type(resources, "AWS::SQS::QueuePolicy")

    covered = {found["Properties"]["Queues"][0]["Ref"] for found in policies.values()}
    assert covered == set(queues)


def test_the_table_has_its_keys(resources: dict[str, Any]) -> None:
    keys = {key["AttributeName"]: key["KeyType"] for key in properties(resources, "Table")["KeySchema"]}

    assert keys == {"pk": "HASH", "sk": "RANGE"}


def test_what_is_due_can_be_found(resources: dict[str, Any]) -> None:
    due, *_ = properties(resources, "Table")["GlobalSecondaryIndexes"]

    assert due["IndexName"] == "due"
    assert [key["AttributeName"] for key in due["KeySchema"]] == ["dueKind", "dueAt"]
    assert due["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize("index", [shelves.LIBRARY, shelves.FAVOURITES], ids=lambda index: index.name)
def test_files_can_be_listed_as_they_are_shown(resources: dict[str, Any], index: Index) -> None:
    made = {one["IndexName"]: one for one in properties(resources, "Table")["GlobalSecondaryIndexes"]}[index.name]

    assert [key["AttributeName"] for key in made["KeySchema"]] == [index.of, index.by]
    assert made["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.shown)}
    assert len(index.shown) <= 20


def test_what_changed_can_be_found(resources: dict[str, Any]) -> None:
    made = {one["IndexName"]: one for one in properties(resources, "Table")["GlobalSecondaryIndexes"]}[CHANGED.name]

    assert [key["AttributeName"] for key in made["KeySchema"]] == [CHANGED.of, CHANGED.by]
    assert made["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_the_table_is_paid_by_request(resources: dict[str, Any]) -> None:
    assert properties(resources, "Table")["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_forgets_what_has_had_its_time(resources: dict[str, Any]) -> None:
    ttl = properties(resources, "Table")["TimeToLiveSpecification"]

    assert ttl == {"AttributeName": "ttl", "Enabled": True}


def test_the_table_can_be_put_back_to_any_moment(resources: dict[str, Any]) -> None:
    recovery = properties(resources, "Table")["PointInTimeRecoverySpecification"]

    assert recovery == {"PointInTimeRecoveryEnabled": True}


def test_the_table_is_encrypted_with_a_key_that_costs_nothing(resources: dict[str, Any]) -> None:
    """DynamoDB always encrypts; naming a specification is how one chooses a key that is charged by the call."""
    assert "SSESpecification" not in properties(resources, "Table")


@pytest.mark.parametrize(
    ("name", "setting", "local", "elsewhere"),
    [
        ("Table", "DeletionProtectionEnabled", False, True),
        ("UserPool", "DeletionProtection", "INACTIVE", "ACTIVE"),
    ],
)
def test_data_is_protected_everywhere_but_locally(
    resources: dict[str, Any], name: str, setting: str, local: object, elsewhere: object
) -> None:
    assert properties(resources, name)[setting] == {"Fn::If": ["IsLocal", local, elsewhere]}


def test_local_is_the_stage_of_that_name(template: dict[str, Any]) -> None:
    assert template["Conditions"]["IsLocal"] == {"Fn::Equals": [{"Ref": "Stage"}, "local"]}


def test_every_queue_keeps_messages_for_two_weeks_encrypted(resources: dict[str, Any]) -> None:
    for found in of_type(resources, "AWS::SQS::Queue").values():
        assert found["Properties"]["MessageRetentionPeriod"] == 1_209_600
        assert found["Properties"]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize(("queue", "tries"), [("Paired", 5), ("Media", 3)])
def test_a_message_that_keeps_failing_is_kept_aside(resources: dict[str, Any], queue: str, tries: int) -> None:
    redrive = properties(resources, f"{queue}Queue")["RedrivePolicy"]

    assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": [f"{queue}DeadQueue", "Arn"]}, "maxReceiveCount": tries}


@pytest.mark.parametrize(("queue", "consumer"), [("PairedQueue", "pcs_changed"), ("MediaQueue", "media_queued")])
def test_a_message_stays_hidden_for_six_times_as_long_as_its_consumer_may_take(
    resources: dict[str, Any], project: Path, queue: str, consumer: str
) -> None:
    timeout = stages.config(project)["lambda_functions"][consumer]["lambda_timeout"]

    assert properties(resources, queue)["VisibilityTimeout"] >= 6 * timeout


def test_owners_sign_in_with_their_address_whatever_its_case(resources: dict[str, Any]) -> None:
    pool = properties(resources, "UserPool")

    assert pool["UsernameAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}


def test_passwords_are_long(resources: dict[str, Any]) -> None:
    assert properties(resources, "UserPool")["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12


def test_an_account_is_recovered_by_its_verified_address_alone(resources: dict[str, Any]) -> None:
    recovery = properties(resources, "UserPool")["AccountRecoverySetting"]["RecoveryMechanisms"]

    assert recovery == [{"Name": "verified_email", "Priority": 1}]


def test_who_wants_may_ask_for_a_second_factor(resources: dict[str, Any]) -> None:
    pool = properties(resources, "UserPool")

    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])


def test_the_client_holds_no_secret_and_does_not_tell_who_exists(resources: dict[str, Any]) -> None:
    client = properties(resources, "UserPoolClient")

    assert client["GenerateSecret"] is False
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_an_access_token_lives_an_hour_and_a_refresh_token_ninety_days(resources: dict[str, Any]) -> None:
    client = properties(resources, "UserPoolClient")

    assert (client["AccessTokenValidity"], client["RefreshTokenValidity"]) == (1, 90)
    assert client["TokenValidityUnits"] == {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"}


def test_refresh_tokens_rotate_and_can_be_revoked(resources: dict[str, Any]) -> None:
    client = properties(resources, "UserPoolClient")

    assert client["RefreshTokenRotation"]["Feature"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True
    assert "ALLOW_REFRESH_TOKEN_AUTH" not in client["ExplicitAuthFlows"]


def test_only_the_api_of_the_stage_lends_the_role_of_pcs(resources: dict[str, Any]) -> None:
    (trust,) = properties(resources, "PcRole")["AssumeRolePolicyDocument"]["Statement"]

    named = trust["Condition"]["ArnLike"]["aws:PrincipalArn"]["Fn::If"][2]["Fn::Sub"]
    assert named == f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{ALL}-api_handler"


def test_a_pc_reads_originals_and_hears_its_queue_and_nothing_else(resources: dict[str, Any]) -> None:
    (policy,) = properties(resources, "PcRole")["Policies"]

    allowed = {one["Resource"]["Fn::Sub"]: set(one["Action"]) for one in policy["PolicyDocument"]["Statement"]}
    queues = f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{ALL}-pc-*"
    assert allowed.keys() == {"${Bucket.Arn}/originals/*", queues}
    assert allowed["${Bucket.Arn}/originals/*"] == {"s3:GetObject", "s3:GetObjectVersion"}
    assert not [action for action in allowed[queues] if "Send" in action or action == "sqs:*"]


def test_every_function_has_a_log_group_that_forgets(resources: dict[str, Any], project: Path) -> None:
    names = {"" if name == "api_handler" else f"-{name}" for name in stages.functions(project)}

    groups = [found["Properties"] for found in of_type(resources, "AWS::Logs::LogGroup").values()]
    wanted = {f"/aws/lambda/{ALL}{name}" for name in names} | {f"/aws/apigateway/{ALL}"}
    assert {group["LogGroupName"]["Fn::Sub"] for group in groups} == wanted
    assert all(group["RetentionInDays"] <= 90 for group in groups)


def test_the_outputs_are_those_the_recorder_reads(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == set(outputs.STACK_OUTPUTS)


def test_nobody_is_written_to_unless_an_address_is_given(resources: dict[str, Any]) -> None:
    assert resources["TroubleEmail"]["Condition"] == "TellsSomebody"
