"""Put the stack of the template up on the embedded cloud, and record it for Chalice as any other stage's."""

from typing import Any

import boto3

from infra import outputs, stack
from infra.errors import InfraError
from local.dropped import set_dropped
from local.errors import DeployError
from local.places import REGION, STAGE, Places
from local.state import State

PLUGIN = "backhaul=local.chalice_plugin"
PACE = 0.1


def session_of(state: State) -> Any:
    """A session of the cloud's root, whatever this person's own AWS settings say."""
    return boto3.Session(state.root_key, state.root_secret, region_name=REGION)


def functions_settings(places: Places) -> dict[str, str]:
    """What the functions are told beyond the stack's own outputs."""
    return {"AWS_ENDPOINT_URL": places.cloud_url, "BACKHAUL_PUBLIC_URL": places.api_url}


def deploying_settings(places: Places, state: State) -> dict[str, str]:
    """What the deploying process is told, so that a `chalice deploy --stage local` by hand reaches this cloud."""
    return {
        "AWS_ENDPOINT_URL": places.cloud_url,
        "AWS_ACCESS_KEY_ID": state.root_key,
        "AWS_SECRET_ACCESS_KEY": state.root_secret,
        "AWS_DEFAULT_REGION": REGION,
        "BOTOCORE_EXPERIMENTAL__PLUGINS": PLUGIN,
    }


def put_up(places: Places, state: State) -> None:
    """Make or update every resource of the template, and record the outputs."""
    log = places.log("deploy")
    session = session_of(state)
    with log.open("w", encoding="utf-8") as story:
        try:
            values = stack.put_up(
                session.client("cloudformation", endpoint_url=places.cloud_url),
                STAGE,
                report=lambda line: print(line, file=story, flush=True),
                pace=PACE,
            )
        except InfraError as error:
            raise DeployError("Putting up the resources", log, str(error)) from error
    set_dropped(session, places.cloud_url, stack.TEMPLATE.read_text(encoding="utf-8"), values)
    recorded = outputs.from_stack(
        STAGE, values, environment=functions_settings(places), cli=deploying_settings(places, state)
    )
    recorded.write(places.project)


def bucket(places: Places) -> str:
    """The bucket's name, as recorded."""
    return outputs.read(places.project, STAGE).policy["Bucket"]
