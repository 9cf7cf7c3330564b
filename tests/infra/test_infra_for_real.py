"""A real `chalice deploy`, twice, on an embedded cloud of its own: what our patches of Chalice are worth."""

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
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import adopt, outputs, stack
from infra.chalice import COMMAND
from tests.ports import a_free_port

pytestmark = pytest.mark.e2e
REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"}
SOURCES = ("app.py", "chalicelib", "infra", "local", "requirements.txt", ".chalice/config.json", ".chalice/policies")


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


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedCloud) -> Path:
    """A copy of the project whose stage `local` stands, deployed again without a state file."""
    copy = tmp_path_factory.mktemp("project")
    for source in SOURCES:
        whole = Path(__file__).resolve().parents[2] / source
        (copy / source).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if whole.is_dir() else shutil.copy2)(whole, copy / source)
    values = stack.put_up(embedded.client("cloudformation"), "local", report=lambda _: None, pace=0.1)
    outputs.from_stack("local", values, environment={"AWS_ENDPOINT_URL": embedded.url}, cli=KEYS).write(copy)
    chalice("deploy", copy)
    (copy / ".chalice" / "deployed" / "local.json").unlink()
    chalice("deploy", copy)
    return copy


def chalice(deed: str, project: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BACKHAUL_"))}
    ended = subprocess.run(
        [*COMMAND, deed, "--stage", "local"],
        cwd=project,
        env=plain,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def ask(embedded: EmbeddedCloud, path: str) -> tuple[int, Any, Any]:
    (api,) = embedded.client("apigateway").get_rest_apis()["items"]
    url = f"{embedded.url}/_aws/execute-api/{api['id']}/api{path}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (our own cloud, on loopback)
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


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
