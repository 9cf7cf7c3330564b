"""The saved queries ask only for what our log lines hold; and traces are sent only where a stage wants them."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint.decode
import pytest
from chalice.config import Config
from chalice.deploy.deployer import PolicyGenerator
from chalice.deploy.models import FileBasedIAMPolicy
from chalice.utils import OSUtils

from chalicelib import log
from infra import deploy_hooks, outputs
from infra.stack import TEMPLATE

PROJECT = Path(__file__).resolve().parents[2]
INSIGHTS = {
    *("fields", "filter", "sort", "stats", "by", "as", "in", "or", "and", "asc", "desc"),
    *("count", "count_distinct", "sum", "pct", "latest", "bin", "ispresent", "1h"),
}
SAID_BY_LAMBDA = {"@timestamp", "@log", "@requestId"}


def resources(kind: str) -> dict[str, Any]:
    decoded, _ = cfnlint.decode.decode(str(TEMPLATE))
    found = json.loads(json.dumps(decoded))["Resources"]
    return {name: one["Properties"] for name, one in found.items() if one["Type"] == kind}


QUERIES = resources("AWS::Logs::QueryDefinition")
SHOWN = {
    one["properties"]["title"]: re.sub(r"SOURCE '[^']*' \| ", "", one["properties"]["query"])
    for one in json.loads(resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"])["widgets"]
    if one["type"] == "log"
}


def asked_for(query: str) -> set[str]:
    """Name the fields of a query: every word but text, numbers, Insights' own, and what `as` names."""
    bare = re.sub(r'"[^"]*"', "", query)
    made = set(re.findall(r"\bas (\w+)", bare))
    words = set(re.findall(r"@?\b[A-Za-z_]\w*", bare))
    return words - INSIGHTS - made


def written() -> set[str]:
    """Name every field that a line may have: those of all lines, and all that any call adds."""
    always = {"at", "level", "said", "request_id", "traceback"} | set(log.about("", ""))
    sources = [file.read_text(encoding="utf-8") for file in (PROJECT / "chalicelib").rglob("*.py")]
    return always | {name for source in sources for name in added(ast.parse(source))}


def added(tree: ast.AST) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        extras = [one.value for one in call.keywords if one.arg == "extra"]
        for literal in (node for extra in extras for node in ast.walk(extra) if isinstance(node, ast.Dict)):
            yield from (
                key.value for key in literal.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            )
        if ast.unparse(call.func).endswith("trouble.report"):
            yield from (one.arg for one in call.keywords if one.arg)


def test_there_are_the_five_commonest_questions() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("title", SHOWN)
def test_the_dashboard_asks_the_log_only_for_fields_that_some_line_has(title: str) -> None:
    assert asked_for(SHOWN[title].replace("'", '"')) - written() - SAID_BY_LAMBDA == set()


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_names_only_fields_that_our_lines_have(name: str) -> None:
    assert asked_for(QUERIES[name]["QueryString"]) - written() - SAID_BY_LAMBDA == set()


def test_a_field_that_nobody_writes_would_be_noticed() -> None:
    query = 'filter owner_name = "anna" | stats count(*) as times by said'

    assert asked_for(query) - written() == {"owner_name"}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_looks_into_our_own_groups(name: str) -> None:
    groups = {one["Ref"] for one in QUERIES[name]["LogGroupNames"]}

    assert groups <= set(resources("AWS::Logs::LogGroup"))
    assert name == "QueryRoutes" or groups == {one for one in resources("AWS::Logs::LogGroup") if one != "AccessLogs"}


@pytest.mark.parametrize("wanted", [True, False])
def test_functions_may_send_traces_only_where_the_stage_wants_them(wanted: bool) -> None:
    patches = deploy_hooks.patch(outputs.sample_for("dev"))
    try:
        config = Config("dev", config_from_disk={"stages": {"dev": {"xray": wanted}}})
        file = PROJECT / ".chalice" / "policies" / "watch.json"
        resource = FileBasedIAMPolicy({}, str(file))
        PolicyGenerator(None, OSUtils()).handle_filebasediampolicy(config, resource)
    finally:
        patches.undo()

    actions = [action for one in resource.document["Statement"] for action in one["Action"]]
    assert ("xray:PutTraceSegments" in actions) is wanted


def test_no_committed_stage_pays_for_traces() -> None:
    stages = json.loads((PROJECT / ".chalice" / "config.json").read_text(encoding="utf-8"))["stages"]

    assert not [name for name, stage in stages.items() if stage.get("xray")]
