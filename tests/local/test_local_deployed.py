import json
from pathlib import Path

import pytest

from local import deployed, dropped
from local.deployed import Deployed
from local.places import Places

ROOT = Path(__file__).parents[2]
SETTINGS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4510"}


@pytest.fixture
def project(places: Places) -> Path:
    for name, text in {
        "app.py": "app = 1",
        "chalicelib/incoming/uploads.py": "a = 1",
        "requirements.txt": "pyjwt==1",
        ".chalice/config.json": "{}",
        ".chalice/policies/api_handler.json": "{}",
        "infra/template.yaml": "Resources: {}",
    }.items():
        (places.project / name).parent.mkdir(parents=True, exist_ok=True)
        (places.project / name).write_text(text)
    return places.project


@pytest.mark.parametrize(
    "changed",
    [
        "app.py",
        "chalicelib/incoming/uploads.py",
        "chalicelib/new.py",
        "chalicelib/web/page.html",
        "vendor/lib.py",
        "requirements.txt",
        ".chalice/config.json",
        ".chalice/policies/api_handler.json",
        "infra/template.yaml",
        "infra/deploy_hooks.py",
    ],
)
def test_a_change_of_what_is_deployed_is_noticed(project: Path, changed: str) -> None:
    before = deployed.fingerprint(project, SETTINGS)

    (project / changed).parent.mkdir(parents=True, exist_ok=True)
    (project / changed).write_text("something else")

    assert deployed.fingerprint(project, SETTINGS) != before


@pytest.mark.parametrize(
    "changed",
    [
        "README.md",
        "agent/loop.py",
        "tests/test_x.py",
        "chalicelib/__pycache__/uploads.pyc",
        ".chalice/outputs/local.json",
    ],
)
def test_a_change_of_anything_else_is_not(project: Path, changed: str) -> None:
    before = deployed.fingerprint(project, SETTINGS)

    (project / changed).parent.mkdir(parents=True, exist_ok=True)
    (project / changed).write_text("something else")

    assert deployed.fingerprint(project, SETTINGS) == before


def test_other_addresses_are_another_deployment(project: Path) -> None:
    elsewhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4610"}

    assert deployed.fingerprint(project, SETTINGS) != deployed.fingerprint(project, elsewhere)


def a_deployment(places: Places, *, api: str = "abc", endpoint: str = "http://127.0.0.1:4510") -> None:
    places.state.mkdir(exist_ok=True)
    deployed.record(places, Deployed("print", "abc"))
    places.outputs_file.parent.mkdir(parents=True, exist_ok=True)
    places.outputs_file.write_text(json.dumps({"environment": {"AWS_ENDPOINT_URL": endpoint}}))
    places.chalice_state_file.parent.mkdir(parents=True, exist_ok=True)
    resources = [{"resource_type": "lambda_function"}, {"resource_type": "rest_api", "rest_api_id": api}]
    places.chalice_state_file.write_text(json.dumps({"resources": resources}))


def test_what_did_not_change_is_not_deployed_again(places: Places) -> None:
    a_deployment(places)

    assert deployed.still_deployed(places, "print") == Deployed("print", "abc")


def test_what_changed_is(places: Places) -> None:
    a_deployment(places)

    assert deployed.still_deployed(places, "another print") is None


@pytest.mark.parametrize("lost", ["outputs_file", "chalice_state_file", "deployed_file"])
def test_without_its_records_it_is_deployed_again(places: Places, lost: str) -> None:
    a_deployment(places)

    getattr(places, lost).unlink()

    assert deployed.still_deployed(places, "print") is None


def test_records_of_another_api_do_not_count(places: Places) -> None:
    a_deployment(places, api="made by hand")

    assert deployed.still_deployed(places, "print") is None


def test_records_of_another_address_do_not_count(places: Places) -> None:
    a_deployment(places, endpoint="http://127.0.0.1:4610")

    assert deployed.still_deployed(places, "print") is None


@pytest.mark.parametrize(
    "told",
    [
        "Could not install dependencies:\nmsgspec==0.22.0\nYou will have to build these yourself",
        "ERROR: Could not find a version that satisfies the requirement pyjwt==2.15.1",
        "ERROR: No matching distribution found for pyjwt==2.15.1",
        "no package for Lambda could be made of cryptography==50.0.2",
    ],
)
def test_missing_packages_are_told_from_other_faults(told: str) -> None:
    assert deployed.NO_PACKAGES.search(told)


def test_another_fault_is_not_a_missing_package() -> None:
    assert not deployed.NO_PACKAGES.search("botocore.exceptions.ClientError: AccessDenied")


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("Creating role\nAccessDenied: no\n\n", "AccessDenied: no"),
        ("ValueError: bad\nDone cleaning\n", "ValueError: bad"),
        ("all quiet\n", "all quiet"),
        ("", ""),
    ],
)
def test_the_line_that_tells_is_found(told: str, line: str) -> None:
    assert deployed.telling_line(told) == line


def test_the_dropped_lifecycle_is_the_templates() -> None:
    bucket = dropped.parse((ROOT / "infra" / "template.yaml").read_text())["Bucket"]["Properties"]

    rules = {rule["ID"]: rule for rule in dropped.lifecycle_rules(bucket)}

    # What depends on a parameter is a list here, and left away.
    assert len(rules) == len([rule for rule in bucket["LifecycleConfiguration"]["Rules"] if isinstance(rule, dict)])
    assert len(rules) >= 6
    assert rules["home-objects-expire"]["Filter"] == {"Tag": {"Key": "backhaul:home", "Value": "yes"}}
    assert rules["home-objects-expire"]["Expiration"] == {"Days": 1}


def test_the_template_says_what_the_emulator_drops_of_the_table() -> None:
    table = dropped.parse((ROOT / "infra" / "template.yaml").read_text())["Table"]["Properties"]

    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"Id": "a", "Status": "Enabled", "ExpirationInDays": 3}, {"Prefix": ""}),
        ({"Id": "a", "Status": "Enabled", "Prefix": "x/"}, {"Prefix": "x/"}),
        (
            {"Id": "a", "Status": "Enabled", "Prefix": "x/", "TagFilters": [{"Key": "k", "Value": "v"}]},
            {"And": {"Prefix": "x/", "Tags": [{"Key": "k", "Value": "v"}]}},
        ),
    ],
)
def test_filters_are_said_in_the_words_of_the_api(rule: dict[str, object], expected: dict[str, object]) -> None:
    (said,) = dropped.lifecycle_rules({"LifecycleConfiguration": {"Rules": [rule]}})

    assert said["Filter"] == expected
