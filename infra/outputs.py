"""What a stage's resources are called: recorded once by whoever put them up, read by the deploy hook.

`.chalice/outputs/<stage>.json` (git ignores it) is the only bridge from the template to Chalice:
`environment` is what every function gets, `policy` fills the `${Placeholders}` of the hand-written policies,
and `cli`, which only the embedded cloud needs, is for the deploying process and never reaches a function.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.errors import BrokenOutputsError, NoOutputsError

APP = "backhaul"

# The functions' settings, each with the output of the template that holds it.
SETTINGS = {
    "BACKHAUL_BUCKET": "Bucket",
    "BACKHAUL_TABLE": "Table",
    "BACKHAUL_USER_POOL": "UserPool",
    "BACKHAUL_USER_POOL_CLIENT": "UserPoolClient",
    "BACKHAUL_PC_ROLE": "PcRoleArn",
    "BACKHAUL_PAIRED_QUEUE": "PairedQueueArn",
    "BACKHAUL_MEDIA_QUEUE": "MediaQueueArn",
    "BACKHAUL_DEAD_NOTICES": "DeadNoticesArn",
    "BACKHAUL_TOPIC": "TopicArn",
    "BACKHAUL_SIGN_UP": "SignUp",
}
STACK_OUTPUTS = (*SETTINGS.values(), "BucketArn", "TableArn", "UserPoolArn", "DeadArrivalsArn")


@dataclass(frozen=True)
class Outputs:
    """A stage as it was last put up."""

    stage: str
    stack: str
    account: str
    region: str
    recorded_at: str
    environment: Mapping[str, str]
    policy: Mapping[str, str]
    cli: Mapping[str, str] = field(default_factory=dict)

    def write(self, project: Path) -> Path:
        """Record under a project's folder, whole or not at all, and return the file."""
        file = file_of(project, self.stage)
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as text:
                text.write(json.dumps(_to_json(self), indent=2, sort_keys=True) + "\n")
                text.flush()
                os.fsync(text.fileno())
            Path(partial).replace(file)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        return file


def file_of(project: Path, stage: str) -> Path:
    """Where a stage's outputs are recorded."""
    return project / ".chalice" / "outputs" / f"{stage}.json"


def stack_of(stage: str) -> str:
    """Name a stage's stack; the names of all else begin with it."""
    return f"{APP}-{stage}"


def from_stack(
    stage: str,
    values: Mapping[str, str],
    *,
    environment: Mapping[str, str] | None = None,
    cli: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Outputs:
    """Make a stage's outputs from its stack's; account and region are read out of the ARNs it holds.

    `environment` and `cli` are what the embedded cloud has to add.
    """
    _, partition, _, region, account, _ = values["TableArn"].split(":", 5)
    settings = {name: values[output] for name, output in SETTINGS.items()}
    place = {"Stage": stage, "Account": account, "Region": region, "Partition": partition}
    return Outputs(
        stage=stage,
        stack=stack_of(stage),
        account=account,
        region=region,
        recorded_at=f"{now or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        environment={"BACKHAUL_STAGE": stage, **settings, **(environment or {})},
        policy={**place, **{name: values[name] for name in STACK_OUTPUTS}},
        cli=dict(cli or {}),
    )


def read(project: Path, stage: str) -> Outputs:
    """Read what was recorded for a stage, or say how to record it."""
    file = file_of(project, stage)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return _from_json(found)
    except FileNotFoundError:
        raise NoOutputsError(stage) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenOutputsError(file, f"{type(error).__name__}: {error}") from error


def find(project: Path, stage: str) -> Outputs | None:
    """Read what was recorded for a stage, or `None` if nothing was."""
    try:
        return read(project, stage)
    except NoOutputsError:
        return None


def forget(project: Path, stage: str) -> None:
    """Delete what was recorded for a stage; it may be gone already."""
    file_of(project, stage).unlink(missing_ok=True)


def sample_for(stage: str, account: str = "123456789012", region: str = "eu-central-1") -> Outputs:
    """Make up outputs of the right shape, for packaging, linting and deleting where no stack stands."""
    name = stack_of(stage)
    bucket = f"{name}-{account}-{region}"
    values = {
        "Bucket": bucket,
        "BucketArn": f"arn:aws:s3:::{bucket}",
        "Table": name,
        "TableArn": f"arn:aws:dynamodb:{region}:{account}:table/{name}",
        "UserPool": f"{region}_Example00",
        "UserPoolArn": f"arn:aws:cognito-idp:{region}:{account}:userpool/{region}_Example00",
        "UserPoolClient": "exampleexampleexample00000",
        "PcRoleArn": f"arn:aws:iam::{account}:role/{name}-pc",
        "PairedQueueArn": f"arn:aws:sqs:{region}:{account}:{name}-paired",
        "MediaQueueArn": f"arn:aws:sqs:{region}:{account}:{name}-media",
        "DeadNoticesArn": f"arn:aws:sqs:{region}:{account}:{name}-notices-dead",
        "DeadArrivalsArn": f"arn:aws:sqs:{region}:{account}:{name}-arrivals-dead",
        "TopicArn": f"arn:aws:sns:{region}:{account}:{name}-trouble",
        "SignUp": "open",
    }
    return from_stack(stage, values, now=datetime(2000, 1, 1, tzinfo=UTC))


def _to_json(outputs: Outputs) -> dict[str, Any]:
    body = {
        "stage": outputs.stage,
        "stack": outputs.stack,
        "account": outputs.account,
        "region": outputs.region,
        "recordedAt": outputs.recorded_at,
        "environment": dict(outputs.environment),
        "policy": dict(outputs.policy),
    }
    return body | ({"cli": dict(outputs.cli)} if outputs.cli else {})


def _from_json(found: Mapping[str, Any]) -> Outputs:
    return Outputs(
        stage=str(found["stage"]),
        stack=str(found["stack"]),
        account=str(found["account"]),
        region=str(found["region"]),
        recorded_at=str(found["recordedAt"]),
        environment=_texts(found["environment"]),
        policy=_texts(found["policy"]),
        cli=_texts(found.get("cli", {})),
    )


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in found.items()}
