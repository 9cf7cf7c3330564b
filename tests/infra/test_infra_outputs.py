import json
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.config import Settings
from infra import outputs
from infra.errors import BrokenOutputsError, NoOutputsError
from infra.outputs import Outputs


def test_what_is_recorded_is_read_again(tmp_path: Path, recorded: Outputs) -> None:
    recorded.write(tmp_path)

    assert outputs.read(tmp_path, "dev") == recorded


def test_what_the_embedded_cloud_adds_is_kept_apart(tmp_path: Path, recorded: Outputs) -> None:
    values = recorded.policy
    local = outputs.from_stack("local", values, environment={"AWS_ENDPOINT_URL": "http://x"}, cli={"KEY": "secret"})
    local.write(tmp_path)

    found = outputs.read(tmp_path, "local")

    assert found.environment["AWS_ENDPOINT_URL"] == "http://x"
    assert found.cli == {"KEY": "secret"}
    assert "KEY" not in found.environment


def test_the_file_has_the_agreed_shape(tmp_path: Path, recorded: Outputs) -> None:
    file = recorded.write(tmp_path)

    found = json.loads(file.read_text(encoding="utf-8"))
    assert file == tmp_path / ".chalice" / "outputs" / "dev.json"
    assert found.keys() == {"stage", "stack", "account", "region", "recordedAt", "environment", "policy"}


def test_the_functions_get_every_setting_they_read(recorded: Outputs) -> None:
    environ = {**recorded.environment, "AWS_REGION": recorded.region}

    settings = Settings.from_env(environ)

    assert all(getattr(settings, field.name) for field in fields(Settings) if field.default is MISSING)


def test_account_and_region_come_from_the_stack_itself(recorded: Outputs) -> None:
    found = outputs.from_stack("dev", recorded.policy, now=datetime(2026, 11, 21, 10, tzinfo=UTC))

    assert (found.account, found.region, found.recorded_at) == ("123456789012", "eu-central-1", "2026-11-21T10:00:00Z")


def test_a_stage_never_put_up_says_how_to() -> None:
    with pytest.raises(NoOutputsError) as caught:
        outputs.read(Path("/nowhere"), "dev")

    assert str(caught.value) == "Stage 'dev' has no recorded outputs; run `make deploy STAGE=dev`"


def test_the_embedded_cloud_is_put_up_in_another_way() -> None:
    with pytest.raises(NoOutputsError, match="run `make run`"):
        outputs.read(Path("/nowhere"), "local")


@pytest.mark.parametrize("contents", ["", "{", "[]", '{"stage": "dev"}', '{"environment": 1}'])
def test_a_broken_file_is_named(tmp_path: Path, recorded: Outputs, contents: str) -> None:
    file = recorded.write(tmp_path)
    file.write_text(contents, encoding="utf-8")

    with pytest.raises(BrokenOutputsError, match=r"dev\.json"):
        outputs.read(tmp_path, "dev")


def test_a_record_that_fails_leaves_the_old_one_whole(tmp_path: Path, recorded: Outputs) -> None:
    recorded.write(tmp_path)
    unwritable = replace(recorded, region="x", policy={"Bucket": object()})  # type: ignore[dict-item]

    with pytest.raises(TypeError):
        unwritable.write(tmp_path)

    assert outputs.read(tmp_path, "dev") == recorded
    assert [file.name for file in (tmp_path / ".chalice" / "outputs").iterdir()] == ["dev.json"]


def test_forgetting_twice_does_no_harm(tmp_path: Path, recorded: Outputs) -> None:
    recorded.write(tmp_path)

    outputs.forget(tmp_path, "dev")
    outputs.forget(tmp_path, "dev")

    assert outputs.find(tmp_path, "dev") is None
