"""What plain `chalice deploy` does beside itself, seen on Chalice's own classes."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from chalice.app import Chalice
from chalice.awsclient import TypedAWSClient
from chalice.config import Config
from chalice.deploy.deployer import PolicyGenerator
from chalice.deploy.models import Plan
from chalice.deploy.packager import (
    BaseLambdaDeploymentPackager,
    DependencyBuilder,
    LambdaDeploymentPackager,
    MissingDependencyError,
)
from chalice.deploy.planner import PlanStage
from chalice.deploy.swagger import TemplatedSwaggerGenerator
from chalice.utils import UI, OSUtils
from fake_functions import FakeFunctions

from infra import deploy_hooks, mappings, outputs, stages
from infra.outputs import Outputs
from infra.patches import Patches

UUID = "6e91b416-5346-4559-92c4-28b1fcb3bac0"
BUCKET = "backhaul-dev-123456789012-eu-central-1"


def an_app() -> Chalice:
    app = Chalice("backhaul")
    app.route("/health")(dict)
    return app


def described() -> dict[str, Any]:
    found: dict[str, Any] = TemplatedSwaggerGenerator().generate_swagger(an_app())
    return found


def config_for(function: str, project: Path) -> Config:
    return Config("dev", function, config_from_disk=stages.config(project))


@pytest.fixture
def copy(tmp_path: Path, project: Path) -> Path:
    """A project's folder that may be written."""
    (tmp_path / ".chalice").mkdir()
    shutil.copy(project / ".chalice" / "config.json", tmp_path / ".chalice" / "config.json")
    return tmp_path


@pytest.fixture
def installed() -> Iterator[list[Patches]]:
    made: list[Patches] = []
    yield made
    for patches in made:
        patches.undo()


@pytest.mark.usefixtures("hooked")
@pytest.mark.parametrize(
    "function",
    stages.functions(Path(__file__).resolve().parents[2]),
)
def test_every_function_gets_the_outputs(function: str, project: Path) -> None:
    environment = config_for(function, project).environment_variables

    assert environment["BACKHAUL_BUCKET"] == BUCKET
    assert environment["BACKHAUL_STAGE"] == "dev"


@pytest.mark.usefixtures("hooked")
def test_policies_name_the_stages_resources(project: Path) -> None:
    generator = PolicyGenerator(None, OSUtils())

    document = generator._read_document_from_file(str(project / ".chalice" / "policies" / "caller_token.json"))

    assert document["Statement"][0]["Resource"] == "arn:aws:dynamodb:eu-central-1:123456789012:table/backhaul-dev"


@pytest.mark.usefixtures("hooked")
def test_a_policy_with_an_unknown_placeholder_stops_the_command_with_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "api_handler.json"
    broken.write_text('["${Tabel}"]', encoding="utf-8")

    with pytest.raises(SystemExit, match=r"'api_handler\.json' asks for unknown placeholders: Tabel"):
        PolicyGenerator(None, OSUtils())._read_document_from_file(str(broken))


@pytest.mark.usefixtures("hooked")
@pytest.mark.parametrize("kind", ["DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"])
def test_a_page_can_read_the_gateways_own_errors(kind: str) -> None:
    parameters = described()["x-amazon-apigateway-gateway-responses"][kind]["responseParameters"]

    assert parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert "Authorization" in parameters["gatewayresponse.header.Access-Control-Allow-Headers"]
    assert parameters["gatewayresponse.header.Access-Control-Expose-Headers"] == "'Retry-After'"


@pytest.mark.usefixtures("hooked")
def test_the_gateways_own_errors_have_the_shape_of_all_others() -> None:
    answer = described()["x-amazon-apigateway-gateway-responses"]["DEFAULT_4XX"]

    body = answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"no"')
    assert json.loads(body).keys() == {"Code", "Message"}


@pytest.mark.usefixtures("hooked")
def test_every_stages_api_has_a_name_of_its_own() -> None:
    assert described()["info"]["title"] == "backhaul-dev"


def test_installing_twice_changes_nothing_more(hooked: Patches, recorded: Outputs) -> None:
    once = described()

    again = deploy_hooks.patch(recorded)

    assert described() == once
    assert hooked._undo
    assert again._undo == []


def test_what_was_changed_can_be_taken_back(recorded: Outputs, project: Path) -> None:
    before = (vars(Config)["environment_variables"], vars(PlanStage)["execute"], set(vars(TypedAWSClient)))

    deploy_hooks.patch(recorded).undo()

    assert (vars(Config)["environment_variables"], vars(PlanStage)["execute"], set(vars(TypedAWSClient))) == before
    assert config_for("api_handler", project).environment_variables == {"BACKHAUL_STAGE": "dev"}


def test_the_process_sees_the_stage_before_app_py_reads_its_settings(
    copy: Path, recorded: Outputs, installed: list[Patches]
) -> None:
    recorded.write(copy)
    environ = {"BACKHAUL_STAGE": "dev", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PROFILE": "mine"}

    installed.append(deploy_hooks.install(environ, copy))

    assert environ["BACKHAUL_BUCKET"] == BUCKET
    assert (environ["AWS_REGION"], environ["AWS_DEFAULT_REGION"]) == ("eu-central-1", "eu-central-1")
    assert environ["AWS_PROFILE"] == "mine"


def test_locally_the_process_talks_to_the_embedded_cloud_alone(
    copy: Path, recorded: Outputs, installed: list[Patches]
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "secret"}
    endpoint = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4510"}
    outputs.from_stack("local", recorded.policy, environment=endpoint, cli=keys).write(copy)
    environ = {"BACKHAUL_STAGE": "local", "AWS_PROFILE": "mine", "AWS_ACCESS_KEY_ID": "AKIA"}

    installed.append(deploy_hooks.install(environ, copy))

    assert "AWS_PROFILE" not in environ
    assert environ.items() >= (keys | endpoint | deploy_hooks.LOCAL_PLUGIN).items()


def test_a_stage_without_outputs_stops_the_command_with_a_sentence(copy: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        deploy_hooks.install({"BACKHAUL_STAGE": "dev"}, copy)

    assert caught.value.code == "Stage 'dev' has no recorded outputs; run `make deploy STAGE=dev`"


@pytest.mark.parametrize("environ", [{}, {"BACKHAUL_STAGE": "qa"}])
def test_a_stage_nobody_configured_stops_the_command_with_a_sentence(copy: Path, environ: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="expected one of local, dev, prod"):
        deploy_hooks.install(environ, copy)


@pytest.mark.usefixtures("hooked")
def test_this_machines_byte_code_stays_out_of_the_zip(project: Path) -> None:
    packager = BaseLambdaDeploymentPackager(OSUtils(), None, None)

    packed = [path for _, path in packager._iter_chalice_lib_if_needed(str(project))]

    assert "chalicelib/config.py" in packed
    assert not [path for path in packed if "__pycache__" in path]


class Nothing:
    def build_site_packages(self, *_: object) -> None:
        """Need nothing."""


class Interrupting(LambdaDeploymentPackager):
    """Packs for somebody who loses patience in the midst of it."""

    def _add_app_files(self, zip_fileobj: zipfile.ZipFile, _: str) -> None:
        zip_fileobj.writestr("app.py", "")
        raise KeyboardInterrupt


def packed(folder: Path, packager: type[LambdaDeploymentPackager] = LambdaDeploymentPackager) -> Path:
    return Path(packager(OSUtils(), Nothing(), UI()).create_deployment_package(str(folder), "python3.11"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("import os")
    return tmp_path


def test_a_zip_for_this_machine_is_never_taken_for_lambdas(small: Path, recorded: Outputs) -> None:
    made = []
    for one in (outputs.sample_for("local"), recorded):
        patches = deploy_hooks.patch(one)
        try:
            made.append(packed(small))
        finally:
            patches.undo()

    assert len(set(made)) == 2


@pytest.mark.usefixtures("hooked")
def test_a_zip_that_was_never_finished_is_not_deployed_later(small: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        packed(small, Interrupting)

    with zipfile.ZipFile(packed(small)) as package:
        assert package.read("app.py") == b"import os"


@pytest.mark.usefixtures("hooked")
def test_a_zip_that_was_cut_off_is_made_anew(small: Path) -> None:
    made = packed(small)
    made.write_bytes(made.read_bytes()[:-30])

    with zipfile.ZipFile(packed(small)) as package:
        assert package.read("app.py") == b"import os"


@pytest.mark.usefixtures("hooked")
def test_a_zip_for_lambda_brings_byte_code_of_its_own(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "chalicelib", tmp_path / "chalicelib")
    shutil.copy2(project / "app.py", tmp_path)

    made = packed(tmp_path)

    with zipfile.ZipFile(made) as package:
        names = package.namelist()
    assert sum(name.endswith(".pyc") for name in names) == sum(name.endswith(".py") for name in names) > 90


def test_a_dependency_without_a_package_stops_the_command(recorded: Outputs) -> None:
    def build(_self: object, *_: object) -> None:
        raise MissingDependencyError([SimpleNamespace(identifier="cryptography==1.0")])

    original = DependencyBuilder.build_site_packages
    DependencyBuilder.build_site_packages = build
    patches = deploy_hooks.patch(recorded)
    try:
        with pytest.raises(SystemExit, match=r"no package for Lambda could be made of cryptography==1\.0"):
            DependencyBuilder(OSUtils(), None).build_site_packages("cp311", "requirements.txt", "target")
    finally:
        patches.undo()
        DependencyBuilder.build_site_packages = original


class FakeLambda:
    """Answers before anything is sent, and keeps what would have been."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "lambda",
            "eu-central-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            endpoint_url="http://127.0.0.1:1",
        )
        self.sent: dict[str, Any] = {}
        self.source = ""
        events = self.client.meta.events
        events.register_last("before-call.lambda.CreateEventSourceMapping", self._keep)
        events.register_last("before-call.lambda.UpdateEventSourceMapping", self._keep)
        events.register_last("before-call.lambda.GetEventSourceMapping", self._tell)

    def _keep(self, params: dict[str, Any], **_: object) -> tuple[object, dict[str, Any]]:
        self.sent = json.loads(params["body"])
        return SimpleNamespace(status_code=200, headers={}), {"UUID": UUID}

    def _tell(self, **_: object) -> tuple[object, dict[str, Any]]:
        return SimpleNamespace(status_code=200, headers={}), {"EventSourceArn": self.source}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("arn:aws:sqs:eu-central-1:123456789012:backhaul-dev-paired", ["ReportBatchItemFailures"]),
        ("arn:aws:kinesis:eu-central-1:123456789012:stream/x", None),
    ],
)
def test_a_queues_mapping_is_made_with_the_flag(source: str, expected: list[str] | None) -> None:
    functions = FakeLambda()
    mappings.report_single_failures(functions.client)

    functions.client.create_event_source_mapping(EventSourceArn=source, FunctionName="pcs_changed")

    assert functions.sent.get("FunctionResponseTypes") == expected


def test_a_queues_mapping_is_changed_with_the_flag() -> None:
    functions = FakeLambda()
    functions.source = "arn:aws:sqs:eu-central-1:123456789012:backhaul-dev-paired"
    mappings.report_single_failures(functions.client)

    functions.client.update_event_source_mapping(UUID=UUID, BatchSize=5)

    assert functions.sent == {"BatchSize": 5, "FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.mark.usefixtures("hooked")
def test_another_account_than_the_resources_is_refused_before_anything_is_planned() -> None:
    sts = SimpleNamespace(get_caller_identity=lambda: {"Account": "999999999999"})
    state = SimpleNamespace(_client=SimpleNamespace(_client=lambda _: sts))

    with pytest.raises(SystemExit, match="stands in account '123456789012', got account '999999999999'"):
        PlanStage(state, OSUtils()).execute([])


@pytest.mark.usefixtures("hooked")
def test_a_plan_without_an_api_stays_as_it_is() -> None:
    assert PlanStage(standing(FakeFunctions()), OSUtils()).execute([]) == Plan([], {})


@pytest.mark.usefixtures("hooked")
def test_plain_chalice_moves_no_stage_to_another_python() -> None:
    with pytest.raises(SystemExit, match=r"stage 'dev' runs Python 3\.9, got Python 3\."):
        PlanStage(standing(FakeFunctions("python3.9")), OSUtils()).execute([])


def standing(functions: FakeFunctions) -> Any:
    """Return Chalice's knowledge of a stage in the right account whose functions run some Python."""
    sts = SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"})
    clients = {"sts": sts, "lambda": functions}.__getitem__
    known = SimpleNamespace(_deployed_values=[])
    return SimpleNamespace(_client=SimpleNamespace(_client=clients), _deployed_resources=known, _cache={})


@pytest.mark.usefixtures("hooked")
def test_a_cloud_that_does_not_answer_stops_the_command_with_a_sentence() -> None:
    def get_caller_identity() -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:4510")

    sts = SimpleNamespace(get_caller_identity=get_caller_identity)
    state = SimpleNamespace(_client=SimpleNamespace(_client=lambda _: sts))

    with pytest.raises(SystemExit, match="AWS cannot be reached"):
        PlanStage(state, OSUtils()).execute([])


@pytest.mark.usefixtures("hooked")
def test_bytes_pass_whatever_a_browser_names_first() -> None:
    assert described()["x-amazon-apigateway-binary-media-types"] == ["*/*"]
