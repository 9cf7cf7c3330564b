"""A stage as its admin reaches it: found by its recorded outputs, in the account they name. Makes the clients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from chalicelib.cloud import Cloud
from chalicelib.config import Settings
from infra import outputs, place
from infra.outputs import Outputs

LOCAL = "local"


@dataclass(frozen=True)
class Stage:
    """A stage: its world as the functions see it, and a way to clients they do not have."""

    world: Cloud
    client: Callable[[str], Any]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.world.settings.stage


def find(project: Path, name: str, profile: str | None = None) -> Stage:
    """Find a stage that was put up from this checkout, the embedded cloud's too while it runs."""
    recorded = outputs.read(project, name)
    return of(recorded, _local_client(recorded.cli) if name == LOCAL else _client(recorded, profile))


def of(recorded: Outputs, make_client: Callable[[str], Any]) -> Stage:
    """Make a stage of its outputs and whatever makes clients."""
    client = cache(make_client)
    settings = Settings.from_env({**recorded.environment, "AWS_REGION": recorded.region})
    return Stage(Cloud(settings, client), client)


def _client(recorded: Outputs, profile: str | None) -> Callable[[str], Any]:
    here = place.sign_in(profile, None, recorded)
    place.check(recorded, here)
    return here.client


def _local_client(cli: Mapping[str, str]) -> Callable[[str], Any]:
    session = boto3.Session(
        cli["AWS_ACCESS_KEY_ID"], cli["AWS_SECRET_ACCESS_KEY"], region_name=cli["AWS_DEFAULT_REGION"]
    )
    return lambda service: session.client(service, endpoint_url=cli["AWS_ENDPOINT_URL"])
