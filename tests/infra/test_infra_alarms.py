"""What is watched in AWS: nothing stops unheard, and whoever is woken finds a page."""

import json
import re
from pathlib import Path
from typing import Any

import cfnlint.decode
import pytest

from chalicelib import metrics
from chalicelib.upkeep import lookout
from infra import stages
from infra.stack import TEMPLATE

PROJECT = Path(__file__).resolve().parents[2]
NAMES = {
    name: "backhaul-${Stage}" + ("" if name == "api_handler" else f"-{name}") for name in stages.functions(PROJECT)
}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    decoded, _ = cfnlint.decode.decode(str(TEMPLATE))
    found: dict[str, Any] = json.loads(json.dumps(decoded))["Resources"]
    return found


@pytest.fixture
def conditions() -> dict[str, Any]:
    decoded, _ = cfnlint.decode.decode(str(TEMPLATE))
    found: dict[str, Any] = json.loads(json.dumps(decoded))["Conditions"]
    return found


@pytest.fixture
def alarms(resources: dict[str, Any]) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.fixture
def dashboard(resources: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    return body


def pages() -> set[str]:
    return set(re.findall(r"^## (.+)$", (PROJECT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8"), re.MULTILINE))


def watched(alarms: dict[str, Any], metric: str) -> list[str]:
    found = [alarm["Dimensions"][0]["Value"] for alarm in alarms.values() if alarm.get("MetricName") == metric]
    return [value["Fn::Sub"] if "Fn::Sub" in value else value["Fn::GetAtt"][0] for value in found]


def sources() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in (PROJECT / "chalicelib").rglob("*.py"))


def test_every_alarm_names_its_page_of_the_runbook(alarms: dict[str, Any]) -> None:
    named = {name: alarm["AlarmDescription"].partition("Runbook: ")[2] for name, alarm in alarms.items()}

    assert {name for name, page in named.items() if page not in pages()} == set()


def test_the_runbook_names_every_alarm_and_no_other(resources: dict[str, Any], alarms: dict[str, Any]) -> None:
    text = (PROJECT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8")
    told = [
        name for line in re.findall(r"^\*Alarms? [^*]+", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", line)
    ]
    told = [re.sub(r"…$", "", name) for name in told]
    names = [alarm["AlarmName"]["Fn::Sub"].removeprefix("backhaul-${Stage}-") for alarm in alarms.values()]
    assert len(set(names)) == len(names)

    assert [name for name in names if not name.startswith(tuple(told))] == []
    assert [name for name in told if not any(one.startswith(name) for one in names)] == []
    assert "The budget is used up" in pages()
    assert "Budget" in resources


def test_whatever_the_topic_is_told_by_the_functions_has_its_page() -> None:
    text = (PROJECT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8")
    said = set(re.findall(r'trouble\.report\(\s*world, "([^"]+)"', sources()))
    said |= {what for what, _ in lookout._SAID.values()}

    assert len(said) > 8
    assert {what for what in said if f'"{what}"' not in text} == set()


def test_every_alarm_reaches_the_topic_and_so_does_its_end(alarms: dict[str, Any]) -> None:
    topic = [{"Ref": "TroubleTopic"}]

    assert [name for name, one in alarms.items() if (one["AlarmActions"], one["OKActions"]) != (topic, topic)] == []


def test_the_embedded_cloud_is_not_asked_for_what_it_lacks(
    resources: dict[str, Any], conditions: dict[str, Any]
) -> None:
    lacking = ("AWS::CloudWatch::", "AWS::Budgets::")

    asked = {one["Condition"] for one in resources.values() if one["Type"].startswith(lacking)}
    assert asked == {"HasAlarms", "HasDashboard", "HasBudget"}
    assert all({"Condition": "OnAws"} in conditions[one]["Fn::And"] for one in asked)


# What becomes of a function that fails for good: which alarm hears it.
HEARD_AS = {
    "api_handler": "ApiErrors",
    "caller_token": "ApiErrors",
    "object_arrived": "ArrivalsFailed",
    "pcs_changed": "PairedDead",
    "media_queued": "MediaDead",
    "sweep_pending": "SweepsNotRun",
    "sweep_home": "SweepsNotRun",
    "watch": "SweepsNotRun",
}


def test_every_function_that_fails_is_heard(alarms: dict[str, Any]) -> None:
    assert HEARD_AS.keys() == NAMES.keys()
    assert set(HEARD_AS.values()) <= alarms.keys()


def test_a_failed_arrival_is_heard_before_it_is_a_dead_letter(alarms: dict[str, Any]) -> None:
    one = alarms["ArrivalsFailed"]

    assert (one["Namespace"], one["MetricName"]) == ("AWS/Lambda", "Errors")
    assert one["Dimensions"] == [{"Name": "FunctionName", "Value": {"Fn::Sub": NAMES["object_arrived"]}}]


def test_alarms_look_at_no_more_metrics_than_an_account_has_for_nothing(alarms: dict[str, Any]) -> None:
    looked_at = sum(len(one.get("Metrics", ())) or 1 for one in alarms.values())

    assert looked_at <= 10


def test_a_call_that_is_turned_away_is_heard_whichever_function_it_was_for(alarms: dict[str, Any]) -> None:
    one = alarms["Throttles"]

    assert (one["Namespace"], one["MetricName"]) == ("AWS/Lambda", "Throttles")
    # Functions have one limit in common, the account's, and AWS adds them up where no dimension is named.
    assert "Dimensions" not in one


def test_every_queue_of_dead_letters_is_heard(resources: dict[str, Any], alarms: dict[str, Any]) -> None:
    queues = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::SQS::Queue"}
    dead = {name: one["QueueName"]["Fn::Sub"] for name, one in queues.items() if "Dead" in name}

    assert sorted(watched(alarms, "ApproximateNumberOfMessagesVisible")) == sorted(dead)
    assert sorted(dead.values()) == [f"backhaul-${{Stage}}-{name}" for name in lookout.DEAD_LETTERS]


def test_the_lookout_that_does_not_run_is_heard_by_its_silence(alarms: dict[str, Any]) -> None:
    assert watched(alarms, "Invocations") == [NAMES["watch"]]
    assert alarms["WatchNotRun"]["TreatMissingData"] == "breaching"


def test_the_lookout_watches_every_schedule_and_another_one_watches_it() -> None:
    source = (PROJECT / "app.py").read_text(encoding="utf-8")
    scheduled = re.findall(r"^@app\.schedule\(.*\)\ndef (\w+)", source, re.MULTILINE)
    watching = re.findall(r'rounds\.run\(cloud\(\), "(\w+)".*lookout\.sweeps', source)

    assert sorted(scheduled) == sorted(lookout.SWEEPS)
    assert sorted(watching) == ["sweep_home", "watch"]


def test_a_sweep_that_is_called_but_never_gets_through_is_heard(alarms: dict[str, Any]) -> None:
    one = alarms["SweepsNotRun"]

    assert (one["Namespace"], one["MetricName"], one["Threshold"]) == ("Backhaul", "SweepsNotRun", 0)


def test_what_is_told_once_an_hour_does_not_ring_twice_for_a_point_that_slips(alarms: dict[str, Any]) -> None:
    hourly = [one for one in alarms.values() if one["Namespace"] == "Backhaul"]

    assert {(one["EvaluationPeriods"], one["DatapointsToAlarm"]) for one in hourly} == {(2, 1)}


def test_no_other_alarm_is_raised_by_silence(alarms: dict[str, Any]) -> None:
    quiet = {one["TreatMissingData"] for one in alarms.values() if one.get("MetricName") != "Invocations"}

    assert quiet == {"notBreaching"}


def test_a_pc_that_owes_for_three_days_is_heard(alarms: dict[str, Any]) -> None:
    one = alarms["OldestOwed"]

    assert (one["Namespace"], one["MetricName"], one["Statistic"]) == ("Backhaul", "OldestOwedHours", "Maximum")
    assert (one["ComparisonOperator"], one["Threshold"]) == ("GreaterThanThreshold", 72)
    assert one["Dimensions"] == [{"Name": "Stage", "Value": {"Ref": "Stage"}}]


def test_more_than_one_answer_in_twenty_that_is_an_error_is_heard(alarms: dict[str, Any]) -> None:
    one = alarms["ApiErrors"]

    assert (one["MetricName"], one["Statistic"], one["Threshold"]) == ("5XXError", "Average", 0.05)
    assert one["Dimensions"] == [{"Name": "ApiName", "Value": {"Fn::Sub": "backhaul-${Stage}"}}]


def test_the_budget_may_reach_the_topic(resources: dict[str, Any]) -> None:
    statements = resources["TroubleTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed = {one["Principal"]["Service"]: one for one in statements if one["Effect"] == "Allow"}

    assert allowed.keys() == {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}
    assert all("aws:SourceAccount" in one["Condition"]["StringEquals"] for one in allowed.values())


def test_every_number_of_ours_that_is_shown_or_watched_is_one_we_tell(
    alarms: dict[str, Any], dashboard: dict[str, Any]
) -> None:
    shown = {row[1] for widget in graphs(dashboard) for row in own_rows(widget)}
    shown |= {one["MetricName"] for one in alarms.values() if one.get("Namespace") == "Backhaul"}

    assert len(shown) > 8
    assert shown <= metrics.METRICS


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_every_metric_is_told_somewhere(name: str) -> None:
    assert sources().count(f'"{name}"') > 1


def test_the_dashboard_is_one_of_the_free_kind(dashboard: dict[str, Any]) -> None:
    rows = [row for widget in graphs(dashboard) for row in widget["properties"]["metrics"]]

    assert 30 < len(rows) <= 50


def test_the_dashboard_tells_of_each_route_and_of_what_it_costs(dashboard: dict[str, Any]) -> None:
    (routes,) = [one["properties"]["query"] for one in dashboard["widgets"] if one["type"] == "log"][:1]

    assert "by route" in routes
    assert '["AWS/Billing", "EstimatedCharges", "Currency", "USD"]' in json.dumps(dashboard)


def graphs(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in dashboard["widgets"] if one["type"] == "metric"]


def own_rows(widget: dict[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = widget["properties"]["metrics"]
    return rows if rows[0][0] == "Backhaul" else []


@pytest.mark.parametrize("metric", ["Errors", "Duration"])
def test_the_dashboard_shows_every_function(dashboard: dict[str, Any], metric: str) -> None:
    (rows,) = [
        one["properties"]["metrics"] for one in graphs(dashboard) if one["properties"]["metrics"][0][1] == metric
    ]

    assert sorted(row[-1] for row in rows) == sorted(NAMES.values())


def test_no_two_widgets_lie_on_each_other(dashboard: dict[str, Any]) -> None:
    places = [(one["x"], one["y"]) for one in dashboard["widgets"]]

    assert len(set(places)) == len(places)
