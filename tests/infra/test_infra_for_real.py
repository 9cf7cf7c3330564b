"""A real `chalice deploy`, twice from nothing, on an embedded cloud of its own: what our patches of it are worth."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import adopt, diff, gateway, outputs, stack, stages
from infra.chalice import COMMAND, Chalice
from infra.data import Data
from infra.destroy import Stage, destroy
from infra.errors import LockedError
from infra.place import Place
from infra.shared import Shared
from tests.ports import a_free_port

pytestmark = pytest.mark.e2e
REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"}
DOMAIN = "api.example.com"
SOURCES = ("app.py", "chalicelib", "infra", "local", "requirements.txt", ".chalice/config.json", ".chalice/policies")


NEWER = """

@app.route("/newer", methods=["GET"])
def newer() -> dict[str, str]:
    return {"newer": "yes"}
"""


class EmbeddedCloud:
    """MiniStack as its makers start it, with nothing of ours around."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "AUTH": "true", "STATE_DIR": f"{folder}/state"}
        extras = {"S3_DATA_DIR": f"{folder}/s3", "TMPDIR": str(folder), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
        command = [sys.executable, "-m", "ministack"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, env={**os.environ, **KEYS, **settings, **extras}, cwd=folder, stdout=quiet, stderr=quiet
        )

    def client(self, service: str) -> Any:
        return boto3.client(service, REGION, None, True, None, self.url, *KEYS.values())

    def wait(self) -> None:
        for _ in range(600):
            try:
                with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=1):
                    return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError(self.url)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    cloud = EmbeddedCloud(tmp_path_factory.mktemp("cloud"), a_free_port())
    try:
        cloud.wait()
        yield cloud
    finally:
        cloud.stop()


@dataclass(frozen=True)
class Taken:
    """A copy of the project whose stage was put up and taken down again, and what that left."""

    project: Path
    left: list[str]


@pytest.fixture(scope="module")
def taken_down(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedCloud) -> Taken:
    copy = tmp_path_factory.mktemp("project")
    for source in SOURCES:
        whole = Path(__file__).resolve().parents[2] / source
        (copy / source).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if whole.is_dir() else shutil.copy2)(whole, copy / source)
    put_up(embedded, copy)
    chalice("deploy", copy)
    recorded = outputs.read(copy, "local")
    embedded.client("s3").put_object(Bucket=recorded.policy["Bucket"], Key="originals/a/1-x", Body=b"a photo")
    place = Place(recorded.account, REGION, embedded.client)
    stacked = stack.Stack(embedded.client("cloudformation"), "local", lambda _: None, pace=0.1)
    stage = Stage(Chalice(copy, "local", REGION, run=quietly), stacked, Data(place, "local"))
    destroy(place, stage, stages.functions(copy), lambda _: "local", lambda _: None)
    return Taken(copy, list(standing(embedded)))


@pytest.fixture(scope="module")
def checkout(taken_down: Taken, embedded: EmbeddedCloud) -> Path:
    """A checkout whose stage `local` stands, for the second time.

    A newer version was deployed, then this one over it, without a state file: a rollback by a colleague. With
    it came a domain of one's own; the embedded cloud makes one, but cannot change one that is there.
    """
    copy = taken_down.project
    this = (copy / "app.py").read_text(encoding="utf-8")
    (copy / "app.py").write_text(this + NEWER, encoding="utf-8")
    put_up(embedded, copy)
    chalice("deploy", copy)
    (copy / ".chalice" / "deployed" / "local.json").unlink()
    (copy / "app.py").write_text(this, encoding="utf-8")
    configure_a_domain(copy, embedded.client("acm").request_certificate(DomainName=DOMAIN)["CertificateArn"])
    chalice("deploy", copy)
    return copy


def put_up(embedded: EmbeddedCloud, project: Path) -> None:
    wanted = {"TieringAfterDays": "45"}
    values = stack.put_up(embedded.client("cloudformation"), "local", wanted, report=lambda _: None, pace=0.1)
    outputs.from_stack("local", values, environment={"AWS_ENDPOINT_URL": embedded.url}, cli=KEYS).write(project)


def standing(embedded: EmbeddedCloud) -> Iterator[str]:
    """Name what stands, of every kind that a stage is made of."""
    yield from (one["Name"] for one in embedded.client("s3").list_buckets()["Buckets"])
    yield from embedded.client("dynamodb").list_tables()["TableNames"]
    yield from embedded.client("sqs").list_queues().get("QueueUrls", [])
    yield from (one["Name"] for one in embedded.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"])
    yield from (one["FunctionName"] for one in embedded.client("lambda").list_functions()["Functions"])
    yield from (one["RoleName"] for one in embedded.client("iam").list_roles()["Roles"])
    yield from (one["Name"] for one in embedded.client("events").list_rules()["Rules"])
    yield from (one["id"] for one in embedded.client("apigateway").get_rest_apis()["items"])


def configure_a_domain(project: Path, certificate: str) -> None:
    file = project / ".chalice" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    wanted = {"domain_name": DOMAIN, "certificate_arn": certificate, "tls_version": "TLS_1_2"}
    config["stages"]["local"]["api_gateway_custom_domain"] = wanted
    file.write_text(json.dumps(config), encoding="utf-8")


def chalice(deed: str, project: Path) -> None:
    quietly([*COMMAND, deed, "--stage", "local"], cwd=project)


def quietly(command: list[str], *, cwd: Path, **_: Any) -> Any:
    """Run a command as a person without any AWS settings would, and see it through."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BACKHAUL_"))}
    ended = subprocess.run(command, cwd=cwd, env=plain, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def ask(embedded: EmbeddedCloud, path: str) -> tuple[int, Any, Any]:
    (api,) = embedded.client("apigateway").get_rest_apis()["items"]
    url = f"{embedded.url}/_aws/execute-api/{api['id']}/api{path}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (our own cloud, on loopback)
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


def test_a_stage_that_was_taken_down_leaves_nothing(taken_down: Taken) -> None:
    assert taken_down.left == []


@pytest.mark.usefixtures("checkout")
def test_without_its_state_file_a_deploy_makes_no_second_api(embedded: EmbeddedCloud) -> None:
    apis = embedded.client("apigateway").get_rest_apis()["items"]

    assert [api["name"] for api in apis] == ["backhaul-local"]


@pytest.mark.usefixtures("checkout")
def test_without_its_state_file_a_deploy_makes_no_second_mapping(embedded: EmbeddedCloud) -> None:
    mappings = embedded.client("lambda").list_event_source_mappings()["EventSourceMappings"]

    queues = sorted(mapping["EventSourceArn"].rsplit(":", 1)[1] for mapping in mappings)
    assert queues == ["backhaul-local-media", "backhaul-local-paired"]
    assert [mapping["FunctionResponseTypes"] for mapping in mappings] == [["ReportBatchItemFailures"]] * 2


@pytest.mark.usefixtures("checkout")
def test_the_bucket_calls_its_function_once(embedded: EmbeddedCloud, checkout: Path) -> None:
    bucket = outputs.read(checkout, "local").policy["Bucket"]

    found = embedded.client("s3").get_bucket_notification_configuration(Bucket=bucket)

    (notified,) = found["LambdaFunctionConfigurations"]
    assert notified["LambdaFunctionArn"].endswith(":backhaul-local-object_arrived")


@pytest.mark.usefixtures("checkout")
def test_the_deployed_api_is_well(embedded: EmbeddedCloud) -> None:
    status, _, told = ask(embedded, "/health")

    assert status == 200
    assert told["stage"] == "local"


@pytest.mark.usefixtures("checkout")
def test_an_older_version_over_a_newer_one_takes_back_what_was_new(embedded: EmbeddedCloud) -> None:
    api = embedded.client("apigateway").get_rest_apis()["items"][0]["id"]
    paths = {one["path"] for one in embedded.client("apigateway").get_resources(restApiId=api, limit=500)["items"]}

    assert "/health" in paths
    assert "/newer" not in paths


@pytest.mark.usefixtures("checkout")
def test_what_stands_is_no_difference_to_what_was_deployed(embedded: EmbeddedCloud, checkout: Path) -> None:
    recorded = outputs.read(checkout, "local")
    standing = diff.there(embedded.client, "local", stages.functions(checkout))

    told = diff.compare(diff.here(checkout, recorded), standing)

    # The machine here may have another processor than config.json says.
    assert [line for line in told if "architecture" not in line] == []


@pytest.mark.usefixtures("checkout")
def test_a_stack_is_told_apart_from_another_template_and_left_as_it_is(embedded: EmbeddedCloud) -> None:
    cloudformation, template = embedded.client("cloudformation"), stack.TEMPLATE.read_text(encoding="utf-8")
    standing = stack.Stack(cloudformation, "local", pace=0.1)

    assert standing.preview({}, template) == []
    told = standing.preview({}, template.replace("VisibilityTimeout: 1800", "VisibilityTimeout: 1900"))

    assert "~ AWS::SQS::Queue PairedQueue" in told
    assert standing.preview({}, template) == []


@pytest.mark.usefixtures("checkout")
def test_a_parameter_is_kept_by_a_deploy_that_does_not_name_it(embedded: EmbeddedCloud) -> None:
    cloudformation = embedded.client("cloudformation")

    stack.put_up(cloudformation, "local", report=lambda _: None, pace=0.1)

    (found,) = cloudformation.describe_stacks(StackName="backhaul-local")["Stacks"]
    kept = {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}
    assert kept["TieringAfterDays"] == "45"


def test_a_domain_of_ones_own_leads_to_the_api(embedded: EmbeddedCloud, checkout: Path) -> None:
    client = embedded.client("apigateway")
    (api,) = client.get_rest_apis()["items"]

    (mapping,) = client.get_base_path_mappings(domainName=DOMAIN)["items"]
    found = adopt.domains_of(client, api["id"])

    assert (mapping["restApiId"], mapping["stage"], mapping["basePath"]) == (api["id"], "api", "(none)")
    remembered = json.loads((checkout / ".chalice" / "deployed" / "local.json").read_text(encoding="utf-8"))
    assert found == [one for one in remembered["resources"] if one["name"] == adopt.DOMAIN]


@pytest.mark.usefixtures("checkout")
def test_the_gateway_takes_our_access_log(embedded: EmbeddedCloud) -> None:
    client = embedded.client("apigateway")
    (api,) = client.get_rest_apis()["items"]
    group = "arn:aws:logs:eu-central-1:000000000000:log-group:/aws/apigateway/backhaul-local"

    client.update_stage(restApiId=api["id"], stageName="api", patchOperations=gateway.access_log(group))

    found = client.get_stage(restApiId=api["id"], stageName="api")["accessLogSettings"]
    assert found["destinationArn"] == group
    assert json.loads(found["format"])["route"] == "$context.resourcePath"


def test_two_do_not_deploy_at_once_and_a_colleague_goes_on(
    embedded: EmbeddedCloud, checkout: Path, tmp_path: Path
) -> None:
    recorded, s3 = outputs.read(checkout, "local"), embedded.client("s3")
    place = Place(recorded.account, recorded.region, embedded.client)
    mine, theirs = Shared(s3, place, "local", checkout), Shared(s3, place, "local", tmp_path)

    for _ in range(2):
        with mine.lock():
            mine.publish()
            with pytest.raises(LockedError), theirs.lock():
                pytest.fail("both deploy")
    with theirs.lock():
        theirs.fetch()

    file = Path(".chalice") / "deployed" / "local.json"
    assert (tmp_path / file).read_bytes() == (checkout / file).read_bytes()


@pytest.mark.usefixtures("checkout")
def test_a_page_can_read_a_refusal_of_the_gateways_own(embedded: EmbeddedCloud) -> None:
    status, headers, told = ask(embedded, "/me")

    assert status == 401
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert told.keys() == {"Code", "Message"}


@pytest.mark.usefixtures("checkout")
def test_failed_arrivals_are_kept(embedded: EmbeddedCloud) -> None:
    kept = embedded.client("lambda").get_function_event_invoke_config(FunctionName="backhaul-local-object_arrived")

    assert kept["MaximumRetryAttempts"] == 2
    assert kept["DestinationConfig"]["OnFailure"]["Destination"].endswith(":backhaul-local-arrivals-dead")


@pytest.mark.usefixtures("checkout")
def test_requests_are_limited(embedded: EmbeddedCloud) -> None:
    client = embedded.client("apigateway")
    (api,) = client.get_rest_apis()["items"]

    found = client.get_stage(restApiId=api["id"], stageName="api")["methodSettings"]["*/*"]

    assert (found["throttlingRateLimit"], found["throttlingBurstLimit"]) == (100, 200)


def test_functions_carry_the_recorded_settings(embedded: EmbeddedCloud, checkout: Path) -> None:
    environment = outputs.read(checkout, "local").environment

    for name in ("backhaul-local", "backhaul-local-caller_token", "backhaul-local-pcs_changed"):
        found = embedded.client("lambda").get_function_configuration(FunctionName=name)
        assert found["Environment"]["Variables"] == environment


def test_all_that_was_deployed_is_found_again_by_name(embedded: EmbeddedCloud, checkout: Path) -> None:
    remembered = json.loads((checkout / ".chalice" / "deployed" / "local.json").read_text(encoding="utf-8"))
    functions = (
        "api_handler",
        "caller_token",
        "object_arrived",
        "pcs_changed",
        "media_queued",
        "sweep_pending",
        "sweep_home",
        "watch",
    )

    found = adopt.everything(embedded.client, "backhaul-local", functions)

    # The bucket's notifications go with the bucket.
    names = {one["name"] for one in remembered["resources"] if one["resource_type"] != "s3_event"}
    assert {one["name"] for one in found} == names
