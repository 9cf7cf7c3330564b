"""Where in AWS we are: whose account, which region, and the clients that reach it. The one place that makes clients."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.exceptions

from infra.errors import NoCredentialsError, NoRegionError, RefusedByAwsError, UnreachableError, WrongPlaceError
from infra.outputs import Outputs

MakeClient = Callable[[str], Any]


@dataclass(frozen=True)
class Place:
    """An account and a region we may work in."""

    account: str
    region: str
    client: MakeClient


def sign_in(
    profile: str | None, region: str | None, recorded: Outputs | None, environ: Mapping[str, str] = os.environ
) -> Place:
    """Find out who is asking, or say why AWS does not know.

    Without another word a stage is looked for where it was put up. AWS_REGION goes before what boto3 looks at, as it
    does in AWS's own command line: boto3 alone would pass it over for the region of the profile.
    """
    usual = recorded.region if recorded else environ.get("AWS_REGION")
    try:
        with plain_refusals():
            return _look_around(profile, region or usual)
    except RefusedByAwsError as error:
        raise NoCredentialsError(str(error)) from error


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Turn AWS's own exceptions into our sentences, at the border."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise RefusedByAwsError(error.operation_name, error.response["Error"].get("Message", str(error))) from error
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.EndpointConnectionError) as error:
        raise UnreachableError(str(error)) from error
    except botocore.exceptions.BotoCoreError as error:
        raise NoCredentialsError(str(error)) from error


def _look_around(profile: str | None, region: str | None) -> Place:
    session = boto3.Session(profile_name=profile, region_name=region)
    if not session.region_name:
        raise NoRegionError
    account = session.client("sts").get_caller_identity()["Account"]
    return Place(str(account), session.region_name, session.client)


def check(recorded: Outputs | None, place: Place) -> None:
    """Refuse to work on a stage in another account or region than the one it stands in."""
    if recorded is None:
        return
    if recorded.account != place.account:
        raise WrongPlaceError(recorded.stage, "account", recorded.account, place.account)
    if recorded.region != place.region:
        raise WrongPlaceError(recorded.stage, "region", recorded.region, place.region)
