"""One least-rights policy a function: complete, resolvable, and without a stray star."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config

from infra import outputs, stages
from infra.errors import BrokenPolicyError
from infra.policies import placeholders, render

PROJECT = Path(__file__).resolve().parents[2]
FUNCTIONS = (
    "api_handler",
    "caller_token",
    "object_arrived",
    "pcs_changed",
    "media_queued",
    "sweep_pending",
    "sweep_home",
    "watch",
)
# AWS knows no batch actions, the embedded cloud asks for one.
STARRED_ACTIONS = {"sqs:SendMessage*"}


def policy(function: str) -> dict[str, Any]:
    file = PROJECT / ".chalice" / "policies" / f"{function}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def allowed(function: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for statement in policy(function)["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def functions_of_app() -> set[str]:
    source = (PROJECT / "app.py").read_text(encoding="utf-8")
    decorated = re.findall(r"^@app\.(?:authorizer|on_\w+|schedule)\(.*\)\n(?:@.*\n)*def (\w+)", source, re.MULTILINE)
    return {"api_handler", *decorated}


def test_every_function_of_the_app_has_exactly_one_policy() -> None:
    files = {file.stem for file in (PROJECT / ".chalice" / "policies").glob("*.json")}

    assert files == functions_of_app() == set(stages.functions(PROJECT)) == set(FUNCTIONS)


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_chalice_finds_each_functions_settings(stage: str, function: str) -> None:
    config = Config(stage, function, config_from_disk=stages.config(PROJECT))

    assert config.iam_policy_file == f"policies/{function}.json"
    assert config.autogen_policy is False
    assert config.lambda_memory_size >= 512
    assert config.api_gateway_endpoint_type == "REGIONAL"
    assert config.environment_variables == {"BACKHAUL_STAGE": stage}


def test_the_api_answers_before_the_gateway_gives_up() -> None:
    assert stages.config(PROJECT)["lambda_functions"]["api_handler"]["lambda_timeout"] <= 29


def test_chalice_owns_no_log_group() -> None:
    assert "log_retention_in_days" not in (PROJECT / ".chalice" / "config.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_placeholder_has_a_value(function: str) -> None:
    values = outputs.sample_for("dev").policy

    assert placeholders(policy(function)) <= values.keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_statement_only_allows_and_says_what_for(function: str) -> None:
    for statement in policy(function)["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Sid"].isalnum()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_action_is_named(function: str) -> None:
    starred = {action for action, _ in allowed(function) if "*" in action}

    assert starred <= STARRED_ACTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_resource_is_the_stages_own(function: str) -> None:
    rendered = render(Path(f"{function}.json"), policy(function), outputs.sample_for("dev").policy)

    resources = [one for statement in rendered["Statement"] for one in as_list(statement["Resource"])]
    assert all("backhaul-dev" in one or "userpool/" in one for one in resources)
    assert all(re.search(r"(/|:|-pc-)\*$", one) for one in resources if "*" in one)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_to_its_own_log_and_cannot_make_one(function: str) -> None:
    logs = {(action, resource) for action, resource in allowed(function) if action.startswith("logs:")}

    suffix = "" if function == "api_handler" else f"-{function}"
    group = f"arn:${{Partition}}:logs:${{Region}}:${{Account}}:log-group:/aws/lambda/backhaul-${{Stage}}{suffix}:*"
    assert logs == {("logs:CreateLogStream", group), ("logs:PutLogEvents", group)}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nobody_reads_the_whole_table(function: str) -> None:
    assert not {action for action, _ in allowed(function)} & {"dynamodb:Scan", "dynamodb:DeleteTable"}


def who_may(*actions: str) -> set[str]:
    return {name for name in FUNCTIONS if set(actions) & {action for action, _ in allowed(name)}}


def test_only_the_sweeps_may_delete_objects() -> None:
    deleting = {"s3:DeleteObject", "s3:DeleteObjectVersion"}

    assert who_may(*deleting) == {"sweep_pending", "sweep_home", "media_queued"}
    own = {resource for action, resource in allowed("media_queued") if action in deleting | {"s3:PutObject"}}
    assert own == {"${BucketArn}/previews/*"}


def test_nobody_but_those_who_look_into_files_may_write_previews() -> None:
    may = {name for name in FUNCTIONS if ("s3:PutObject", "${BucketArn}/previews/*") in allowed(name)}

    assert may == {"media_queued"}


def test_only_the_hourly_sweep_may_let_a_copy_expire() -> None:
    assert who_may("s3:PutObjectTagging", "s3:PutObjectVersionTagging") == {"sweep_home"}
    assert who_may("s3:PutLifecycleConfiguration", "s3:PutBucketTagging") == set()


def test_the_hourly_sweep_sees_versions_of_files_alone_and_deletes_nothing_but_versions() -> None:
    (seeing,) = [one for one in policy("sweep_home")["Statement"] if one["Action"] == "s3:ListBucketVersions"]

    assert seeing["Condition"] == {"StringLike": {"s3:prefix": ["originals/*", "previews/*"]}}
    assert "s3:DeleteObject" not in {action for action, _ in allowed("sweep_home")}


def test_the_hourly_sweep_can_tell_no_pc_anything() -> None:
    assert not [action for action, _ in allowed("sweep_home") if action.startswith("sqs:")]


def test_the_lookout_touches_no_object_and_moves_no_message() -> None:
    actions = {action for action, _ in allowed("watch")}

    assert not [action for action in actions if action.startswith("s3:")]
    assert {action for action in actions if action.startswith("sqs:")} == {"sqs:GetQueueAttributes", "sqs:GetQueueUrl"}


def test_only_the_api_lends_the_role_of_pcs() -> None:
    may = {name for name in FUNCTIONS if ("sts:AssumeRole", "${PcRoleArn}") in allowed(name)}

    assert may == {"api_handler"}


def test_failed_arrivals_can_be_kept() -> None:
    assert ("sqs:SendMessage", "${DeadArrivalsArn}") in allowed("object_arrived")


def test_placeholders_are_filled_wherever_they_stand() -> None:
    document = {"Statement": [{"Resource": ["${TableArn}/index/due"], "Condition": {"StringLike": {"${Stage}": "x"}}}]}

    filled = render(Path("x.json"), document, {"TableArn": "arn", "Stage": "dev"})

    assert filled == {"Statement": [{"Resource": ["arn/index/due"], "Condition": {"StringLike": {"dev": "x"}}}]}


def test_iams_own_variables_pass_untouched() -> None:
    assert render(Path("x.json"), "${aws:PrincipalAccount}", {}) == "${aws:PrincipalAccount}"


def test_all_unknown_placeholders_are_named_at_once() -> None:
    with pytest.raises(BrokenPolicyError, match=r"'x\.json' asks for unknown placeholders: Bukket, Tabel"):
        render(Path("x.json"), ["${Tabel}", "${Bukket}", "${Stage}"], {"Stage": "dev"})
