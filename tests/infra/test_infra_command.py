"""The command line and the deeds behind it: one clear sentence each, an exit code, nothing half-done."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from fake_bucket import FakeBucket
from fake_cloudformation import FakeCloudFormation
from fake_functions import FakeFunctions

from infra import outputs, smoke, stages
from infra.__main__ import main
from infra.chalice import Chalice
from infra.deploy import Deployed, deploy
from infra.errors import (
    ChaliceFailedError,
    InfraError,
    OtherPythonError,
    RefusedByAwsError,
    SickApiError,
    UnreachableError,
    UnsupportedPythonError,
    WrongPlaceError,
)
from infra.errors import NoCredentialsError as OurNoCredentialsError
from infra.outputs import Outputs
from infra.place import Place, check, plain_refusals

URL = "https://abc.execute-api.eu-central-1.amazonaws.com/api/"
HEALTHY = b'{"status": "ok", "stage": "dev", "version": "1"}'


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person without any AWS settings."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["deploy"], "STAGE is missing, expected one of dev, prod"),
        (["deploy", "--stage", ""], "STAGE is missing, expected one of dev, prod"),
        (["destroy", "--stage", ""], "STAGE is missing, expected one of dev, prod"),
        (["deploy", "--stage", "qa"], "there is no stage 'qa', expected one of dev, prod"),
        (["deploy", "--stage", "local"], "stage 'local' belongs to the embedded cloud"),
        (["deploy", "--stage", "dev", "--profile", "nobody"], "The config profile (nobody) could not be found"),
        (["deploy", "--stage", "dev"], "no AWS region is set"),
        (["deploy", "--stage", "dev", "--region", "eu-central-1"], "AWS did not accept the credentials"),
        (["outputs", "--stage", "prod"], "Stage 'prod' has no recorded outputs; run `make deploy STAGE=prod`"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_with_a_way_out(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text((project / ".chalice" / "config.json").read_text())

    code = main(arguments, tmp_path)

    first, *hints = capsys.readouterr().err.splitlines()
    assert code == 1
    assert sentence in first
    assert len(hints) <= 1
    assert not (tmp_path / ".chalice" / "outputs").exists()


def test_the_region_is_read_where_aws_own_command_line_reads_it(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    main(["deploy", "--stage", "dev"], project)

    assert "no AWS region is set" not in capsys.readouterr().err


def test_the_outputs_of_a_stage_can_be_shown(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, recorded: Outputs
) -> None:
    recorded.write(tmp_path)
    (tmp_path / ".chalice" / "config.json").write_text((project / ".chalice" / "config.json").read_text())

    code = main(["outputs", "--stage", "dev"], tmp_path)

    assert code == 0
    assert json.loads(capsys.readouterr().out)["BACKHAUL_TABLE"] == "backhaul-dev"


@pytest.mark.parametrize("running", [(3, 10), (3, 15), (4, 0)])
def test_a_python_lambda_does_not_run_is_refused(running: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedPythonError, match=f"Lambda has no Python {running[0]}.{running[1]}"):
        stages.check_python(running)


def test_the_python_that_runs_the_tests_is_good_enough() -> None:
    stages.check_python()


@pytest.mark.parametrize(
    ("account", "region", "sentence"),
    [
        ("999999999999", "eu-central-1", "stands in account '123456789012', got account '999999999999'"),
        ("123456789012", "us-east-1", "stands in region 'eu-central-1', got region 'us-east-1'"),
    ],
)
def test_a_stage_is_not_put_up_twice_in_two_places(recorded: Outputs, account: str, region: str, sentence: str) -> None:
    with pytest.raises(WrongPlaceError, match=sentence):
        check(recorded, Place(account, region, lambda _: None))


def test_a_stage_never_put_up_may_go_anywhere() -> None:
    check(None, Place("999999999999", "us-east-1", lambda _: None))


@pytest.mark.parametrize(
    ("error", "ours", "sentence"),
    [
        (NoCredentialsError(), OurNoCredentialsError, "Unable to locate credentials"),
        (EndpointConnectionError(endpoint_url="https://x"), UnreachableError, "AWS cannot be reached"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "CreateChangeSet"),
            RefusedByAwsError,
            "AWS refused CreateChangeSet: not authorized",
        ),
    ],
)
def test_aws_own_exceptions_become_sentences(error: Exception, ours: type[InfraError], sentence: str) -> None:
    with pytest.raises(ours, match=sentence), plain_refusals():
        raise error


class World:
    """A deploy with a scripted cloud and a Chalice that writes its state file."""

    def __init__(self, project: Path, recorded: Outputs) -> None:
        self.project = project
        self.order: list[str] = []
        self.exit_code = 0
        self.cloudformation = FakeCloudFormation("CREATE_COMPLETE", refusal="No updates are to be performed.")
        self.cloudformation.outputs = recorded.policy
        self.bucket = FakeBucket()
        self.functions = FakeFunctions()
        self.place = Place("123456789012", "eu-central-1", self.client)

    def client(self, service: str) -> Any:
        return {"cloudformation": self.cloudformation, "s3": self.bucket, "lambda": self.functions}[service]

    def run(self, command: list[str], **told: Any) -> Any:
        self.environment = told["env"]
        self.order.append(command[-3])
        self.locked = "state/lock.json" in self.bucket.objects
        state = self.project / ".chalice" / "deployed" / "dev.json"
        state.parent.mkdir(parents=True)
        state.write_text(json.dumps({"resources": [{"name": "x"}, {"name": "rest_api", "rest_api_url": URL}]}))
        return SimpleNamespace(returncode=self.exit_code)

    def deploy(self, *, may_change_python: bool = False) -> Any:
        chalice = Chalice(self.project, "dev", "eu-central-1", run=self.run, may_change_python=may_change_python)
        return deploy(self.place, chalice, {}, lambda url, _: self.order.append(url), lambda _: None)


def test_a_deploy_ends_with_a_look_at_the_apis_health(tmp_path: Path, recorded: Outputs) -> None:
    world = World(tmp_path, recorded)

    deployed = world.deploy()

    assert world.order == ["deploy", URL]
    assert URL in deployed.told()


def test_a_stage_that_runs_another_python_is_left_alone(tmp_path: Path, recorded: Outputs) -> None:
    world = World(tmp_path, recorded)
    world.functions = FakeFunctions("python3.9")

    with pytest.raises(OtherPythonError, match=r"stage 'dev' runs Python 3\.9, got Python 3\.") as caught:
        world.deploy()

    assert world.order == []
    assert world.cloudformation.calls == []
    assert "make deploy STAGE=dev CHANGE_PYTHON=1" in caught.value.told()


def test_a_person_may_move_it_to_this_one(tmp_path: Path, recorded: Outputs) -> None:
    world = World(tmp_path, recorded)
    world.functions = FakeFunctions("python3.9")

    world.deploy(may_change_python=True)

    assert world.order == ["deploy", URL]
    assert world.environment["BACKHAUL_CHANGE_PYTHON"] == "1"


def test_whoever_is_to_hear_of_trouble_is_told_of_the_mail_to_answer(tmp_path: Path) -> None:
    told = Deployed("dev", "1", "eu-central-1", URL, tmp_path, "me@example.com").told()

    assert "me@example.com, once they agree" in told


def test_chalice_runs_while_nobody_else_may_and_its_state_is_shared(tmp_path: Path, recorded: Outputs) -> None:
    world = World(tmp_path, recorded)

    world.deploy()

    assert world.locked
    assert world.bucket.objects.keys() == {"state/deployed.json", "state/outputs.json"}


def test_of_a_deploy_that_failed_nothing_is_shared_and_nobody_is_locked_out(tmp_path: Path, recorded: Outputs) -> None:
    world = World(tmp_path, recorded)
    world.exit_code = 2

    with pytest.raises(ChaliceFailedError):
        world.deploy()

    assert world.bucket.objects == {}


def test_what_is_shared_holds_no_secret(recorded: Outputs) -> None:
    told = json.dumps(recorded.environment) + json.dumps(recorded.policy)

    assert not re.search(r"(?i)secret|password|AKIA|private key|token", told)


def test_the_outputs_stay_recorded_when_chalice_fails(tmp_path: Path, recorded: Outputs) -> None:
    world = World(tmp_path, recorded)
    world.exit_code = 2

    with pytest.raises(ChaliceFailedError, match="chalice deploy --stage dev ended with exit code 2"):
        world.deploy()

    assert outputs.read(tmp_path, "dev").environment == recorded.environment


def answering(*answers: bytes | Exception) -> Callable[[str], bytes]:
    left = iter(answers)

    def get(_: str) -> bytes:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return get


def test_a_new_api_may_need_a_moment() -> None:
    get = answering(OSError("502"), b"<html>", b"[]", HEALTHY)

    smoke.check_health(URL, "dev", get=get, sleep=lambda _: None)


def test_an_api_that_stays_sick_is_told_with_what_it_said() -> None:
    get = answering(*[OSError("HTTP Error 502")] * 3)

    with pytest.raises(SickApiError, match="HTTP Error 502"):
        smoke.check_health(URL, "dev", get=get, sleep=lambda _: None, tries=3)


def test_another_stages_api_is_not_taken_for_ours() -> None:
    with pytest.raises(SickApiError, match="prod"):
        smoke.check_health(URL, "dev", get=answering(HEALTHY.replace(b"dev", b"prod")), tries=1)


def test_the_waiting_is_bounded() -> None:
    pauses: list[float] = []

    with pytest.raises(SickApiError):
        smoke.check_health(URL, "dev", get=answering(*[OSError("no")] * 8), sleep=pauses.append)

    assert sum(pauses) <= 60
